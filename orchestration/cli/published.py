"""`daybook published` and `daybook audit`: what readers were shown, and who did what."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.cli.output import print_json, print_table
from warehouse.settings import load_settings


def published(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List the published business days with version, snapshot and time."""
    from warehouse.connection import connect
    from warehouse.publishing import published_days

    with connect("read", settings=load_settings()) as con:
        days = published_days(con)
    if as_json:
        print_json(days)
        return
    print_table(
        "published days",
        ["server", "business date", "version", "snapshot", "published at (UTC)"],
        [
            (
                f"{day.tenant_id}/{day.server_id}",
                day.business_date,
                day.version,
                day.snapshot_id,
                day.published_at,
            )
            for day in days
        ],
    )


audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)


@audit_app.callback()
def _audit() -> None:
    """The audit log."""


@audit_app.command("verify")
def verify() -> None:
    """Recompute the hash chain of the audit log; exit 1 if a row was changed or removed."""
    from warehouse.control import verify_audit

    result = verify_audit(load_settings())
    for problem in result.problems:
        print(problem)
    state = "intact" if result.is_intact else f"{len(result.problems)} problems"
    print(f"audit log: {result.rows:,} rows, {state}, head {result.head_hash}")
    if not result.is_intact:
        raise typer.Exit(1)

"""`daybook simulate`: a broker to try everything on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.output import print_json, print_table, working


def simulate(
    out: Annotated[Path, typer.Option(help="Folder to write the broker's systems and truth to.")],
    seed: Annotated[int, typer.Option(help="Same seed, days and accounts: the same broker.")] = 7,
    days: Annotated[int, typer.Option(min=1, help="Calendar days, ending on 2026-10-30.")] = 90,
    accounts: Annotated[int, typer.Option(min=1, help="Trading accounts.")] = 200,
    deals: Annotated[
        int | None, typer.Option(min=1, help="About so many deals in all; default: a usual day's.")
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(help="Write MT5's tables into this PostgreSQL or MariaDB instead of SQLite."),
    ] = None,
    white_label: Annotated[
        bool, typer.Option(help="With a second tenant: a server, CRM and books of its own.")
    ] = True,
    corrections: Annotated[
        bool,
        typer.Option(
            "--corrections",
            help="On a broker simulated before: edit, delete and add deals of past days.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Write a deterministic broker: MT5, CRM and payment files, and the truth about them."""
    from ingestion.simulator import simulate as run

    with working("simulating a broker"):
        summary = run(
            seed=seed,
            days=days,
            accounts=accounts,
            out=out,
            database_url=database_url,
            corrections=corrections,
            target_deals=deals,
            white_label=white_label,
        )
    if as_json:
        print_json(summary)
        return
    print_table(
        f"simulated broker in {out}",
        ["table", "rows"],
        sorted(summary.rows.items()),
    )
    print(f"next: DAYBOOK_CONFIG={out / 'daybook.toml'} daybook sync --once")

"""`daybook sql`: reading the governed tables from a shell."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.cli.output import print_json, print_table
from warehouse.settings import load_settings


def sql(
    command: Annotated[str, typer.Option("-c", "--command", help="One SELECT statement.")],
    as_of: Annotated[
        str | None,
        typer.Option(help="Read as of a snapshot id, or of what was published by a UTC date."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects.")] = False,
) -> None:
    """Run one SELECT. Files, ATTACH, COPY, settings and personal data are refused."""
    from warehouse.guard import OPERATOR_SCHEMAS, run_guarded_query

    result = run_guarded_query(
        command, settings=load_settings(), as_of=as_of, schemas=OPERATOR_SCHEMAS
    )
    if as_json:
        print_json(result.frame.to_dicts())
    else:
        print_table(f"{result.frame.height:,} rows", result.frame.columns, result.frame.rows())

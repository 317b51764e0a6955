"""`daybook statement`: what clients and partners are sent."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.output import print_json, working
from warehouse.settings import load_settings

app = typer.Typer(help="Make client and partner statements.", no_args_is_help=True)


class Format(str, Enum):
    """The forms a statement comes in; all carry the same figures."""

    pdf = "pdf"
    csv = "csv"
    xlsx = "xlsx"


Period = Annotated[str, typer.Option(help="The month, as YYYY-MM.")]
Out = Annotated[Path, typer.Option(help="Folder to write the file to.")]
AsOf = Annotated[
    str | None, typer.Option(help="As of a snapshot id, or of what was published by a UTC date.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the file's facts as JSON.")]


@app.command("client")
def client(
    client: Annotated[str, typer.Option(help="Client key or id, or tenant/server/login.")],
    period: Period,
    out: Out,
    format: Annotated[Format, typer.Option(help="pdf, csv or xlsx.")] = Format.pdf,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """A client's statement for a month, over all their accounts. Same call, same bytes."""
    from exports.statements.client import make_client_statement

    with working("making the statement"):
        made = make_client_statement(
            load_settings(), client, period, format.value, out, as_of=as_of
        )
    if as_json:
        print_json(made)
    else:
        print(f"{made.path}  number {made.statement_number}  sha256 {made.sha256}")


@app.command("partner")
def partner(
    partner: Annotated[str, typer.Option(help="Partner key or id.")],
    period: Period,
    out: Out,
    format: Annotated[Format, typer.Option(help="pdf, csv or xlsx.")] = Format.pdf,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """A partner's commission statement for a month, every line with its trade and rule."""
    from exports.statements.partner import make_partner_statement

    with working("making the statement"):
        made = make_partner_statement(
            load_settings(), partner, period, format.value, out, as_of=as_of
        )
    if as_json:
        print_json(made)
    else:
        print(f"{made.path}  number {made.statement_number}  sha256 {made.sha256}")

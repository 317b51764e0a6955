"""`daybook breaks`: differences between the sources and the books."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from orchestration.cli.output import print_json, print_table
from warehouse.errors import UsageError
from warehouse.settings import load_settings

app = typer.Typer(invoke_without_command=True)


@app.callback(invoke_without_command=True)
def breaks(
    context: typer.Context,
    as_of: Annotated[
        str | None,
        typer.Option(help="As of a snapshot id, or of what was published by a UTC date."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects.")] = False,
) -> None:
    """List every break: account, days, kind, the type a rule gave it, amount, age."""
    if context.invoked_subcommand is not None:
        return
    from quality.breaks import list_breaks

    found = list_breaks(load_settings(), as_of=as_of)
    if as_json:
        print_json(found)
        return
    print_table(
        f"{len(found)} breaks (amount = books minus platform)",
        ["break", "server", "login", "from", "to", "kind", "type", "amount", "ccy", "status"],
        [
            (
                item.break_key,
                item.server_id,
                str(item.login),
                item.business_date,
                item.last_date,
                item.kind,
                item.break_type,
                item.amount,
                item.account_currency,
                item.status,
            )
            for item in found
        ],
    )


@app.command("explain")
def explain(
    break_key: Annotated[str, typer.Argument(help="The break, as `daybook breaks` names it.")],
    reason: Annotated[str, typer.Option(help="Why it is there; kept in the audit log.")],
    by: Annotated[str | None, typer.Option(help="Who explains it; default: you.")] = None,
) -> None:
    """Explain a break no rule could; it counts as explained from the next build on."""
    from quality.breaks import list_breaks
    from warehouse.control.explanations import explain_break

    settings = load_settings()
    if not reason.strip():
        raise UsageError("A break is explained with a reason.", todo="give --reason")
    if break_key not in {item.break_key for item in list_breaks(settings)}:
        raise UsageError(
            f"There is no break {break_key}.", todo="`daybook breaks` lists their keys"
        )
    explain_break(
        settings, break_key=break_key, explained_by=by or getpass.getuser(), reason=reason
    )
    print(f"{break_key} is explained from the next `daybook build` on")

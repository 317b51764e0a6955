"""`daybook breaks`: differences between the sources and the books, and who answers for them."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from orchestration.cli.output import print_json, print_table
from warehouse.errors import UsageError
from warehouse.settings import Settings, load_settings

app = typer.Typer(invoke_without_command=True)

BreakKey = Annotated[str, typer.Argument(help="The break, as `daybook breaks` names it.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit log.")]
By = Annotated[str | None, typer.Option(help="Who does it; default: you.")]


@app.callback(invoke_without_command=True)
def breaks(
    context: typer.Context,
    as_of: Annotated[
        str | None,
        typer.Option(help="As of a snapshot id, or of what was published by a UTC date."),
    ] = None,
    status: Annotated[
        str | None, typer.Option(help="Only those open, closed, explained or resolved.")
    ] = None,
    assigned_to: Annotated[str | None, typer.Option(help="Only those of this person.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects.")] = False,
) -> None:
    """List every break of platforms and providers: where, days, kind, type, amount, whose it is."""
    if context.invoked_subcommand is not None:
        return
    from quality.breaks import list_breaks

    found = [
        item
        for item in list_breaks(load_settings(), as_of=as_of)
        if status in (None, item.status) and assigned_to in (None, item.assigned_to)
    ]
    if as_json:
        print_json(found)
        return
    print_table(
        f"{len(found)} breaks (amount = books minus platform or provider)",
        ["break", "where", "from", "to", "kind", "type", "amount", "unit", "status", "whose"],
        [
            (
                item.break_key,
                item.place,
                item.business_date,
                item.last_date,
                item.kind,
                item.break_type,
                item.amount,
                item.unit,
                item.status,
                item.assigned_to,
            )
            for item in found
        ],
    )


@app.command("explain")
def explain(break_key: BreakKey, reason: Reason, by: By = None) -> None:
    """Explain a break no rule could; it counts as explained from the next build on."""
    from quality.breaks import find_break
    from warehouse.control.explanations import explain_break

    settings = load_settings()
    if not reason.strip():
        raise UsageError("A break is explained with a reason.", todo="give --reason")
    found = find_break(settings, break_key)
    explain_break(
        settings,
        break_key=break_key,
        explained_by=by or getpass.getuser(),
        reason=reason,
        tenant_id=found.tenant_id,
    )
    print(f"{break_key} is explained from the next `daybook build` on")


@app.command("assign")
def assign(
    break_key: BreakKey,
    to: Annotated[str, typer.Option(help="Whose it is from now on.")],
    reason: Reason,
    by: By = None,
) -> None:
    """Give a break to somebody."""
    _act(load_settings(), break_key, "assigned", reason, by, to)


@app.command("resolve")
def resolve(break_key: BreakKey, reason: Reason, by: By = None) -> None:
    """Settle a break that a rule or a person explains; the difference stays as it is.

    It is settled for the amount that it has now: should that change, it is open again.
    """
    _act(load_settings(), break_key, "resolved", reason, by)


@app.command("reopen")
def reopen(break_key: BreakKey, reason: Reason, by: By = None) -> None:
    """Take up again what was settled."""
    _act(load_settings(), break_key, "reopened", reason, by)


def _act(
    settings: Settings,
    break_key: str,
    action: str,
    reason: str,
    by: str | None,
    to: str | None = None,
) -> None:
    from quality.breaks import find_break, settleable
    from warehouse.control.break_actions import act_on_break

    found = find_break(settings, break_key)
    if action == "resolved":
        settleable(found)
    act_on_break(
        settings,
        break_key=break_key,
        action=action,
        amount=found.amount,
        acted_by=by or getpass.getuser(),
        reason=reason,
        assigned_to=to,
        tenant_id=found.tenant_id,
    )
    print(f"{break_key} is {action}{f' to {to}' if to else ''} from the next `daybook build` on")

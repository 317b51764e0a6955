"""`daybook partners`: what partners are paid, from the ledger to the bank's line."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.output import print_json, print_table, working
from warehouse.control.partner_runs import Run
from warehouse.errors import UsageError
from warehouse.settings import load_settings

app = typer.Typer(help="Pay partners, and replay their agreements.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(help="The run, as `daybook partners runs` names it.")]
By = Annotated[str | None, typer.Option(help="Who does it; default: you.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("run")
def run(
    period: Annotated[str, typer.Option(help="The month, as YYYY-MM.")],
    by: By = None,
    as_of: Annotated[
        str | None, typer.Option(help="As of a snapshot id, or of a UTC date's publishing.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Work out what every partner is paid for a closed month; ties to ledger and journal."""
    from exports.partners.accrual import accrue_run

    with working(f"working out {period}"):
        made = accrue_run(load_settings(), period, maker=by or getpass.getuser(), as_of=as_of)
    _show(made, as_json)


@app.command("runs")
def list_runs(as_json: AsJson = False) -> None:
    """The payment runs and where they stand."""
    from warehouse.control.partner_runs import runs

    settings = load_settings()
    found = runs(settings, settings.tenant)
    if as_json:
        print_json(found)
        return
    print_table(
        "partner payment runs",
        ["run", "month", "state", "partners", "left out", "maker", "reviewer", "checker"],
        [
            (
                item.run_id, item.period, item.state, len(item.lines), len(item.left_out),
                item.maker, item.reviewer, item.checker,
            )
            for item in found
        ],
    )  # fmt: skip


@app.command("show")
def show(run_id: RunId, as_json: AsJson = False) -> None:
    """A run's lines: carried, earned, of other months, clawed back, paid; and who is left out."""
    from warehouse.control.partner_runs import find_run

    _show(find_run(load_settings(), run_id), as_json)


@app.command("review")
def review(run_id: RunId, by: By = None) -> None:
    """Say that the figures of a run were looked at."""
    _move(run_id, "reviewed", by)


@app.command("approve")
def approve(run_id: RunId, by: By = None) -> None:
    """Approve a run; neither its maker nor its reviewer can."""
    _move(run_id, "approved", by)


@app.command("withdraw")
def withdraw(run_id: RunId, by: By = None) -> None:
    """Take back a run that is not approved yet."""
    _move(run_id, "withdrawn", by)


@app.command("pay")
def pay(
    run_id: RunId,
    out: Annotated[Path, typer.Option(help="Folder to write the payment files to.")],
    iban: Annotated[str, typer.Option(help="IBAN of the account that pays.")],
    bic: Annotated[str, typer.Option(help="BIC of its bank.")],
    name: Annotated[str | None, typer.Option(help="Who pays; default: the broker's name.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write the payment files of an approved run: pain.001.001.09, and CSV for wallets."""
    from exports.partners.payment_file import Debtor, pay_run

    settings = load_settings()
    debtor = Debtor(name or settings.display_name, iban, bic)
    made = pay_run(settings, run_id, debtor, out, actor=by or getpass.getuser())
    if as_json:
        print_json(made)
        return
    for file in made.files:
        print(f"{out / file.name}  sha256 {file.sha256}")


@app.command("paid")
def paid(
    run_id: RunId,
    on: Annotated[str, typer.Option(help="The day the bank executed it (YYYY-MM-DD).")],
    by: By = None,
) -> None:
    """Say that a run's files were executed."""
    from warehouse.control.partner_runs import move_run

    day = _day(on, "--on")
    move_run(load_settings(), run_id, to="paid", actor=by or getpass.getuser(), paid_on=day)
    print(f"{run_id} is paid")


@app.command("reconcile")
def reconcile(
    run_id: RunId,
    wallet_lines: Annotated[
        Path | None, typer.Option(help="The wallet provider's lines, as CSV.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Match a paid run with the bank's and wallet's lines; exit 1 while anything is open."""
    from exports.partners.settling import reconcile_run

    result = reconcile_run(
        load_settings(), run_id, actor=by or getpass.getuser(), wallet_lines=wallet_lines
    )
    if as_json:
        print_json(result)
    else:
        print(f"{run_id} is {result.run.state}")
        for line in result.breaks:
            print(f"  {line}")
    if result.breaks:
        raise typer.Exit(1)


@app.command("versions")
def versions(
    agreement: Annotated[str, typer.Argument(help="The agreement's id in the CRM.")],
    as_json: AsJson = False,
) -> None:
    """Every version of an agreement that the CRM handed over."""
    from orchestration.partner_replay import agreement_versions

    found = agreement_versions(load_settings(), agreement)
    if as_json:
        print_json(found)
        return
    print_table(
        f"versions of {agreement}",
        ["version", "load", "loaded at", "model", "rate", "ccy", "from", "to", "current"],
        [
            (
                item.number, item.load_id, item.loaded_at, item.model, item.rate, item.currency,
                item.valid_from, item.valid_to, item.is_current,
            )
            for item in found
        ],
    )  # fmt: skip


@app.command("replay")
def replay(
    agreement: Annotated[str, typer.Option(help="The agreement's id in the CRM.")],
    from_: Annotated[str, typer.Option("--from", help="First business day (YYYY-MM-DD).")],
    to: Annotated[str, typer.Option(help="Last business day (YYYY-MM-DD).")],
    version: Annotated[
        int | None, typer.Option(help="As `daybook partners versions` counts; default: newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What a version of an agreement would have paid, line by line; nothing is written."""
    from orchestration.partner_replay import replay as run_replay

    with working(f"replaying {agreement}"):
        result = run_replay(
            load_settings(), agreement, _day(from_, "--from"), _day(to, "--to"), version=version
        )
    if as_json:
        print_json(result)
        return
    print_table(
        f"{agreement} version {result.version}: {len(result.lines)} of {result.compared} lines "
        "would be others",
        ["day", "deal", "partner", "level", "agreement", "tier", "ccy", "booked", "due",
         "difference", "reason"],
        [
            (
                line.business_date, line.deal_key, line.partner_key, line.level,
                line.agreement_id, line.tier, line.currency, line.booked, line.due,
                line.difference, line.reason,
            )
            for line in result.lines
        ],
    )  # fmt: skip
    for (partner, currency), difference in sorted(result.totals().items()):
        print(f"{partner}: {difference} {currency}")
    if result.lines:
        print("Nothing was booked: correct the agreement in the CRM, and the next build adjusts.")


def _day(text: str, option: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a date.", where=option, todo="write it as YYYY-MM-DD"
        ) from None


def _move(run_id: str, to: str, by: str | None) -> None:
    from warehouse.control.partner_runs import move_run

    moved = move_run(load_settings(), run_id, to=to, actor=by or getpass.getuser())
    print(f"{moved.run_id} is {moved.state}")


def _show(made: Run, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    print_table(
        f"{made.run_id}: {made.state}, snapshot {made.snapshot_id}",
        ["partner", "ccy", "carried in", "earned", "other months", "clawed back", "let go", "paid",
         "carried out", "on hold", "note"],
        [
            (
                line.partner_key, line.payout_currency, line.carried_in, line.earned,
                line.corrected, line.clawed_back, line.let_go, line.paid, line.carried_out,
                line.held, line.note,
            )
            for line in made.lines
        ],
    )  # fmt: skip
    if made.left_out:
        print_table("left out", ["partner", "why"], sorted(made.left_out.items()))

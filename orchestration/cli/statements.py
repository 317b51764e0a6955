"""`daybook statement`: what clients and partners are sent."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.output import console, print_failure, print_json, print_table, progress
from orchestration.cli.output import working as spinning
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from exports.statements.making import StatementFile

app = typer.Typer(help="Make client and partner statements.", no_args_is_help=True)


class Format(str, Enum):
    """The forms a statement comes in; all carry the same figures."""

    pdf = "pdf"
    csv = "csv"
    xlsx = "xlsx"


class Channel(str, Enum):
    """Ways out of the house."""

    mail = "mail"
    sftp = "sftp"


class Kind(str, Enum):
    """The papers a run makes."""

    client = "client"
    account = "account"
    costs = "costs"
    notice = "notice"
    tax = "tax"
    challenge = "challenge"
    copy = "copy"


Period = Annotated[
    str, typer.Option(help="YYYY, YYYY-MM, YYYY-MM-DD, or two days: 2026-10-01..2026-10-15.")
]
Month = Annotated[str, typer.Option(help="The month, as YYYY-MM.")]
Out = Annotated[Path, typer.Option(help="Folder to write the file to.")]
AsOf = Annotated[
    str | None, typer.Option(help="As of a snapshot id, or of what was published by a UTC date.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the file's facts as JSON.")]
Language = Annotated[
    str | None, typer.Option(help="Another language than the tenant's: en, de, es, ar, zh.")
]
Tenant = Annotated[str | None, typer.Option(help="Whose papers; the configured tenant.")]
Actor = Annotated[str, typer.Option("--as", help="Who asks, for the audit log.")]


@app.command("client")
def client(
    client: Annotated[str, typer.Option(help="Client key or id, or tenant/server/login.")],
    period: Period,
    out: Out,
    format: Annotated[Format, typer.Option(help="pdf, csv or xlsx.")] = Format.pdf,
    as_of: AsOf = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """One client's statement over all their accounts, or that of one account."""
    from exports.statements.client import make_client_statement

    with spinning("making the statement"):
        made = make_client_statement(
            load_settings(), client, period, format.value, out, as_of=as_of, language=language
        )
    _tell(made, as_json)


@app.command("challenge")
def challenge(
    challenge: Annotated[str, typer.Option(help="Challenge key or id.")],
    period: Period,
    out: Out,
    format: Annotated[Format, typer.Option(help="pdf, csv or xlsx.")] = Format.pdf,
    as_of: AsOf = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """A prop challenge's statement: its rules, each day with its floors, payouts, scaling."""
    from exports.statements.challenge import make_challenge_statement

    with spinning("making the statement"):
        made = make_challenge_statement(
            load_settings(), challenge, period, format.value, out, as_of=as_of, language=language
        )
    _tell(made, as_json)


@app.command("run")
def run(
    period: Period,
    kind: Annotated[Kind, typer.Option(help="Which paper.")] = Kind.client,
    format: Annotated[list[Format] | None, typer.Option(help="May be given twice.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for copies; else archive only.")] = None,
    as_of: AsOf = None,
    language: Language = None,
    tenant: Tenant = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads that typeset; one a processor if left out.")
    ] = None,
    actor: Actor = "daybook",
    as_json: AsJson = False,
) -> None:
    """All papers of a kind for a period; run again after a kill, it goes on.

    Exit code 1 when figures do not tie, 3 when other papers were left out.
    """
    from exports.statements.paper_run import run_papers
    from exports.statements.registered_kinds import registered_kind

    settings = load_settings()
    with progress() as display:
        task = display.add_task(f"{kind.value} {period}", total=None)
        result = run_papers(
            settings,
            registered_kind(kind.value),
            period,
            tuple(name.value for name in format or [Format.pdf]),
            tenant=tenant,
            out=out,
            as_of=as_of,
            actor=actor,
            language=language,
            workers=workers or os.cpu_count() or 1,
            told=lambda done, due: display.update(task, completed=done, total=due),
        )
    if as_json:
        print_json(result)
    else:
        console.print(
            f"{result.kind} {result.period}: {result.due:,} due, {result.made:,} made"
            f" ({result.corrected:,} of them corrections), {result.already:,} already there,"
            f" {result.without_figures:,} without figures, {len(result.left_out):,} left out;"
            f" {result.seconds:.1f} s"
        )
        for check in result.ties:
            state = "holds" if check.holds else f"BROKEN: {check.broken:,}, worst {check.worst}"
            console.print(f"{check.what}: {check.population:,} looked at, {state}")
        for row in result.left_out:
            console.print(f"left out: {row.subject_key}")
            print_failure(row.error)
    raise typer.Exit(result.exit_code)


@app.command("list")
def listing(
    period: Annotated[str | None, typer.Option(help="Only this period.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only this kind.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Only of this client, account, challenge or strategy key.")
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Numbered papers, oldest first."""
    from warehouse.control.papers import papers

    held = papers(
        load_settings(),
        tenant_id=tenant,
        kind=kind.value if kind else None,
        period=period,
        subject_key=subject,
    )
    if as_json:
        print_json(held)
        return
    print_table(
        f"{len(held):,} papers",
        ["number", "kind", "subject", "period", "snapshot", "version", "replaces", "made by", "at"],
        [
            [
                row.paper_number,
                row.kind,
                row.subject_key,
                row.period,
                row.snapshot_id,
                row.version,
                row.replaces,
                row.made_by,
                row.created_at,
            ]
            for row in held
        ],
    )


@app.command("show")
def show(
    number: Annotated[str, typer.Argument(help="Number of the paper.")],
    out: Annotated[Path | None, typer.Option(help="Write its files here.")] = None,
    actor: Actor = "daybook",
    as_json: AsJson = False,
) -> None:
    """One paper: what it was made from, its files, what was sent of it."""
    from exports.statements.shown import shown_paper

    shown = shown_paper(load_settings(), number, out=out, actor=actor)
    if as_json:
        print_json(shown)
        return
    for name, value in shown.facts.items():
        console.print(f"{name:>14}  {value}")
    print_table(
        "files",
        ["format", "sha256", "code version", "archived as"],
        [[row.format, row.sha256, row.code_version, row.path] for row in shown.files],
    )
    print_table(
        "deliveries",
        ["at", "format", "channel", "attempt", "outcome", "the server said"],
        [
            [row.at, row.format, row.channel, row.attempt, row.outcome, row.detail]
            for row in shown.deliveries
        ],
    )


@app.command("reproduce")
def reproduce(
    number: Annotated[str, typer.Argument(help="Number of the paper.")],
    actor: Actor = "daybook",
    as_json: AsJson = False,
) -> None:
    """Make a paper again from its snapshot and compare every byte; exit code 1 if one differs."""
    from exports.statements.reproducing import reproduce as made_again

    with spinning("making it again"):
        made = made_again(load_settings(), number, actor=actor)
    if as_json:
        print_json(made)
    else:
        for file in made.files:
            same = "the same bytes" if file.identical else "DIFFERENT bytes"
            console.print(f"{file.format}: {same}, sent {file.sha256_sent}, now {file.sha256_now}")
            if not file.identical and file.code_then != made.code_now:
                console.print(f"  made by code {file.code_then}, this is {made.code_now}")
    raise typer.Exit(0 if made.identical else 1)


@app.command("deliver")
def deliver(
    channel: Annotated[Channel, typer.Option(help="mail or sftp.")],
    period: Annotated[str | None, typer.Option(help="Papers of this period.")] = None,
    kind: Annotated[Kind, typer.Option(help="Of this kind.")] = Kind.client,
    number: Annotated[list[str] | None, typer.Option(help="These papers instead.")] = None,
    format: Annotated[Format, typer.Option(help="pdf, csv or xlsx.")] = Format.pdf,
    tenant: Tenant = None,
    actor: Actor = "daybook",
    as_json: AsJson = False,
) -> None:
    """Send papers that have not arrived yet; exit code 3 when one could not be sent.

    A challenge's goes to its client, a strategy's to its manager. Of a paper that was corrected,
    the correction alone is sent.
    """
    from exports.statements.delivery import deliver as send_all
    from exports.statements.delivery import standing_papers
    from warehouse.control.papers import find_paper

    settings = load_settings()
    if number:
        records = [find_paper(settings, one) for one in number]
    elif period:
        records = standing_papers(settings, kind.value, period, tenant=tenant)
    else:
        raise typer.BadParameter("give --period or --number")
    with progress() as display:
        task = display.add_task(f"{kind.value} by {channel.value}", total=len(records))
        result = send_all(
            settings,
            records,
            channel.value,
            format.value,
            actor=actor,
            told=lambda done, due: display.update(task, completed=done, total=due),
        )
    if as_json:
        print_json(result)
    else:
        console.print(
            f"{result.due:,} papers by {result.channel}: {result.delivered:,} delivered, "
            f"{result.already:,} had arrived before, {len(result.left_out):,} left out"
        )
        for row in result.left_out:
            console.print(f"left out: {row.paper_number}")
            print_failure(row.error)
    raise typer.Exit(result.exit_code)


@app.command("partner")
def partner(
    partner: Annotated[str, typer.Option(help="Partner key or id.")],
    period: Month,
    out: Out,
    format: Annotated[Format, typer.Option(help="pdf, csv or xlsx.")] = Format.pdf,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """A partner's commission statement for a month, every line with its trade and rule."""
    from exports.statements.partner import make_partner_statement

    with spinning("making the statement"):
        made = make_partner_statement(
            load_settings(), partner, period, format.value, out, as_of=as_of
        )
    _tell(made, as_json)


@app.command("copy")
def copy(
    strategy: Annotated[str, typer.Option(help="Strategy key or id.")],
    period: Month,
    out: Out,
    format: Annotated[Format, typer.Option(help="pdf, csv or xlsx.")] = Format.pdf,
    as_of: AsOf = None,
    language: Language = None,
    tenant: Tenant = None,
    actor: Actor = "daybook",
    as_json: AsJson = False,
) -> None:
    """The fees of a PAMM or copy strategy for a month: each investor, due, charged, partners."""
    from exports.statements.copy_statement import make_copy_statement

    with spinning("making the statement"):
        made = make_copy_statement(
            load_settings(),
            strategy,
            period,
            format.value,
            out,
            as_of,
            tenant=tenant,
            actor=actor,
            language=language,
        )
    _tell(made, as_json)


def _tell(made: StatementFile, as_json: bool) -> None:
    if as_json:
        print_json(made)
    else:
        print(f"{made.path}  number {made.statement_number}  sha256 {made.sha256}")

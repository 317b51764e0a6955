"""The monthly statement of a client, or of one of the client's accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from exports.publication import Publication, covering_publication, month_of, read_at
from exports.statements import client_overview as overviews
from exports.statements import client_sections as sections
from exports.statements.client_figures import AccountFigures, account_figures
from exports.statements.client_queries import find_accounts, read_client_records
from exports.statements.client_records import Account, ClientRecords
from exports.statements.client_ties import check_ties
from exports.statements.document import Fact, Part, Section, StatementDocument
from exports.statements.making import MadeStatement, StatementFile, StatementFormat, make
from warehouse.connection import AsOf, connect
from warehouse.settings import Settings


def make_client_statement(
    settings: Settings,
    client: str,
    period: str,
    format: StatementFormat,
    out: Path,
    as_of: AsOf = None,
    *,
    tenant: str | None = None,
    actor: str = "daybook",
) -> StatementFile:
    """Make one statement file, archive it and enter it in the register.

    The same period and publication give the same bytes on any day. Nothing is written unless all
    figures tie.

    Args:
        settings: the installation.
        client: client_key, client_id, or account_key (tenant/server/login) for one account.
        period: the month, YYYY-MM.
        format: pdf, csv or xlsx.
        out: folder of the file; made where it is missing.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.
        tenant: whose client; the configured tenant by default.
        actor: who asks, for the audit log.

    Raises:
        UnknownSubjectError: no such client or account.
        UnclosedPeriodError: days of the period are not published.
        FiguresDisagreeError: figures that must be equal are not.
    """
    (made,) = make_client_statements(
        settings, [client], period, format, out, as_of, tenant=tenant, actor=actor
    )
    return made


def make_client_statements(
    settings: Settings,
    clients: Sequence[str],
    period: str,
    format: StatementFormat,
    out: Path,
    as_of: AsOf = None,
    *,
    tenant: str | None = None,
    actor: str = "daybook",
) -> Iterator[StatementFile]:
    """The statements of many clients over one connection, one after the other.

    Arguments and errors as `make_client_statement`; the first error ends the run, statements made
    before it stay made.
    """
    for made in client_statement_documents(settings, clients, period, as_of, tenant=tenant):
        yield make(settings, made, format, out, actor=actor)


def client_statement_documents(
    settings: Settings,
    clients: Sequence[str],
    period: str,
    as_of: AsOf = None,
    *,
    tenant: str | None = None,
) -> Iterator[MadeStatement]:
    """Statements before they have a format; arguments and errors as `make_client_statement`."""
    tenant = tenant or settings.tenant
    first, last = month_of(period)
    by_servers: dict[tuple[str, ...], list[str]] = {}
    with connect("read", settings=settings) as con:
        for client in clients:
            accounts = find_accounts(con, tenant, client)
            servers = tuple(sorted({account.server_id for account in accounts}))
            by_servers.setdefault(servers, []).append(client)
        for servers, group in by_servers.items():
            publication = covering_publication(
                con, tenant=tenant, servers=servers, period_from=first, period_to=last, as_of=as_of
            )
            read_at(con, settings, publication)
            for client in group:
                accounts = find_accounts(con, tenant, client)
                records = read_client_records(
                    con,
                    accounts,
                    period_from=first,
                    period_to=last,
                    rates_on=publication.last_day,
                    reporting_currency=settings.reporting_currency,
                )
                yield _made(settings, client, tenant, period, publication, records)
            read_at(con, settings, None)


def _made(
    settings: Settings,
    client: str,
    tenant: str,
    period: str,
    publication: Publication,
    records: ClientRecords,
) -> MadeStatement:
    check_ties(records)
    first, last = month_of(period)
    accounts = records.accounts
    is_one_account = client == accounts[0].account_key
    subject = client if is_one_account else accounts[0].client_key or client
    document = StatementDocument(
        number=f"{subject.replace('/', '-')}-{period}-v{publication.version}",
        kind="account" if is_one_account else "client",
        title="Account statement",
        issuer=settings.display_name,
        subject=records.name,
        period_label=f"{first:%-d %B %Y} to {last:%-d %B %Y}",
        facts=_facts(accounts, subject, period, publication, is_one_account=is_one_account),
        parts=_parts(records, settings.reporting_currency),
        notes=_notes(publication),
        published_at=publication.published_at,
    )
    return MadeStatement(document, tenant, subject, period, publication)


def _facts(
    accounts: tuple[Account, ...],
    subject: str,
    period: str,
    publication: Publication,
    *,
    is_one_account: bool,
) -> tuple[Fact, ...]:
    client_key = accounts[0].client_key
    entities = sorted({account.legal_entity for account in accounts if account.legal_entity})
    facts = [
        Fact("client_id", "Client number", client_key.partition("/")[2] if client_key else ""),
        Fact("account", "Account", subject if is_one_account else ""),
        Fact("period", "Period", period),
        Fact("closed_on", "Closed and published", f"{publication.published_at:%Y-%m-%d %H:%M} UTC"),
        Fact("version", "Version", str(publication.version)),
        Fact("snapshot", "Snapshot", str(publication.snapshot_id)),
        Fact("legal_entity", "Contracting entity", ", ".join(entities)),
    ]
    return tuple(fact for fact in facts if fact.value)


def _parts(records: ClientRecords, reporting_currency: str) -> tuple[Part, ...]:
    accounts = [account_figures(account, records) for account in records.accounts]
    tables = [overviews.accounts_overview(accounts)]
    if len(accounts) > 1 or accounts[0].currency != reporting_currency:
        tables.append(overviews.currency_totals(accounts, records.rates, reporting_currency))
    overview = Part(
        key="consolidated",
        title="All accounts" if len(accounts) > 1 else "Overview",
        facts=(),
        sections=tuple(tables),
        notes=_rate_notes(accounts, records, reporting_currency),
    )
    return (overview, *(_account_part(figures) for figures in accounts))


def _rate_notes(
    accounts: list[AccountFigures], records: ClientRecords, reporting_currency: str
) -> tuple[str, ...]:
    sets = sorted(
        {
            records.rates[figures.currency].rate_set.upper()
            for figures in accounts
            if figures.currency != reporting_currency and figures.currency in records.rates
        }
    )
    if not sets:
        return ()
    return (
        f"Converted for information at the rates shown ({', '.join(sets)}); each account is held "
        "and settled in its own currency.",
    )


def _account_part(figures: AccountFigures) -> Part:
    account = figures.account
    facts = [
        Fact("login", "Account", str(account.login)),
        Fact("server", "Server", account.server_id),
        Fact("currency", "Currency", figures.currency),
        Fact("legal_entity", "Contracting entity", account.legal_entity or ""),
        Fact("margin_mode", "Positions", account.margin_mode or ""),
    ]
    tables: tuple[Section, ...] = (
        sections.roll_forward(figures),
        sections.cash_movements(figures),
        sections.deals(figures),
        sections.closed_positions(figures),
        sections.open_positions(figures),
        sections.costs(figures),
    )
    notes: tuple[str, ...] = ()
    if account.money_divisor != 1:
        notes = (
            f"This account is kept in cents ({account.currency}); amounts are shown in "
            f"{figures.currency}, one {figures.currency} for every {account.money_divisor} "
            f"{account.currency}.",
        )
    return Part(
        key=account.account_key,
        title=f"Account {account.login}",
        facts=tuple(fact for fact in facts if fact.value),
        sections=tables,
        notes=notes,
    )


def _notes(publication: Publication) -> tuple[str, ...]:
    notes = [
        "Times are those of the trading server, whose business day ends the day shown.",
        "Amounts are rounded half away from zero to the minor unit of their currency; a minus sign "
        "means an amount taken from you.",
        "Floating profit and swap are valued at the closing prices of the last business day of the "
        "period and change until a position is closed.",
        "Please tell us without delay if anything on this statement does not agree with your own "
        "records.",
    ]
    if publication.version > 1:
        notes.insert(
            0,
            f"This is version {publication.version}: days up to the end of the period were "
            "corrected and published again. It replaces every earlier version.",
        )
    return tuple(notes)

"""Statements of a client, or of one of the client's accounts, over any period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from exports.publication import read_at
from exports.statements.client_document import client_document
from exports.statements.client_queries import (
    CLIENT_OF_SUBJECT,
    each_account_of,
    find_accounts,
    read_records,
)
from exports.statements.client_records import Account, ClientRecords
from exports.statements.client_ties import check_ties
from exports.statements.kinds import Batch, PaperKind, Subjects
from exports.statements.making import StatementFile, StatementFormat, asked_format
from exports.statements.one_paper import issue_one
from exports.statements.periods import parse_period
from exports.statements.subjects import publication_of
from quality.lake_tables import held_at
from warehouse.connection import AsOf, connect
from warehouse.control.papers import AccountBalances
from warehouse.settings import Settings


def _read(con: duckdb.DuckDBPyConnection, batch: Batch) -> Iterator[ClientRecords]:
    return read_records(
        con,
        batch.subjects,
        period_from=batch.period.first,
        period_to=batch.period.last,
        rates_on=batch.publication.last_day,
        reporting_currency=batch.reporting_currency,
        held=held_at(con, batch.publication.snapshot_id),
    )


def _balances(records: ClientRecords) -> dict[str, AccountBalances]:
    return {
        key: AccountBalances(
            opening_balance=str(held.opening_balance),
            closing_balance=str(held.closing_balance),
            closing_credit=str(held.closing_credit),
            equity=str(held.equity),
        )
        for key, held in records.balances.items()
    }


CLIENT = PaperKind("client", "C", _read, check_ties, client_document, _balances, continues=True)
"""Consolidated over the client's accounts, platforms and currencies."""
ACCOUNT = PaperKind(
    "account",
    "A",
    _read,
    check_ties,
    client_document,
    _balances,
    continues=True,
    about=Subjects(find_accounts, each_account_of, CLIENT_OF_SUBJECT),
)
"""Of one account alone."""


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
    language: str | None = None,
) -> StatementFile:
    """Make one statement file, archive it and enter it in the register under a number.

    The same period and figures are one statement: made again, its bytes are the same on any day.
    Nothing is written unless all figures tie.

    Args:
        settings: the installation.
        client: client_key, client_id, or account_key (tenant/server/login) for one account.
        period: YYYY, YYYY-MM, YYYY-MM-DD, or two days joined by `..`.
        format: pdf, csv or xlsx.
        out: folder for a copy of the file; made where it is missing.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.
        tenant: whose client; the configured tenant by default.
        actor: who asks, for the audit log.
        language: another language than the tenant's.

    Raises:
        UnknownSubjectError: no such client or account.
        UnclosedPeriodError: days of the period are not published.
        FiguresDisagreeError: figures that must be equal are not.
    """
    (made,) = make_client_statements(
        settings,
        [client],
        period,
        format,
        out,
        as_of,
        tenant=tenant,
        actor=actor,
        language=language,
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
    language: str | None = None,
) -> Iterator[StatementFile]:
    """The statements of named clients and accounts, one after the other.

    Arguments and errors as `make_client_statement`; the first error ends it, statements made
    before it stay made.
    """
    asked_format(format)
    asked, tenant = parse_period(period), tenant or settings.tenant
    for client in clients:
        with connect("read", settings=settings) as con:
            subject, accounts = _subject(find_accounts(con, tenant, client), client)
            publication = publication_of(con, tenant, accounts, asked, as_of)
            read_at(con, settings, publication)
            _, accounts = _subject(find_accounts(con, tenant, client), client)
            kind = ACCOUNT if subject == accounts[0].account_key else CLIENT
            batch = Batch({subject: accounts}, asked, publication, settings.reporting_currency)
            (records,) = kind.read(con, batch)
        yield issue_one(
            settings,
            kind,
            tenant,
            records,
            asked,
            publication,
            format,
            out,
            actor=actor,
            language=language,
        )


def _subject(accounts: tuple[Account, ...], client: str) -> tuple[str, tuple[Account, ...]]:
    first = accounts[0]
    is_one = client == first.account_key or first.client_key is None
    return (first.account_key if is_one else first.client_key or client), accounts

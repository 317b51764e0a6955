"""Notices of a fall in value: each further 10 % of what a client put in, told on the day.

Delegated Regulation (EU) 2017/565, Art. 62; what counts is in the seed rul_statements.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from exports.statements.catalogue import Catalogue
from exports.statements.client_document import Issue, account_facts, corrections, paper_facts
from exports.statements.client_queries import client_names, lay_asked
from exports.statements.client_records import Account, Fingerprinted
from exports.statements.client_sections import column, money_columns
from exports.statements.document import Cell, Part, Section, StatementDocument
from exports.statements.kinds import Batch
from exports.statements.presentation import Presentation
from warehouse.money import minor_unit, round_half_away

_PERCENT_DIGITS = 2


@dataclass(frozen=True)
class Fall:
    """One step that a position or an account fell below, and what it was worth."""

    account_key: str
    business_date: dt.date
    subject: str
    position_id: int
    symbol: str
    initial_value: Decimal
    value: Decimal
    fall_pct: Decimal
    threshold_pct: Decimal


@dataclass(frozen=True)
class NoticeRecords(Fingerprinted):
    """The falls that a client is told of, unrounded."""

    subject_key: str
    name: str
    accounts: tuple[Account, ...]
    falls: tuple[Fall, ...]


_FALLS = """
    SELECT
        notices.account_key, notices.business_date, notices.subject, notices.position_id,
        notices.symbol, notices.initial_value_amount, notices.value_amount, notices.fall_pct,
        notices.threshold_pct
    FROM lake.statements.fct_depreciation_notices AS notices
    JOIN asked ON asked.account_key = notices.account_key
    WHERE notices.business_date BETWEEN asked.first AND asked.last
    ORDER BY notices.account_key, notices.business_date, notices.subject, notices.position_id
"""


def read_notices(con: duckdb.DuckDBPyConnection, batch: Batch) -> Iterator[NoticeRecords]:
    """The notices of a batch; who has none is left out."""
    lay_asked(con, batch.subjects, batch.period.first, batch.period.last)
    names = client_names(con, {group[0].client_key for group in batch.subjects.values()})
    falls: defaultdict[str, list[Fall]] = defaultdict(list)
    for row in con.execute(_FALLS).fetchall():
        falls[row[0]].append(Fall(*row))
    for subject, accounts in batch.subjects.items():
        told = tuple(account for account in accounts if falls[account.account_key])
        if told:
            yield NoticeRecords(
                subject_key=subject,
                name=names.get(told[0].client_key or "", ""),
                accounts=told,
                falls=tuple(row for account in told for row in falls[account.account_key]),
            )


def check_notices(_records: NoticeRecords) -> None:
    """A notice has no figure beside those of the mart that its tests prove."""


def notice_document(
    records: NoticeRecords, issue: Issue, presentation: Presentation
) -> StatementDocument:
    """The notice of a client, or of one account."""
    words = presentation.words
    return StatementDocument(
        number=issue.number,
        kind="notice",
        title=words("title.notice"),
        issuer=presentation.issuer,
        subject=records.name,
        period_label=words.days(issue.period.first, issue.period.last),
        facts=paper_facts(records, issue, words),
        parts=tuple(_part(account, records, words) for account in records.accounts),
        notes=(*corrections(issue, words), words("note.notice"), words("note.notice_basis")),
        published_at=issue.publication.published_at,
        presentation=presentation,
    )


def _part(account: Account, records: NoticeRecords, words: Catalogue) -> Part:
    falls = [row for row in records.falls if row.account_key == account.account_key]
    return Part(
        key=account.account_key,
        title=words("title.account_part", login=account.login),
        facts=account_facts(account, words),
        sections=tuple(
            _falls(subject, rows, account, words)
            for subject in ("portfolio", "position")
            if (rows := [row for row in falls if row.subject == subject])
        ),
    )


def _falls(subject: str, falls: list[Fall], account: Account, words: Catalogue) -> Section:
    digits, divisor = minor_unit(account.main_currency), Decimal(account.money_divisor)

    def rounded(amount: Decimal) -> Decimal:
        return round_half_away(amount / divisor, digits)

    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            row.business_date,
            str(row.position_id or account.login),
            row.symbol,
            rounded(row.initial_value),
            rounded(row.value),
            round_half_away(row.fall_pct, _PERCENT_DIGITS),
            round_half_away(row.threshold_pct, 0),
        )
        for row in falls
    )
    columns = (
        column(words, "close_of", "date"),
        column(words, "position" if subject == "position" else "login"),
        column(words, "symbol"),
        *money_columns(words, "initial_value", "value"),
        column(words, "fall_pct", "rate"),
        column(words, "threshold_pct", "rate"),
    )
    title = words(f"section.falls_{subject}")
    section = Section(f"falls_{subject}", title, columns, rows, currency=account.main_currency)
    return section.without_empty(("symbol",))

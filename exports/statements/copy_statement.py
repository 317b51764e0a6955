"""The monthly statement of a PAMM or copy strategy: what each investor owed and was charged."""

from __future__ import annotations

from pathlib import Path

from exports.errors import UnknownSubjectError
from exports.statements.copy_records import STRATEGIES, check_copy_fees, read_copy_fees
from exports.statements.copy_report import copy_document
from exports.statements.kinds import PaperKind, no_balances
from exports.statements.making import StatementFile, StatementFormat, asked_format
from exports.statements.one_paper import issue_one, read_one
from warehouse.connection import AsOf
from warehouse.settings import Settings

COPY = PaperKind(
    "copy",
    "F",
    read_copy_fees,
    check_copy_fees,
    copy_document,
    no_balances,
    about=STRATEGIES,
    needs=(*STRATEGIES.needs, "partners.fct_copy_fees"),
    settles_later=True,
    is_monthly=True,
)
"""Fees of a strategy's investors; those of a month are charged in the next."""


def make_copy_statement(
    settings: Settings,
    strategy: str,
    period: str,
    format: StatementFormat,
    out: Path,
    as_of: AsOf = None,
    *,
    tenant: str | None = None,
    actor: str = "daybook",
    language: str | None = None,
) -> StatementFile:
    """Make one strategy's statement for a month, archive it and register it under a number.

    The same figures are one statement, whatever was published since; once a fee is charged, a new
    one replaces it. Investors appear by the last characters of their ids.

    Args:
        settings: the installation.
        strategy: strategy_key or strategy_id.
        period: the month, YYYY-MM.
        format: pdf, csv or xlsx.
        out: folder for a copy of the file; made where it is missing.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.
        tenant: whose strategy; the configured tenant by default.
        actor: who asks, for the audit log.
        language: another language than the tenant's.

    Raises:
        UnknownSubjectError: no such strategy, or nobody followed it in the month.
        UnclosedPeriodError: days of the month are not published.
        FiguresDisagreeError: figures that must be equal are not.
        UsageError: the period is no month.
    """
    asked_format(format)
    asked, tenant = COPY.period_of(period), tenant or settings.tenant
    subject = strategy if strategy.startswith(f"{tenant}/") else f"{tenant}/{strategy}"
    records, publication = read_one(settings, COPY, tenant, subject, asked, as_of)
    if records is None:
        raise UnknownSubjectError(
            f"Nobody followed the strategy {subject} in {asked.text}.",
            where=f"tenant {tenant}",
            todo="ask for another month, or look at the CRM's copy_investments",
        )
    return issue_one(
        settings,
        COPY,
        tenant,
        records,
        asked,
        publication,
        format,
        out,
        actor=actor,
        language=language,
    )

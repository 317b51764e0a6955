"""The monthly statement of a PAMM or copy strategy: what each investor owed and was charged."""

from __future__ import annotations

from pathlib import Path

from exports.errors import UnknownSubjectError
from exports.publication import month_of, read_at
from exports.statements.copy_records import check_copy_fees, read_copy_fees, strategy_accounts
from exports.statements.copy_report import copy_document
from exports.statements.issuing import Issuer, archived, copied
from exports.statements.kinds import Batch, PaperKind, no_balances
from exports.statements.making import FORMATS, StatementFile, StatementFormat
from exports.statements.periods import Period
from exports.statements.presentation import presentation
from exports.statements.subjects import checked_draft, publication_of
from warehouse.connection import AsOf, connect
from warehouse.control.papers import papers
from warehouse.errors import UsageError
from warehouse.settings import Settings

COPY = PaperKind(
    "copy",
    "F",
    read_copy_fees,
    check_copy_fees,
    copy_document,
    no_balances,
    accounts=strategy_accounts,
    settles_later=True,
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
    """
    if format not in FORMATS:
        raise UsageError(
            f"There is no statement format {format!r}.", todo=f"use one of: {', '.join(FORMATS)}"
        )
    asked, tenant = Period("monthly", *month_of(period)), tenant or settings.tenant
    subject = strategy if strategy.startswith(f"{tenant}/") else f"{tenant}/{strategy}"
    with connect("read", settings=settings) as con:
        accounts = COPY.accounts(con, tenant, subject)
        publication = publication_of(
            con, tenant, accounts, asked, as_of, settles_later=COPY.settles_later
        )
        read_at(con, settings, publication)
        accounts = COPY.accounts(con, tenant, subject)
        batch = Batch({subject: accounts}, asked, publication, settings.reporting_currency)
        read = list(COPY.read(con, batch))
    if not read:
        raise UnknownSubjectError(
            f"Nobody followed the strategy {subject} in {asked.text}.",
            where=f"tenant {tenant}",
            todo="ask for another month, or look at the CRM's copy_investments",
        )
    held = papers(
        settings, tenant_id=tenant, kind=COPY.name, period=asked.text, subject_key=subject
    )
    issuer = Issuer(
        settings, COPY, tenant, presentation(settings, tenant, language), (format,), actor
    )
    draft = checked_draft(COPY, read[0], asked, publication, held, None)
    (issued,) = issuer.issue([draft])
    if issued.failure:
        raise issued.failure
    (file,) = issued.files
    return copied(file, out, archived(settings, file))

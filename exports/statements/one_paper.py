"""One paper of one subject: read, checked, numbered, archived, copied to where it is asked for."""

from __future__ import annotations

from pathlib import Path

from exports.publication import Publication, read_at
from exports.statements.issuing import Issuer, archived, copied
from exports.statements.kinds import Batch, PaperKind, Records, require_held
from exports.statements.making import StatementFile, StatementFormat
from exports.statements.periods import Period
from exports.statements.presentation import presentation
from exports.statements.subjects import checked_draft, publication_of
from warehouse.connection import AsOf, connect
from warehouse.control.papers import papers, papers_before
from warehouse.settings import Settings


def read_one(
    settings: Settings, kind: PaperKind, tenant: str, subject: str, period: Period, as_of: AsOf
) -> tuple[Records | None, Publication]:
    """A subject's figures for a period and the publication they are of; None where it has none.

    Raises:
        UnknownSubjectError: no such subject.
        UnclosedPeriodError: days of the period are not published, or were before the books had
            what the paper is made from.
    """
    with connect("read", settings=settings) as con:
        require_held(con, kind.about.needs, period)
        accounts = kind.about.accounts(con, tenant, subject)
        publication = publication_of(
            con, tenant, accounts, period, as_of, settles_later=kind.settles_later
        )
        read_at(con, settings, publication)
        require_held(con, kind.needs, period)
        accounts = kind.about.accounts(con, tenant, subject)
        batch = Batch({subject: accounts}, period, publication, settings.reporting_currency)
        return next(iter(kind.read(con, batch)), None), publication


def issue_one(
    settings: Settings,
    kind: PaperKind,
    tenant: str,
    records: Records,
    period: Period,
    publication: Publication,
    format: StatementFormat,
    out: Path,
    *,
    actor: str,
    language: str | None,
) -> StatementFile:
    """The file of a paper whose figures were read; the same figures keep their number.

    Raises:
        FiguresDisagreeError: figures that must be equal are not.
        StatementGapError: it does not open where the one before it closed.
    """
    issuer = Issuer(
        settings, kind, tenant, presentation(settings, tenant, language), (format,), actor
    )
    held = papers(
        settings,
        tenant_id=tenant,
        kind=kind.name,
        period=period.text,
        subject_key=records.subject_key,
    )
    before = papers_before(
        settings, tenant_id=tenant, kind=kind.name, period_kind=period.kind, day=period.first
    )
    (issued,) = issuer.issue(
        [checked_draft(kind, records, period, publication, held, before.get(records.subject_key))]
    )
    if issued.failure:
        raise issued.failure
    (file,) = issued.files
    return copied(file, out, archived(settings, file))

"""One paper of one subject: checked, numbered, archived, and copied to where it is asked for."""

from __future__ import annotations

from pathlib import Path

from exports.publication import Publication
from exports.statements.issuing import Issuer, archived, copied
from exports.statements.kinds import PaperKind, Records
from exports.statements.making import StatementFile, StatementFormat
from exports.statements.periods import Period
from exports.statements.presentation import presentation
from exports.statements.subjects import checked_draft
from warehouse.control.papers import papers, papers_before
from warehouse.settings import Settings


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

"""From a document to a file: written, archived under its hash, registered and audited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exports import archive
from exports.publication import Publication
from exports.statements.csv_writer import to_csv
from exports.statements.document import StatementDocument
from warehouse.code_version import code_version
from warehouse.control import audit, registers
from warehouse.errors import UsageError
from warehouse.settings import Settings

StatementFormat = Literal["pdf", "csv", "xlsx"]
FORMATS: tuple[StatementFormat, ...] = ("pdf", "csv", "xlsx")


@dataclass(frozen=True)
class MadeStatement:
    """A document and what the register has to know about it."""

    document: StatementDocument
    tenant_id: str
    subject_key: str
    period: str
    publication: Publication


@dataclass(frozen=True)
class StatementFile:
    """A statement file that was made."""

    statement_number: str
    format: StatementFormat
    path: Path
    sha256: str
    size: int
    archived_at: Path
    snapshot_id: int
    version: int


def asked_format(format: StatementFormat) -> None:
    """Refuse a format that statements do not have.

    Raises:
        UsageError: the format is not one of pdf, csv, xlsx.
    """
    if format not in FORMATS:
        raise UsageError(
            f"There is no statement format {format!r}.", todo=f"use one of: {', '.join(FORMATS)}"
        )


def render(document: StatementDocument, format: StatementFormat, settings: Settings) -> bytes:
    """The bytes of a document in one format; the same document always gives the same bytes.

    Raises:
        UsageError: the format is not one of pdf, csv, xlsx.
        PresentationError: a font is not installed.
    """
    asked_format(format)
    if format == "csv":
        return to_csv(document)
    if format == "pdf":
        from exports.statements.pdf_writer import to_pdf

        return to_pdf(document, settings)
    from exports.statements.xlsx_writer import to_xlsx

    return to_xlsx(document)


def make(
    settings: Settings, made: MadeStatement, format: StatementFormat, out: Path, *, actor: str
) -> StatementFile:
    """Write a document as a file into the folder `out`, archive it and register it."""
    content = render(made.document, format, settings)
    number = made.document.number
    kept = archive.store(settings, content, format)
    registers.register_statement(
        settings,
        registers.StatementRecord(
            statement_number=number,
            kind=made.document.kind,
            tenant_id=made.tenant_id,
            subject_key=made.subject_key,
            period=made.period,
            snapshot_id=made.publication.snapshot_id,
            code_version=code_version(),
            format=format,
            sha256=kept.sha256,
            path=kept.path,
            replaces=_replaced(settings, made),
            made_by=actor,
            created_at=registers.now_utc(),
        ),
    )
    path = out / f"{re.sub(r'[^A-Za-z0-9._-]', '_', number)}.{format}"
    archive.write_atomically(path, content)
    return StatementFile(
        statement_number=number,
        format=format,
        path=path,
        sha256=kept.sha256,
        size=kept.size,
        archived_at=settings.archive_path / kept.path,
        snapshot_id=made.publication.snapshot_id,
        version=made.publication.version,
    )


def _replaced(settings: Settings, made: MadeStatement) -> str | None:
    """The newest other statement of the same subject and period that was made before."""
    earlier = [
        record.statement_number
        for record in registers.statements(
            settings,
            tenant_id=made.tenant_id,
            subject_key=made.subject_key,
            period=made.period,
        )
        if record.statement_number != made.document.number and record.kind == made.document.kind
    ]
    return earlier[-1] if earlier and made.publication.version > 1 else None


def read_statement(
    settings: Settings, number: str, format: StatementFormat, *, actor: str
) -> bytes:
    """The archived bytes of a statement, with an audit row for the reading.

    Where a number was made more than once with other bytes (another code version), the newest.

    Raises:
        UsageError: the register has no such statement.
        ArchiveError: its archived file is missing or changed.
    """
    records = [
        record
        for record in registers.statements(settings, statement_number=number)
        if record.format == format
    ]
    if not records:
        raise UsageError(
            f"The register has no statement {number} as {format}.",
            todo="make it first, or look for its number in the register",
        )
    content = archive.fetch(settings, records[-1].path, records[-1].sha256)
    audit.record(
        settings,
        actor=actor,
        action="statement.read",
        object_type="statement",
        object_id=number,
        details={"format": format, "sha256": records[-1].sha256},
    )
    return content

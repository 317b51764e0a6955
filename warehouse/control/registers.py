"""What left the house: the registers of filings and statements, each change with an audit row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from warehouse.control import audit
from warehouse.control.database import reading, writing
from warehouse.control.models import Filing, Statement
from warehouse.errors import UsageError
from warehouse.settings import Settings


@dataclass(frozen=True)
class RegisteredFile:
    """One file of a filing, held in the archive under its hash."""

    name: str
    sha256: str
    size: int
    path: str
    """Relative to the archive."""


@dataclass(frozen=True)
class FilingRecord:
    """One run of one filing, as the register holds it."""

    filing_id: str
    regime: str
    spec_version: str
    tenant_id: str
    legal_entity: str
    period_from: date
    period_to: date
    snapshot_id: int
    published_at: datetime
    code_version: str
    rule_set_hash: str
    parameters: Mapping[str, str]
    population: int
    included: int
    excluded: Mapping[str, int]
    result: Mapping[str, object]
    validation: Sequence[Mapping[str, object]]
    files: Sequence[RegisteredFile]
    state: str
    maker: str
    checker: str | None
    created_at: datetime


@dataclass(frozen=True)
class StatementRecord:
    """One statement file that was made."""

    statement_number: str
    kind: str
    tenant_id: str
    subject_key: str
    period: str
    snapshot_id: int
    code_version: str
    format: str
    sha256: str
    path: str
    replaces: str | None
    made_by: str
    created_at: datetime


def now_utc() -> datetime:
    """The instant of a register entry: UTC, without a zone, as the control database stores it."""
    return datetime.now(UTC).replace(tzinfo=None)


def register_filing(settings: Settings, record: FilingRecord) -> FilingRecord:
    """Enter a filing run; the same inputs under the same code are one entry, however often run.

    The id gets a running number per regime, tenant, entity and period where `filing_id` is empty.
    """
    with writing(settings) as session:
        held = session.scalars(
            select(Filing).where(
                Filing.regime == record.regime,
                Filing.spec_version == record.spec_version,
                Filing.tenant_id == record.tenant_id,
                Filing.legal_entity == record.legal_entity,
                Filing.period_to == record.period_to,
                Filing.snapshot_id == record.snapshot_id,
                Filing.code_version == record.code_version,
                Filing.rule_set_hash == record.rule_set_hash,
            )
        ).first()
        row = held or _new_filing(session, record)
        audit.append(
            session,
            actor=record.maker,
            action="filing.run",
            object_type="filing",
            object_id=row.filing_id,
            details={
                "snapshot_id": row.snapshot_id,
                "state": row.state,
                "files": {file.name: file.sha256 for file in record.files},
                "already_registered": held is not None,
            },
        )
        return _filing(row)


def _new_filing(session: Session, record: FilingRecord) -> Filing:
    entity = re.sub(r"[^A-Za-z0-9]+", "_", record.legal_entity) or "all"
    stem = f"{record.regime}-{record.tenant_id}-{entity}-{record.period_to:%Y%m%d}"
    runs = session.scalars(select(Filing.filing_id).where(Filing.filing_id.startswith(stem + "-")))
    row = Filing(
        filing_id=f"{stem}-{len(runs.all()) + 1:03d}",
        regime=record.regime,
        spec_version=record.spec_version,
        tenant_id=record.tenant_id,
        legal_entity=record.legal_entity,
        period_from=record.period_from,
        period_to=record.period_to,
        snapshot_id=record.snapshot_id,
        published_at=record.published_at,
        code_version=record.code_version,
        rule_set_hash=record.rule_set_hash,
        parameters_json=audit.canonical_json(dict(record.parameters)),
        population=record.population,
        included=record.included,
        excluded_json=audit.canonical_json(dict(record.excluded)),
        result_json=audit.canonical_json(dict(record.result)),
        validation_json=audit.canonical_json([dict(rule) for rule in record.validation]),
        files_json=audit.canonical_json([vars(file) for file in record.files]),
        state=record.state,
        maker=record.maker,
        checker=record.checker,
        created_at=record.created_at,
    )
    session.add(row)
    session.flush()
    return row


def find_filing(settings: Settings, filing_id: str) -> FilingRecord:
    """The filing of that id.

    Raises:
        UsageError: there is none.
    """
    with reading(settings) as session:
        row = session.get(Filing, filing_id)
        if row is None:
            raise UsageError(
                f"The register has no filing {filing_id}.", todo="`daybook file list` shows them"
            )
        return _filing(row)


def filings(
    settings: Settings, *, tenant_id: str | None = None, regime: str | None = None
) -> list[FilingRecord]:
    """Registered filings, newest first."""
    query = select(Filing).order_by(Filing.created_at.desc(), Filing.filing_id.desc())
    if tenant_id is not None:
        query = query.where(Filing.tenant_id == tenant_id)
    if regime is not None:
        query = query.where(Filing.regime == regime)
    with reading(settings) as session:
        return [_filing(row) for row in session.scalars(query)]


def register_statement(settings: Settings, record: StatementRecord) -> StatementRecord:
    """Enter a statement file; the same bytes under the same number are one entry."""
    with writing(settings) as session:
        row = session.scalars(
            select(Statement).where(
                Statement.statement_number == record.statement_number,
                Statement.format == record.format,
                Statement.sha256 == record.sha256,
            )
        ).first()
        already = row is not None
        if row is None:
            row = Statement(**vars(record))
            session.add(row)
        audit.append(
            session,
            actor=record.made_by,
            action="statement.made",
            object_type="statement",
            object_id=record.statement_number,
            details={
                "format": record.format,
                "sha256": record.sha256,
                "snapshot_id": record.snapshot_id,
                "already_registered": already,
            },
        )
        return _statement(row)


def statements(
    settings: Settings,
    *,
    tenant_id: str | None = None,
    subject_key: str | None = None,
    period: str | None = None,
    statement_number: str | None = None,
) -> list[StatementRecord]:
    """Registered statement files, oldest first."""
    query = select(Statement).order_by(Statement.statement_id)
    if tenant_id is not None:
        query = query.where(Statement.tenant_id == tenant_id)
    if subject_key is not None:
        query = query.where(Statement.subject_key == subject_key)
    if period is not None:
        query = query.where(Statement.period == period)
    if statement_number is not None:
        query = query.where(Statement.statement_number == statement_number)
    with reading(settings) as session:
        return [_statement(row) for row in session.scalars(query)]


def _filing(row: Filing) -> FilingRecord:
    return FilingRecord(
        filing_id=row.filing_id,
        regime=row.regime,
        spec_version=row.spec_version,
        tenant_id=row.tenant_id,
        legal_entity=row.legal_entity,
        period_from=row.period_from,
        period_to=row.period_to,
        snapshot_id=row.snapshot_id,
        published_at=row.published_at,
        code_version=row.code_version,
        rule_set_hash=row.rule_set_hash,
        parameters=json.loads(row.parameters_json),
        population=row.population,
        included=row.included,
        excluded=json.loads(row.excluded_json),
        result=json.loads(row.result_json),
        validation=json.loads(row.validation_json),
        files=tuple(RegisteredFile(**file) for file in json.loads(row.files_json)),
        state=row.state,
        maker=row.maker,
        checker=row.checker,
        created_at=row.created_at,
    )


def _statement(row: Statement) -> StatementRecord:
    names = StatementRecord.__dataclass_fields__
    return StatementRecord(**{name: getattr(row, name) for name in names})

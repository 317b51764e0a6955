"""The audit log: who did what to which object, as a chain of hashes.

Each row's hash covers its content and the hash of the row before it, so a row that is changed,
removed from the middle, or slipped in breaks every link after it. Rows cut off the end leave a
shorter valid chain: compare `head_hash` with one kept elsewhere to notice that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from warehouse.control.database import reading, writing
from warehouse.control.models import AuditRow
from warehouse.settings import Settings

GENESIS = "0" * 64
_BATCH = 1000


@dataclass(frozen=True)
class AuditEntry:
    """One row of the audit log."""

    seq: int
    at: datetime
    actor: str
    action: str
    object_type: str
    object_id: str
    details: Mapping[str, object]
    hash: str


@dataclass(frozen=True)
class AuditVerification:
    """What a walk along the chain found."""

    rows: int
    head_hash: str
    problems: tuple[str, ...]

    @property
    def is_intact(self) -> bool:
        """Whether every link holds."""
        return not self.problems


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values are equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _link(row: AuditRow) -> str:
    content = [
        row.seq,
        row.at.isoformat(timespec="microseconds"),
        row.actor,
        row.action,
        row.object_type,
        row.object_id,
        row.details_json,
        row.previous_hash,
    ]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def append(
    session: Session,
    *,
    actor: str,
    action: str,
    object_type: str,
    object_id: str,
    details: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Add one row inside the caller's transaction, which must be a writing one."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # Two writers that read the same last hash would fork the chain. (On SQLite a writing
        # transaction already holds the one write lock.)
        session.execute(text("LOCK TABLE audit_log IN EXCLUSIVE MODE"))
    last = session.execute(
        select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)
    ).first()
    row = AuditRow(
        seq=(last.seq if last else 0) + 1,
        at=datetime.now(UTC).replace(tzinfo=None),
        actor=actor,
        action=action,
        object_type=object_type,
        object_id=object_id,
        details_json=canonical_json(dict(details or {})),
        previous_hash=last.hash if last else GENESIS,
    )
    row.hash = _link(row)
    session.add(row)
    session.flush()
    return _entry(row)


def record(
    settings: Settings,
    *,
    actor: str,
    action: str,
    object_type: str,
    object_id: str,
    details: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Add one row in a transaction of its own.

    Args:
        settings: the installation.
        actor: the person, or the job as `job:<name>`.
        action: a past-tense verb of the object, e.g. `statement.made`, `filing.downloaded`.
        object_type: statement, filing, break, query, ...
        object_id: its key.
        details: what else matters; no personal data, it can never be removed.
    """
    with writing(settings) as session:
        return append(
            session,
            actor=actor,
            action=action,
            object_type=object_type,
            object_id=object_id,
            details=details,
        )


def entries(
    settings: Settings, *, object_type: str | None = None, object_id: str | None = None
) -> list[AuditEntry]:
    """Rows of the audit log, oldest first, optionally of one type or object."""
    query = select(AuditRow).order_by(AuditRow.seq)
    if object_type is not None:
        query = query.where(AuditRow.object_type == object_type)
    if object_id is not None:
        query = query.where(AuditRow.object_id == object_id)
    with reading(settings) as session:
        return [_entry(row) for row in session.scalars(query)]


def verify_audit(settings: Settings) -> AuditVerification:
    """Walk the whole chain and tell each place where it does not hold."""
    problems: list[str] = []
    previous, rows = GENESIS, 0
    with reading(settings) as session:
        query = select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=_BATCH)
        for row in session.scalars(query):
            rows += 1
            if row.seq != rows and not problems:
                problems.append(f"row {rows} is missing: the next one is row {row.seq}")
            if row.previous_hash != previous:
                problems.append(f"row {row.seq} does not follow the row before it")
            if row.hash != _link(row):
                problems.append(f"row {row.seq} was changed after it was written")
            previous = row.hash
    return AuditVerification(rows=rows, head_hash=previous, problems=tuple(problems))


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        object_type=row.object_type,
        object_id=row.object_id,
        details=json.loads(row.details_json),
        hash=row.hash,
    )

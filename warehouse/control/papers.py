"""The register of numbered papers: a number is given with the paper's files, or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from warehouse.control import audit
from warehouse.control.database import reading, writing
from warehouse.control.models import Delivery, Paper, Statement
from warehouse.control.registers import StatementRecord
from warehouse.errors import DaybookError, UsageError
from warehouse.settings import Settings


class NumberTakenError(DaybookError):
    """Somebody else gave the number away while this paper was being made."""


@dataclass(frozen=True)
class AccountBalances:
    """What a paper says of one account, exact, as text."""

    opening_balance: str
    closing_balance: str
    closing_credit: str
    equity: str


@dataclass(frozen=True)
class PaperRecord:
    """One numbered paper, as the register holds it."""

    paper_number: str
    tenant_id: str
    series: str
    year: int
    sequence: int
    kind: str
    subject_key: str
    period: str
    period_kind: str
    period_from: date
    period_to: date
    snapshot_id: int
    published_at: datetime
    version: int
    fingerprint: str
    presentation_sha256: str
    balances: Mapping[str, AccountBalances]
    """By account_key."""
    replaces: str | None
    made_by: str
    created_at: datetime


@dataclass(frozen=True)
class DeliveryRecord:
    """One attempt to deliver one file of a paper."""

    paper_number: str
    format: str
    channel: str
    attempt: int
    outcome: str
    detail: str
    sha256: str
    sent_by: str
    at: datetime


def paper_number(tenant_id: str, series: str, year: int, sequence: int) -> str:
    """`tenant-SERIES-year-000001`."""
    return f"{tenant_id}-{series}-{year}-{sequence:06d}"


def next_sequence(settings: Settings, tenant_id: str, series: str, year: int) -> int:
    """The number that the next paper of a series will have, unless somebody comes first."""
    with reading(settings) as session:
        return _last_sequence(session, tenant_id, series, year) + 1


def _last_sequence(session: Session, tenant_id: str, series: str, year: int) -> int:
    last = session.scalar(
        select(func.max(Paper.sequence)).where(
            Paper.tenant_id == tenant_id, Paper.series == series, Paper.year == year
        )
    )
    return int(last or 0)


def register_papers(
    settings: Settings, made: Sequence[tuple[PaperRecord, Sequence[StatementRecord]]]
) -> None:
    """Enter papers with their files, all of them or none, in the order of their numbers.

    Raises:
        NumberTakenError: a number is not the next one of its series; nothing was entered.
    """
    with writing(settings) as session:
        for record, files in made:
            # The audit row comes first: it takes the lock that keeps other writers out.
            _audit_made(session, record.made_by, record.paper_number, files)
            last = _last_sequence(session, record.tenant_id, record.series, record.year)
            if record.sequence != last + 1:
                raise NumberTakenError(
                    f"The number {record.paper_number} is not the next one: {last} was given last.",
                    where=f"series {record.series} of {record.year}, tenant {record.tenant_id}",
                    todo="run it again",
                )
            fields = {name: value for name, value in vars(record).items() if name != "balances"}
            balances = {key: vars(value) for key, value in record.balances.items()}
            session.add(Paper(**fields, balances_json=audit.canonical_json(balances)))
            session.add_all(Statement(**vars(file)) for file in files)
            session.flush()


def _audit_made(
    session: Session, actor: str, number: str, files: Sequence[StatementRecord]
) -> None:
    audit.append(
        session,
        actor=actor,
        action="statement.made",
        object_type="statement",
        object_id=number,
        details={
            "files": {file.format: file.sha256 for file in files},
            "snapshot_id": files[0].snapshot_id,
        },
    )


def papers(
    settings: Settings,
    *,
    tenant_id: str | None = None,
    kind: str | None = None,
    period: str | None = None,
    subject_key: str | None = None,
) -> list[PaperRecord]:
    """Registered papers, in the order in which they were made."""
    query = select(Paper).order_by(Paper.created_at, Paper.tenant_id, Paper.series, Paper.sequence)
    for column, value in (
        (Paper.tenant_id, tenant_id),
        (Paper.kind, kind),
        (Paper.period, period),
        (Paper.subject_key, subject_key),
    ):
        if value is not None:
            query = query.where(column == value)
    with reading(settings) as session:
        return [_paper(row) for row in session.scalars(query)]


def missing_numbers(settings: Settings, *, tenant_id: str | None = None) -> tuple[int, int]:
    """How many papers there are, and how many numbers of their series are missing."""
    query = select(func.count(), func.max(Paper.sequence)).group_by(
        Paper.tenant_id, Paper.series, Paper.year
    )
    if tenant_id is not None:
        query = query.where(Paper.tenant_id == tenant_id)
    with reading(settings) as session:
        given = session.execute(query).all()
    return sum(count for count, _ in given), sum(last - count for count, last in given)


def papers_before(
    settings: Settings, *, tenant_id: str, kind: str, period_kind: str, day: date
) -> dict[str, PaperRecord]:
    """Each subject's last paper of a kind that ends before a day, by subject."""
    ends = (
        select(Paper.subject_key, func.max(Paper.period_to).label("period_to"))
        .where(
            Paper.tenant_id == tenant_id,
            Paper.kind == kind,
            Paper.period_kind == period_kind,
            Paper.period_to < day,
        )
        .group_by(Paper.subject_key)
        .subquery()
    )
    query = (
        select(Paper)
        .join(
            ends,
            (ends.c.subject_key == Paper.subject_key) & (ends.c.period_to == Paper.period_to),
        )
        .where(Paper.tenant_id == tenant_id, Paper.kind == kind, Paper.period_kind == period_kind)
        .order_by(Paper.snapshot_id, Paper.sequence)
    )
    with reading(settings) as session:
        return {row.subject_key: _paper(row) for row in session.scalars(query)}


def find_paper(settings: Settings, number: str) -> PaperRecord:
    """The paper of a number.

    Raises:
        UsageError: there is none.
    """
    with reading(settings) as session:
        row = session.get(Paper, number)
        if row is None:
            raise UsageError(
                f"The register has no statement {number}.", todo="`daybook statement list` has them"
            )
        return _paper(row)


def log_delivery(settings: Settings, record: DeliveryRecord) -> None:
    """Enter one attempt, with its audit row."""
    with writing(settings) as session:
        audit.append(
            session,
            actor=record.sent_by,
            action=f"statement.{record.outcome}",
            object_type="statement",
            object_id=record.paper_number,
            details={
                "format": record.format,
                "channel": record.channel,
                "attempt": record.attempt,
                "sha256": record.sha256,
            },
        )
        session.add(Delivery(**vars(record)))


def delivered_papers(settings: Settings, *, channel: str, format: str) -> set[str]:
    """Numbers of the papers of which a file in that format arrived by that way."""
    query = select(Delivery.paper_number).where(
        Delivery.channel == channel, Delivery.format == format, Delivery.outcome == "delivered"
    )
    with reading(settings) as session:
        return set(session.scalars(query))


def deliveries(
    settings: Settings, *, paper_numbers: Sequence[str] | None = None
) -> list[DeliveryRecord]:
    """Attempts to deliver, oldest first; all of them, or those of some papers."""
    query = select(Delivery).order_by(Delivery.delivery_id)
    if paper_numbers is not None:
        query = query.where(Delivery.paper_number.in_(paper_numbers))
    names = DeliveryRecord.__dataclass_fields__
    with reading(settings) as session:
        return [
            DeliveryRecord(**{name: getattr(row, name) for name in names})
            for row in session.scalars(query)
        ]


def _paper(row: Paper) -> PaperRecord:
    names = [name for name in PaperRecord.__dataclass_fields__ if name != "balances"]
    held = json.loads(row.balances_json)
    return PaperRecord(
        **{name: getattr(row, name) for name in names},
        balances={key: AccountBalances(**value) for key, value in held.items()},
    )

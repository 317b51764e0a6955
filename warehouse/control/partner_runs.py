"""Partner payment runs: their states, who moved them, and what earlier ones took over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from warehouse.control import audit
from warehouse.control.database import reading, writing
from warehouse.control.partner_models import PartnerRun, PartnerRunLine, PartnerRunSource
from warehouse.control.registers import RegisteredFile, now_utc
from warehouse.errors import UsageError
from warehouse.settings import Settings


@dataclass(frozen=True)
class SourceAmount:
    """What a run takes over from the ledger of one partner and currency; unrounded."""

    ledger_currency: str
    booked: Decimal
    converted: Decimal
    """The same in the payout currency."""


@dataclass(frozen=True)
class RunLine:
    """What a run pays one partner, in the payout currency; carried amounts unrounded."""

    partner_key: str
    payout_currency: str
    method: str
    carried_in: Decimal
    earned: Decimal
    corrected: Decimal
    clawed_back: Decimal
    let_go: Decimal
    paid: Decimal
    carried_out: Decimal
    held: Decimal
    note: str
    reference: str
    sources: tuple[SourceAmount, ...] = field(default=(), compare=False)
    settled: Decimal | None = None
    settled_by: str | None = None


@dataclass(frozen=True)
class Run:
    """One payment run over a month."""

    run_id: str
    tenant_id: str
    period: str
    snapshot_id: int
    code_version: str
    state: str
    maker: str
    reviewer: str | None
    checker: str | None
    created_at: datetime
    approved_at: datetime | None
    paid_on: date | None
    left_out: Mapping[str, str]
    files: Sequence[RegisteredFile]
    lines: tuple[RunLine, ...]


@dataclass(frozen=True)
class Taken:
    """What the runs before this one took over, by partner and ledger currency, and carried."""

    booked: Mapping[tuple[str, str], Decimal]
    converted: Mapping[tuple[str, str], Decimal]
    carried: Mapping[str, tuple[str, Decimal]]
    """Payout currency and amount that the last run carried out, by partner."""


def taken_before(settings: Settings, tenant_id: str, period: str) -> Taken:
    """What the tenant's runs of earlier months took over.

    Raises:
        UsageError: an earlier month's run waits for its approval.
    """
    with reading(settings) as session:
        runs = session.scalars(
            select(PartnerRun)
            .where(
                PartnerRun.tenant_id == tenant_id,
                PartnerRun.period < period,
                PartnerRun.state != "withdrawn",
            )
            .order_by(PartnerRun.period)
        ).all()
        for run in runs:
            if run.state in ("accrued", "reviewed"):
                raise UsageError(
                    f"The run {run.run_id} before it is {run.state}, not approved.",
                    todo="approve or withdraw it first: what it carries over counts",
                )
        booked: dict[tuple[str, str], Decimal] = {}
        converted: dict[tuple[str, str], Decimal] = {}
        carried: dict[str, tuple[str, Decimal]] = {}
        for run in runs:
            for source in session.scalars(
                select(PartnerRunSource).where(PartnerRunSource.run_id == run.run_id)
            ):
                key = (source.partner_key, source.ledger_currency)
                booked[key] = booked.get(key, Decimal(0)) + Decimal(source.booked_amount)
                converted[key] = converted.get(key, Decimal(0)) + Decimal(source.converted_amount)
            for line in session.scalars(
                select(PartnerRunLine).where(PartnerRunLine.run_id == run.run_id)
            ):
                carried[line.partner_key] = (
                    line.payout_currency,
                    Decimal(line.carried_out_amount),
                )
    return Taken(booked, converted, carried)


def keep_run(
    settings: Settings,
    *,
    tenant_id: str,
    period: str,
    snapshot_id: int,
    code_version: str,
    maker: str,
    lines: Sequence[RunLine],
    left_out: Mapping[str, str],
) -> Run:
    """Enter a run; one that nobody approved yet is replaced, as nothing left the house by it.

    Raises:
        UsageError: the month was approved already, or a later month was run.
    """
    run_id = f"{tenant_id}-{period}"
    with writing(settings) as session:
        held = session.get(PartnerRun, run_id)
        if held is not None and held.state not in ("accrued", "reviewed", "withdrawn"):
            raise UsageError(
                f"The run {run_id} is {held.state}: it is not worked out again.",
                todo="corrections go into the next month's run",
            )
        later = session.scalars(
            select(PartnerRun.run_id).where(
                PartnerRun.tenant_id == tenant_id,
                PartnerRun.period > period,
                PartnerRun.state != "withdrawn",
            )
        ).first()
        if later is not None:
            raise UsageError(
                f"The later run {later} exists: it took over what {period} left.",
                todo="withdraw it first, or let the next run correct",
            )
        for table in (PartnerRunSource, PartnerRunLine):
            session.execute(delete(table).where(table.run_id == run_id))
        row = held or PartnerRun(run_id=run_id, tenant_id=tenant_id, period=period)
        row.snapshot_id, row.code_version, row.state = snapshot_id, code_version, "accrued"
        row.maker, row.reviewer, row.checker = maker, None, None
        row.created_at, row.approved_at, row.paid_on = now_utc(), None, None
        row.left_out_json, row.files_json = audit.canonical_json(dict(left_out)), "[]"
        session.add(row)
        session.flush()
        for number, line in enumerate(lines, start=1):
            session.add(_line_row(run_id, number, line))
            session.add_all(
                PartnerRunSource(
                    run_id=run_id,
                    partner_key=line.partner_key,
                    ledger_currency=source.ledger_currency,
                    booked_amount=format(source.booked, "f"),
                    converted_amount=format(source.converted, "f"),
                )
                for source in line.sources
            )
        audit.append(
            session,
            actor=maker,
            action="partner_run.accrued",
            object_type="partner_run",
            object_id=run_id,
            details={
                "snapshot_id": snapshot_id,
                "partners": len(lines),
                "left_out": len(left_out),
                "paid": _totals(lines),
            },
        )
        session.flush()
        return _run(session, row)


def move_run(
    settings: Settings,
    run_id: str,
    *,
    to: str,
    actor: str,
    files: Sequence[RegisteredFile] = (),
    paid_on: date | None = None,
) -> Run:
    """Move a run to its next state; who approves is neither who made it nor who reviewed it.

    Raises:
        UsageError: no such run, it is in another state, or the wrong person asks.
    """
    before = {"reviewed": ("accrued",), "approved": ("reviewed",), "sent": ("approved", "sent"),
              "paid": ("sent",), "reconciled": ("paid",),
              "withdrawn": ("accrued", "reviewed")}[to]  # fmt: skip
    if not actor.strip():
        raise UsageError("A run is moved by a person with a name.", where=f"run {run_id}")
    with writing(settings) as session:
        row = _held(session, run_id)
        if row.state not in before:
            raise UsageError(
                f"The run {run_id} is {row.state}; only one that is {' or '.join(before)} "
                f"becomes {to}.",
                todo="`daybook partners runs` shows where it stands",
            )
        if to == "approved" and actor in (row.maker, row.reviewer):
            raise UsageError(
                f"{actor} made or reviewed the run {run_id} and cannot approve it.",
                todo="let another person approve it",
            )
        row.state = to
        if to == "reviewed":
            row.reviewer = actor
        elif to == "approved":
            row.checker, row.approved_at = actor, now_utc()
        elif to == "sent":
            row.files_json = audit.canonical_json([vars(file) for file in files])
        elif to == "paid":
            row.paid_on = paid_on
        audit.append(
            session,
            actor=actor,
            action=f"partner_run.{to}",
            object_type="partner_run",
            object_id=run_id,
            details={"files": {file.name: file.sha256 for file in files}} if files else {},
        )
        return _run(session, row)


def settle_lines(
    settings: Settings, run_id: str, settled: Mapping[str, tuple[Decimal, str]], *, actor: str
) -> Run:
    """Note which bank or wallet line paid which partner: partner_key -> (amount, line)."""
    with writing(settings) as session:
        row = _held(session, run_id)
        for line in session.scalars(select(PartnerRunLine).where(PartnerRunLine.run_id == run_id)):
            if line.partner_key in settled:
                amount, by = settled[line.partner_key]
                line.settled_amount, line.settled_by = format(amount, "f"), by
        audit.append(
            session,
            actor=actor,
            action="partner_run.settled",
            object_type="partner_run",
            object_id=run_id,
            details={"lines": len(settled)},
        )
        session.flush()
        return _run(session, row)


def find_run(settings: Settings, run_id: str) -> Run:
    """The run of that id.

    Raises:
        UsageError: there is none.
    """
    with reading(settings) as session:
        return _run(session, _held(session, run_id))


def runs(settings: Settings, tenant_id: str) -> list[Run]:
    """All runs of a tenant, oldest month first."""
    with reading(settings) as session:
        rows = session.scalars(
            select(PartnerRun)
            .where(PartnerRun.tenant_id == tenant_id)
            .order_by(PartnerRun.period, PartnerRun.run_id)
        ).all()
        return [_run(session, row) for row in rows]


def _held(session: Session, run_id: str) -> PartnerRun:
    row = session.get(PartnerRun, run_id)
    if row is None:
        raise UsageError(
            f"There is no partner run {run_id}.", todo="`daybook partners runs` lists them"
        )
    return row


def _totals(lines: Sequence[RunLine]) -> dict[str, str]:
    totals: dict[str, Decimal] = {}
    for line in lines:
        totals[line.payout_currency] = totals.get(line.payout_currency, Decimal(0)) + line.paid
    return {currency: format(total, "f") for currency, total in sorted(totals.items())}


_AMOUNTS = ("carried_in", "earned", "corrected", "clawed_back", "let_go", "paid", "carried_out",
            "held")  # fmt: skip


def _line_row(run_id: str, number: int, line: RunLine) -> PartnerRunLine:
    return PartnerRunLine(
        run_id=run_id,
        partner_key=line.partner_key,
        line_number=number,
        payout_currency=line.payout_currency,
        method=line.method,
        note=line.note,
        reference=line.reference,
        **{f"{name}_amount": format(getattr(line, name), "f") for name in _AMOUNTS},
    )


def _run(session: Session, row: PartnerRun) -> Run:
    sources: dict[str, list[SourceAmount]] = {}
    for source in session.scalars(
        select(PartnerRunSource)
        .where(PartnerRunSource.run_id == row.run_id)
        .order_by(PartnerRunSource.ledger_currency)
    ):
        sources.setdefault(source.partner_key, []).append(
            SourceAmount(
                source.ledger_currency,
                Decimal(source.booked_amount),
                Decimal(source.converted_amount),
            )
        )
    lines = session.scalars(
        select(PartnerRunLine)
        .where(PartnerRunLine.run_id == row.run_id)
        .order_by(PartnerRunLine.line_number)
    )
    return Run(
        run_id=row.run_id,
        tenant_id=row.tenant_id,
        period=row.period,
        snapshot_id=row.snapshot_id,
        code_version=row.code_version,
        state=row.state,
        maker=row.maker,
        reviewer=row.reviewer,
        checker=row.checker,
        created_at=row.created_at,
        approved_at=row.approved_at,
        paid_on=row.paid_on,
        left_out=json.loads(row.left_out_json),
        files=tuple(RegisteredFile(**file) for file in json.loads(row.files_json)),
        lines=tuple(
            RunLine(
                partner_key=line.partner_key,
                payout_currency=line.payout_currency,
                method=line.method,
                note=line.note,
                reference=line.reference,
                sources=tuple(sources.get(line.partner_key, ())),
                settled=None if line.settled_amount is None else Decimal(line.settled_amount),
                settled_by=line.settled_by,
                **{name: Decimal(getattr(line, f"{name}_amount")) for name in _AMOUNTS},
            )
            for line in lines
        ),
    )

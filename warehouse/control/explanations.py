"""A person's word on a break: who explains it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from warehouse.control import audit
from warehouse.control.database import reading, writing
from warehouse.control.models import BreakExplanation
from warehouse.control.registers import now_utc
from warehouse.errors import UsageError
from warehouse.settings import Settings


@dataclass(frozen=True)
class Explanation:
    """One explanation of one break."""

    break_key: str
    tenant_id: str
    explained_by: str
    reason: str
    at: datetime


def explain_break(
    settings: Settings, *, break_key: str, explained_by: str, reason: str, tenant_id: str = ""
) -> Explanation:
    """Record an explanation. Nothing is overwritten: the newest one counts.

    Raises:
        UsageError: name or reason is empty.
    """
    if not explained_by.strip() or not reason.strip():
        raise UsageError(
            "An explanation needs a name and a reason.",
            where=f"break {break_key}",
            todo="say who explains it and why the figures differ",
        )
    explanation = Explanation(
        break_key=break_key,
        tenant_id=tenant_id or settings.tenant,
        explained_by=explained_by.strip(),
        reason=reason.strip(),
        at=now_utc(),
    )
    with writing(settings) as session:
        session.add(BreakExplanation(**vars(explanation)))
        audit.append(
            session,
            actor=explanation.explained_by,
            action="break.explained",
            object_type="break",
            object_id=break_key,
            details={"reason": explanation.reason},
        )
    return explanation


def break_explanations(settings: Settings, *, tenant_id: str | None = None) -> list[Explanation]:
    """The newest explanation of each break, by break key."""
    query = select(BreakExplanation).order_by(BreakExplanation.explanation_id)
    if tenant_id is not None:
        query = query.where(BreakExplanation.tenant_id == tenant_id)
    with reading(settings) as session:
        newest = {
            row.break_key: Explanation(
                row.break_key, row.tenant_id, row.explained_by, row.reason, row.at
            )
            for row in session.scalars(query)
        }
    return [newest[key] for key in sorted(newest)]

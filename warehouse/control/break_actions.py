"""What people do about a break beside explaining it: give it to somebody, settle it, reopen it.

The difference itself is never touched: whoever settles a break says so of the amount they saw, and
a break whose amount has moved since is open again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from warehouse.control import audit
from warehouse.control.database import reading, writing
from warehouse.control.models import BREAK_ACTIONS, BreakAction
from warehouse.control.registers import now_utc
from warehouse.errors import UsageError
from warehouse.settings import Settings


@dataclass(frozen=True)
class Action:
    """One thing that a person did about one break.

    Attributes:
        action: assigned, resolved or reopened.
        assigned_to: whose it is from now on; only of an assignment.
        amount: the difference they saw, in the break's own unit.
    """

    break_key: str
    tenant_id: str
    action: str
    assigned_to: str | None
    amount: Decimal
    acted_by: str
    reason: str
    at: datetime


def act_on_break(
    settings: Settings,
    *,
    break_key: str,
    action: str,
    amount: Decimal,
    acted_by: str,
    reason: str,
    assigned_to: str | None = None,
    tenant_id: str = "",
) -> Action:
    """Record an action and its line of the audit log, both or neither.

    Raises:
        UsageError: an unknown action, no name or reason, or an assignment to nobody.
    """
    where = f"break {break_key}"
    if action not in BREAK_ACTIONS:
        raise UsageError(
            f"A break cannot be {action}.", where=where, todo=f"one of {', '.join(BREAK_ACTIONS)}"
        )
    if not acted_by.strip() or not reason.strip():
        raise UsageError(
            f"A break is {action} with a name and a reason.",
            where=where,
            todo="say who does it and why",
        )
    if (action == "assigned") != bool(assigned_to and assigned_to.strip()):
        raise UsageError("A break is assigned to somebody.", where=where, todo="name the person")
    taken = Action(
        break_key=break_key,
        tenant_id=tenant_id or settings.tenant,
        action=action,
        assigned_to=assigned_to.strip() if assigned_to else None,
        amount=amount,
        acted_by=acted_by.strip(),
        reason=reason.strip(),
        at=now_utc(),
    )
    with writing(settings) as session:
        session.add(BreakAction(**{**vars(taken), "amount": f"{amount:f}"}))
        audit.append(
            session,
            actor=taken.acted_by,
            action=f"break.{action}",
            object_type="break",
            object_id=break_key,
            details={
                "reason": taken.reason,
                "amount": f"{amount:f}",
                **({"assigned_to": taken.assigned_to} if taken.assigned_to else {}),
            },
        )
    return taken


def break_actions(settings: Settings) -> list[Action]:
    """Everything people did about breaks, oldest first."""
    with reading(settings) as session:
        return [
            Action(
                row.break_key,
                row.tenant_id,
                row.action,
                row.assigned_to,
                Decimal(row.amount),
                row.acted_by,
                row.reason,
                row.at,
            )
            for row in session.scalars(select(BreakAction).order_by(BreakAction.action_id))
        ]

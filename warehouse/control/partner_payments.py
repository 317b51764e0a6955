"""What payment runs paid a partner, as it was known at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from warehouse.control.database import reading
from warehouse.control.models import AuditRow
from warehouse.control.partner_models import PartnerRun
from warehouse.control.partner_runs import RunLine, find_run
from warehouse.settings import Settings


@dataclass(frozen=True)
class Payment:
    """What one paid run paid a partner; a line that carried everything over paid nothing."""

    run_id: str
    period: str
    """The month the run was made for."""
    paid_on: date
    line: RunLine


def payments_to(
    settings: Settings, partner_key: str, *, until: date, known_by: datetime
) -> list[Payment]:
    """Payments dated up to a day, oldest first.

    Args:
        settings: the installation.
        partner_key: tenant/partner.
        until: the last day on which a run was paid.
        known_by: UTC; a run that was noted as paid after it is left out, so that what was said once
            is said again.
    """
    with reading(settings) as session:
        paid = session.execute(
            select(PartnerRun.run_id, PartnerRun.period, PartnerRun.paid_on)
            .join(AuditRow, AuditRow.object_id == PartnerRun.run_id)
            .where(
                PartnerRun.tenant_id == partner_key.partition("/")[0],
                PartnerRun.paid_on <= until,
                AuditRow.object_type == "partner_run",
                AuditRow.action == "partner_run.paid",
                AuditRow.at <= known_by,
            )
            .order_by(PartnerRun.paid_on, PartnerRun.run_id)
        ).all()
    return [
        Payment(run_id, period, paid_on, line)
        for run_id, period, paid_on in paid
        if paid_on is not None
        for line in find_run(settings, run_id).lines
        if line.partner_key == partner_key
    ]

"""Tables of partner payment runs: what was worked out, who approved it, what was paid.

Amounts are exact decimal texts: what was approved must stay what it was, whatever the warehouse
learns later.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.control.models import Base

RUN_STATES = ("accrued", "reviewed", "approved", "sent", "paid", "reconciled", "withdrawn")


class PartnerRun(Base):
    """One payment run over a month."""

    __tablename__ = "partner_runs"

    run_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(60), index=True)
    period: Mapped[str] = mapped_column(String(7))
    snapshot_id: Mapped[int] = mapped_column(BigInteger)
    code_version: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(20))
    maker: Mapped[str] = mapped_column(String(120))
    reviewer: Mapped[str | None] = mapped_column(String(120))
    checker: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(DateTime)
    approved_at: Mapped[datetime | None] = mapped_column(DateTime)
    paid_on: Mapped[date | None] = mapped_column(Date)
    left_out_json: Mapped[str] = mapped_column(Text)
    """Partners the run could not pay, each with the reason."""
    files_json: Mapped[str] = mapped_column(Text)
    """One entry a payment file: name, sha256, bytes, path relative to the archive."""


class PartnerRunLine(Base):
    """What a run pays one partner, in the currency he is paid in."""

    __tablename__ = "partner_run_lines"

    run_id: Mapped[str] = mapped_column(ForeignKey("partner_runs.run_id"), primary_key=True)
    partner_key: Mapped[str] = mapped_column(String(160), primary_key=True)
    line_number: Mapped[int] = mapped_column(Integer)
    payout_currency: Mapped[str] = mapped_column(String(10))
    method: Mapped[str] = mapped_column(String(20))
    carried_in_amount: Mapped[str] = mapped_column(String(48))
    earned_amount: Mapped[str] = mapped_column(String(48))
    """Of trades of the run's month."""
    corrected_amount: Mapped[str] = mapped_column(String(48))
    """What earlier months turned out to be more or less, and what their hold released."""
    clawed_back_amount: Mapped[str] = mapped_column(String(48))
    let_go_amount: Mapped[str] = mapped_column(String(48))
    paid_amount: Mapped[str] = mapped_column(String(48))
    carried_out_amount: Mapped[str] = mapped_column(String(48))
    held_amount: Mapped[str] = mapped_column(String(48))
    """Of the month, but still on hold: no part of what is paid."""
    note: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(String(35))
    """The end-to-end id of the payment, by which the bank's line is known."""
    settled_amount: Mapped[str | None] = mapped_column(String(48))
    settled_by: Mapped[str | None] = mapped_column(String(240))
    """The bank's or wallet's line that paid it."""


class PartnerRunSource(Base):
    """What a run took over from the commission ledger, in the currency it was booked in."""

    __tablename__ = "partner_run_sources"

    run_id: Mapped[str] = mapped_column(ForeignKey("partner_runs.run_id"), primary_key=True)
    partner_key: Mapped[str] = mapped_column(String(160), primary_key=True)
    ledger_currency: Mapped[str] = mapped_column(String(10), primary_key=True)
    booked_amount: Mapped[str] = mapped_column(String(48))
    converted_amount: Mapped[str] = mapped_column(String(48))

"""Tables of the control database: what people decide and what left the house.

Money and records of trading are never here: they live in the warehouse. Times are UTC without a
zone, JSON is canonical text (sorted keys), so that a hash over a row is the same on every database.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, DateTime, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

FILING_STATES = (
    "due",
    "generated",
    "validated",
    "approved",
    "submitted",
    "acknowledged",
    "rejected",
    "corrected",
)


class Base(DeclarativeBase):
    """Parent of all control tables."""


class Filing(Base):
    """One run of one filing: what was counted, from which snapshot, by which code and rules."""

    __tablename__ = "filings"
    __table_args__ = (
        UniqueConstraint(
            "regime",
            "spec_version",
            "tenant_id",
            "legal_entity",
            "period_to",
            "snapshot_id",
            "code_version",
            "rule_set_hash",
            name="uq_filings_inputs",
        ),
    )

    filing_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    regime: Mapped[str] = mapped_column(String(60))
    spec_version: Mapped[str] = mapped_column(String(40))
    tenant_id: Mapped[str] = mapped_column(String(60))
    legal_entity: Mapped[str] = mapped_column(String(60))
    """Empty: the filing covers every legal entity of the tenant."""
    period_from: Mapped[date] = mapped_column(Date)
    period_to: Mapped[date] = mapped_column(Date)
    snapshot_id: Mapped[int] = mapped_column(BigInteger)
    published_at: Mapped[datetime] = mapped_column(DateTime)
    code_version: Mapped[str] = mapped_column(String(120))
    rule_set_hash: Mapped[str] = mapped_column(String(64))
    parameters_json: Mapped[str] = mapped_column(Text)
    population: Mapped[int] = mapped_column(Integer)
    included: Mapped[int] = mapped_column(Integer)
    excluded_json: Mapped[str] = mapped_column(Text)
    """Number of excluded records by reason."""
    result_json: Mapped[str] = mapped_column(Text)
    validation_json: Mapped[str] = mapped_column(Text)
    """One entry a rule: id, what, population, broken."""
    files_json: Mapped[str] = mapped_column(Text)
    """One entry a file: name, sha256, bytes, path relative to the archive."""
    state: Mapped[str] = mapped_column(String(20))
    maker: Mapped[str] = mapped_column(String(120))
    checker: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(DateTime)


class Statement(Base):
    """One statement file that was made: its number, its bytes and what it was made from."""

    __tablename__ = "statements"
    __table_args__ = (
        UniqueConstraint("statement_number", "format", "sha256", name="uq_statements_bytes"),
        Index("ix_statements_subject", "tenant_id", "subject_key", "period"),
    )

    statement_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    statement_number: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(20))
    """client, account or partner."""
    tenant_id: Mapped[str] = mapped_column(String(60))
    subject_key: Mapped[str] = mapped_column(String(160))
    """client_key, account_key or partner_key."""
    period: Mapped[str] = mapped_column(String(21))
    snapshot_id: Mapped[int] = mapped_column(BigInteger)
    code_version: Mapped[str] = mapped_column(String(120))
    format: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(Text)
    """Relative to the archive."""
    replaces: Mapped[str | None] = mapped_column(String(160))
    """Number of the statement of the same period that this one restates."""
    made_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(DateTime)


class BreakExplanation(Base):
    """A person's explanation of a break, with name and reason; never edited, only added to."""

    __tablename__ = "break_explanations"

    explanation_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    break_key: Mapped[str] = mapped_column(String(240), index=True)
    tenant_id: Mapped[str] = mapped_column(String(60))
    explained_by: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime)


BREAK_ACTIONS = ("assigned", "resolved", "reopened")


class BreakAction(Base):
    """What a person did about a break; never edited, only added to."""

    __tablename__ = "break_actions"

    action_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    break_key: Mapped[str] = mapped_column(String(240), index=True)
    tenant_id: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(20))
    """One of BREAK_ACTIONS."""
    assigned_to: Mapped[str | None] = mapped_column(String(120))
    amount: Mapped[str] = mapped_column(String(50))
    """The difference that the person saw, as a decimal in text."""
    acted_by: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime)


class AuditRow(Base):
    """One link of the audit chain: `hash` covers the row and the hash before it."""

    __tablename__ = "audit_log"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime)
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(80))
    object_type: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[str] = mapped_column(String(240))
    details_json: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)

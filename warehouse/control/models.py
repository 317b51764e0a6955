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


class Paper(Base):
    """One numbered paper of a client: what it says, from which snapshot, under which number.

    Numbers of a series run without a gap: 1, 2, 3, ... for each tenant and year.
    """

    __tablename__ = "papers"
    __table_args__ = (
        UniqueConstraint("tenant_id", "series", "year", "sequence", name="uq_papers_sequence"),
        Index("ix_papers_subject", "tenant_id", "kind", "subject_key", "period_to"),
    )

    paper_number: Mapped[str] = mapped_column(String(160), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(60))
    series: Mapped[str] = mapped_column(String(8))
    year: Mapped[int] = mapped_column(Integer)
    """Year of the period's last day."""
    sequence: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))
    subject_key: Mapped[str] = mapped_column(String(160))
    period: Mapped[str] = mapped_column(String(21))
    period_kind: Mapped[str] = mapped_column(String(8))
    period_from: Mapped[date] = mapped_column(Date)
    period_to: Mapped[date] = mapped_column(Date)
    snapshot_id: Mapped[int] = mapped_column(BigInteger)
    published_at: Mapped[datetime] = mapped_column(DateTime)
    version: Mapped[int] = mapped_column(Integer)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Hash of the exact figures: equal figures are not issued twice."""
    presentation_sha256: Mapped[str] = mapped_column(String(64))
    balances_json: Mapped[str] = mapped_column(Text)
    """By account: opening and closing balance, closing credit, equity; exact, as text."""
    replaces: Mapped[str | None] = mapped_column(String(160))
    made_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(DateTime)


class Delivery(Base):
    """One attempt to deliver one file of a paper; the address itself is personal and not kept."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_paper", "paper_number", "format", "channel"),)

    delivery_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    paper_number: Mapped[str] = mapped_column(String(160))
    format: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(20))
    """mail or sftp."""
    attempt: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(20))
    """delivered, refused (trying again is useless) or failed."""
    detail: Mapped[str] = mapped_column(Text)
    """What the server said."""
    sha256: Mapped[str] = mapped_column(String(64))
    sent_by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(DateTime)


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

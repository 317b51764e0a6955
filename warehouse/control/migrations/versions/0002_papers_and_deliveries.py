"""Numbered papers of clients and the log of their delivery, both append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from warehouse.control.migrations.append_only import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("paper_number", sa.String(160), primary_key=True),
        sa.Column("tenant_id", sa.String(60), nullable=False),
        sa.Column("series", sa.String(8), nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject_key", sa.String(160), nullable=False),
        sa.Column("period", sa.String(21), nullable=False),
        sa.Column("period_kind", sa.String(8), nullable=False),
        sa.Column("period_from", sa.Date, nullable=False),
        sa.Column("period_to", sa.Date, nullable=False),
        sa.Column("snapshot_id", sa.BigInteger, nullable=False),
        sa.Column("published_at", sa.DateTime, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("presentation_sha256", sa.String(64), nullable=False),
        sa.Column("balances_json", sa.Text, nullable=False),
        sa.Column("replaces", sa.String(160)),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("tenant_id", "series", "year", "sequence", name="uq_papers_sequence"),
    )
    op.create_index(
        "ix_papers_subject", "papers", ["tenant_id", "kind", "subject_key", "period_to"]
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("paper_number", sa.String(160), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sent_by", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_deliveries_paper", "deliveries", ["paper_number", "format", "channel"])
    for statement in append_only(op.get_bind().dialect.name, "papers", "deliveries"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("papers and deliveries are records: they are never dropped")

"""Partner payment runs, their lines and what they took from the commission ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AMOUNT = sa.String(48)


def upgrade() -> None:
    op.create_table(
        "partner_runs",
        sa.Column("run_id", sa.String(120), primary_key=True),
        sa.Column("tenant_id", sa.String(60), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger, nullable=False),
        sa.Column("code_version", sa.String(120), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("maker", sa.String(120), nullable=False),
        sa.Column("reviewer", sa.String(120)),
        sa.Column("checker", sa.String(120)),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("approved_at", sa.DateTime),
        sa.Column("paid_on", sa.Date),
        sa.Column("left_out_json", sa.Text, nullable=False),
        sa.Column("files_json", sa.Text, nullable=False),
    )
    op.create_index("ix_partner_runs_tenant_id", "partner_runs", ["tenant_id"])
    op.create_table(
        "partner_run_lines",
        sa.Column("run_id", sa.String(120), sa.ForeignKey("partner_runs.run_id"), primary_key=True),
        sa.Column("partner_key", sa.String(160), primary_key=True),
        sa.Column("line_number", sa.Integer, nullable=False),
        sa.Column("payout_currency", sa.String(10), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("carried_in_amount", _AMOUNT, nullable=False),
        sa.Column("earned_amount", _AMOUNT, nullable=False),
        sa.Column("corrected_amount", _AMOUNT, nullable=False),
        sa.Column("clawed_back_amount", _AMOUNT, nullable=False),
        sa.Column("let_go_amount", _AMOUNT, nullable=False),
        sa.Column("paid_amount", _AMOUNT, nullable=False),
        sa.Column("carried_out_amount", _AMOUNT, nullable=False),
        sa.Column("held_amount", _AMOUNT, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("reference", sa.String(35), nullable=False),
        sa.Column("settled_amount", _AMOUNT),
        sa.Column("settled_by", sa.String(240)),
    )
    op.create_table(
        "partner_run_sources",
        sa.Column("run_id", sa.String(120), sa.ForeignKey("partner_runs.run_id"), primary_key=True),
        sa.Column("partner_key", sa.String(160), primary_key=True),
        sa.Column("ledger_currency", sa.String(10), primary_key=True),
        sa.Column("booked_amount", _AMOUNT, nullable=False),
        sa.Column("converted_amount", _AMOUNT, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("payment runs are records: they are never dropped")

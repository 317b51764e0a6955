"""Registers of filings and statements, break explanations, and the append-only audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from warehouse.control.migrations.append_only import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "filings",
        sa.Column("filing_id", sa.String(120), primary_key=True),
        sa.Column("regime", sa.String(60), nullable=False),
        sa.Column("spec_version", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(60), nullable=False),
        sa.Column("legal_entity", sa.String(60), nullable=False),
        sa.Column("period_from", sa.Date, nullable=False),
        sa.Column("period_to", sa.Date, nullable=False),
        sa.Column("snapshot_id", sa.BigInteger, nullable=False),
        sa.Column("published_at", sa.DateTime, nullable=False),
        sa.Column("code_version", sa.String(120), nullable=False),
        sa.Column("rule_set_hash", sa.String(64), nullable=False),
        sa.Column("parameters_json", sa.Text, nullable=False),
        sa.Column("population", sa.Integer, nullable=False),
        sa.Column("included", sa.Integer, nullable=False),
        sa.Column("excluded_json", sa.Text, nullable=False),
        sa.Column("result_json", sa.Text, nullable=False),
        sa.Column("validation_json", sa.Text, nullable=False),
        sa.Column("files_json", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("maker", sa.String(120), nullable=False),
        sa.Column("checker", sa.String(120)),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint(
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
    op.create_table(
        "statements",
        sa.Column("statement_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("statement_number", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("tenant_id", sa.String(60), nullable=False),
        sa.Column("subject_key", sa.String(160), nullable=False),
        sa.Column("period", sa.String(21), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger, nullable=False),
        sa.Column("code_version", sa.String(120), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("replaces", sa.String(160)),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("statement_number", "format", "sha256", name="uq_statements_bytes"),
    )
    op.create_index("ix_statements_subject", "statements", ["tenant_id", "subject_key", "period"])
    op.create_table(
        "break_explanations",
        sa.Column("explanation_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("break_key", sa.String(240), nullable=False),
        sa.Column("tenant_id", sa.String(60), nullable=False),
        sa.Column("explained_by", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_break_explanations_break_key", "break_explanations", ["break_key"])
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("object_type", sa.String(60), nullable=False),
        sa.Column("object_id", sa.String(240), nullable=False),
        sa.Column("details_json", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for statement in append_only(dialect, "audit_log", "break_explanations"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the registers and the audit log are records: they are never dropped")

"""What people did about a break: assigned, resolved, taken up again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from warehouse.control.migrations.append_only import append_only

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "break_actions",
        sa.Column("action_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("break_key", sa.String(240), nullable=False),
        sa.Column("tenant_id", sa.String(60), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("assigned_to", sa.String(120)),
        sa.Column("amount", sa.String(50), nullable=False),
        sa.Column("acted_by", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_break_actions_break_key", "break_actions", ["break_key"])
    for statement in append_only(op.get_bind().dialect.name, "break_actions"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("what people did about breaks is a record: it is never dropped")

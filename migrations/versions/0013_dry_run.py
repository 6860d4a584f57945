"""Dry runs of campaigns' drafts as rows, and what budgets had left by the hour.

Revision: 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dry_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("version_no", sa.Integer(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("receipts", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("(state = 'done') = (result IS NOT NULL)", name=op.f("ck_dry_run_result_of_done")),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'cancelled', 'failed')", name=op.f("ck_dry_run_state")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["staff_member.id"], name=op.f("fk_dry_run_asked_by")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_dry_run_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dry_run")),
    )
    op.create_index("ix_dry_run_newest", "dry_run", ["campaign_id", "asked_at"], unique=False)
    op.create_index(
        "uq_dry_run_under_way",
        "dry_run",
        ["campaign_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "budget_reading",
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("left_points", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_budget_reading_budget_id")),
        sa.PrimaryKeyConstraint("budget_id", "at", name=op.f("pk_budget_reading")),
    )


def downgrade() -> None:
    op.drop_table("budget_reading")
    op.drop_index(
        "uq_dry_run_under_way",
        table_name="dry_run",
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.drop_index("ix_dry_run_newest", table_name="dry_run")
    op.drop_table("dry_run")

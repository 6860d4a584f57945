"""Rewards that campaigns grant.

Revision: 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reward_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("voucher_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'issued', 'taken_back', 'kept')", name=op.f("ck_reward_grant_state")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'taken_back') OR voucher_id IS NOT NULL",
            name=op.f("ck_reward_grant_voucher"),
        ),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_reward_grant_receipt_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_reward_grant_shopper_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["campaign_version.id"], name=op.f("fk_reward_grant_version_id")
        ),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name=op.f("fk_reward_grant_reward_id")),
        sa.ForeignKeyConstraint(["voucher_id"], ["voucher.id"], name=op.f("fk_reward_grant_voucher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_grant")),
        sa.UniqueConstraint(
            "receipt_id",
            "round",
            "version_id",
            "reward_id",
            "n",
            name=op.f("uq_reward_grant_receipt_id_round_version_id_reward_id_n"),
        ),
        sa.UniqueConstraint("voucher_id", name=op.f("uq_reward_grant_voucher_id")),
    )
    op.create_index(
        "ix_reward_grant_waiting",
        "reward_grant",
        ["made_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_reward_grant_shopper", "reward_grant", ["shopper_id"])


def downgrade() -> None:
    op.drop_table("reward_grant")

"""What was told of objectives, and the sizes of segments that were told.

Revision: 0024, after 0023.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "objective_told",
        sa.Column("brand", sa.String(length=60), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("event", sa.String(length=30), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("by_side", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("reached_achieved", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("held_achieved", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "reached_achieved BETWEEN 0 AND reached", name=op.f("ck_objective_told_reached_achieved")
        ),
        sa.CheckConstraint("held_achieved BETWEEN 0 AND held", name=op.f("ck_objective_told_held_achieved")),
        sa.PrimaryKeyConstraint(
            "brand", "campaign", "event", "period", "currency", "by_side", name=op.f("pk_objective_told")
        ),
    )
    op.create_table(
        "told_segment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_told_segment_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_told_segment")),
    )
    op.create_index("ix_told_segment_near", "told_segment", ["brand_id", "size"])


def downgrade() -> None:
    op.drop_table("told_segment")
    op.drop_table("objective_told")

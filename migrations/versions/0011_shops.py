"""Chains' shops, and of which chains all are known.

Revision: 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("retailer", sa.Column("shops_complete_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "shop",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("folded", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("opens_at", sa.Time(), nullable=True),
        sa.Column("closes_at", sa.Time(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.CheckConstraint("folded <> ''", name=op.f("ck_shop_folded_not_empty")),
        sa.CheckConstraint(
            "(opens_at IS NULL) = (closes_at IS NULL)", name=op.f("ck_shop_both_hours_or_none")
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_shop_days_in_order")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_shop_retailer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop")),
        sa.UniqueConstraint("retailer_id", "folded", name=op.f("uq_shop_retailer_id_folded")),
    )


def downgrade() -> None:
    op.drop_table("shop")
    op.drop_column("retailer", "shops_complete_at")

"""What chains usually charge, and receipts by shop and time.

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chain_price",
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("sales", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_chain_price_retailer_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_chain_price_product_id")),
        sa.PrimaryKeyConstraint("retailer_id", "product_id", name=op.f("pk_chain_price")),
    )
    op.create_index(
        "ix_receipt_shop_time",
        "receipt",
        ["retailer_id", "store", "purchased_at"],
        postgresql_where=sa.text("store IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_receipt_shop_time", "receipt")
    op.drop_table("chain_price")

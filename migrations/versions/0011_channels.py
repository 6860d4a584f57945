"""Purchases that partners tell us of, what of them went back, and by what their buyers are known.

Revision: 0011, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "membership_code",
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=13), nullable=False),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_membership_code_shopper_id")),
        sa.PrimaryKeyConstraint("shopper_id", name=op.f("pk_membership_code")),
        sa.UniqueConstraint("code", name=op.f("uq_membership_code_code")),
    )
    op.create_table(
        "phone_key",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_phone_key_shopper_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_phone_key")),
    )
    op.create_index(op.f("ix_phone_key_shopper_id"), "phone_key", ["shopper_id"], unique=False)
    op.create_table(
        "purchase",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("order_no", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(length=11), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phone_digest", sa.LargeBinary(), nullable=True),
        sa.Column("shopper_id", sa.Uuid(), nullable=True),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("bought_milli", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "(state IN ('counted', 'repeated')) <= (receipt_id IS NOT NULL)",
            name=op.f("ck_purchase_ended_has_receipt"),
        ),
        sa.CheckConstraint("channel IN ('till', 'web', 'marketplace')", name=op.f("ck_purchase_channel")),
        sa.CheckConstraint(
            "state IN ('waiting', 'counted', 'repeated', 'forgotten')", name=op.f("ck_purchase_state")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_purchase_partner_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_purchase_receipt_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_purchase_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
        sa.UniqueConstraint("partner_id", "order_no", name=op.f("uq_purchase_partner_id_order_no")),
    )
    op.create_index(
        "ix_purchase_due",
        "purchase",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_purchase_phone_digest",
        "purchase",
        ["phone_digest"],
        unique=False,
        postgresql_where=sa.text("phone_digest IS NOT NULL"),
    )
    op.create_index(
        "ix_purchase_receipt_id",
        "purchase",
        ["receipt_id"],
        unique=False,
        postgresql_where=sa.text("receipt_id IS NOT NULL"),
    )
    op.create_index(
        "ix_purchase_shopper",
        "purchase",
        ["shopper_id", "received_at", "id"],
        unique=False,
        postgresql_where=sa.text("shopper_id IS NOT NULL"),
    )
    op.create_index(
        "ix_purchase_waits_until",
        "purchase",
        ["waits_until"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "purchase_return",
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("milli_by_line", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_purchase_return_purchase_id")
        ),
        sa.PrimaryKeyConstraint("purchase_id", "return_no", name=op.f("pk_purchase_return")),
    )


def downgrade() -> None:
    op.drop_table("purchase_return")
    op.drop_index(
        "ix_purchase_waits_until", table_name="purchase", postgresql_where=sa.text("state = 'waiting'")
    )
    op.drop_index(
        "ix_purchase_shopper", table_name="purchase", postgresql_where=sa.text("shopper_id IS NOT NULL")
    )
    op.drop_index(
        "ix_purchase_receipt_id", table_name="purchase", postgresql_where=sa.text("receipt_id IS NOT NULL")
    )
    op.drop_index(
        "ix_purchase_phone_digest",
        table_name="purchase",
        postgresql_where=sa.text("phone_digest IS NOT NULL"),
    )
    op.drop_index("ix_purchase_due", table_name="purchase", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("purchase")
    op.drop_index(op.f("ix_phone_key_shopper_id"), table_name="phone_key")
    op.drop_table("phone_key")
    op.drop_table("membership_code")

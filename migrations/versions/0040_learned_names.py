"""Names and EANs that receipts or admins teach, and which past lines got their products.

Revision: 0040, after 0031.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "learned_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=4), nullable=False),
        sa.Column("retailer_id", sa.Uuid(), nullable=True),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("receipts", sa.Integer(), nullable=False),
        sa.Column("shoppers", sa.Integer(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("first_seen_at", time, nullable=False),
        sa.Column("judged_at", time, nullable=False),
        sa.Column("acting_since", time, nullable=True),
        sa.Column("decided_at", time, nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("replay_asked_at", time, nullable=True),
        sa.Column("replay_after", sa.Uuid(), nullable=True),
        sa.Column("replayed", sa.Integer(), nullable=False),
        sa.Column("replayed_at", time, nullable=True),
        sa.CheckConstraint("subject IN ('name', 'ean')", name=op.f("ck_learned_link_subject")),
        sa.CheckConstraint(
            "state IN ('candidate', 'acting', 'withdrawn', 'not_ours')", name=op.f("ck_learned_link_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('candidate', 'acting') OR product_id IS NOT NULL",
            name=op.f("ck_learned_link_has_product"),
        ),
        sa.CheckConstraint("value <> ''", name=op.f("ck_learned_link_value_not_empty")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_learned_link_retailer_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_learned_link_product_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff_member.id"], name=op.f("fk_learned_link_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learned_link")),
        sa.UniqueConstraint(
            "subject",
            "retailer_id",
            "value",
            "product_id",
            name=op.f("uq_learned_link_subject_retailer_id_value_product_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_learned_link_product_id"), "learned_link", ["product_id"])
    op.create_index(
        "ix_learned_link_standing",
        "learned_link",
        ["subject", "retailer_id", "value"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state IN ('acting', 'not_ours')"),
    )
    op.create_table(
        "replayed_line",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("brand_before", sa.Uuid(), nullable=True),
        sa.Column("method_before", sa.String(length=20), nullable=True),
        sa.Column("score_before", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["receipt_line.id"], name=op.f("fk_replayed_line_line_id")),
        sa.ForeignKeyConstraint(["link_id"], ["learned_link.id"], name=op.f("fk_replayed_line_link_id")),
        sa.ForeignKeyConstraint(["brand_before"], ["brand.id"], name=op.f("fk_replayed_line_brand_before")),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_replayed_line")),
    )
    op.create_index(op.f("ix_replayed_line_link_id"), "replayed_line", ["link_id"])


def downgrade() -> None:
    op.drop_table("replayed_line")
    op.drop_table("learned_link")

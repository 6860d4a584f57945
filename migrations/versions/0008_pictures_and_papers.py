"""By what a picture and a paper are known again.

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photo_hash",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("code", postgresql.BIT(256), nullable=False),
        sa.Column("band_0", sa.Integer(), nullable=False),
        sa.Column("band_1", sa.Integer(), nullable=False),
        sa.Column("band_2", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_photo_hash_receipt_id")),
        sa.PrimaryKeyConstraint("receipt_id", "page", name=op.f("pk_photo_hash")),
    )
    for band in range(3):
        op.create_index(
            f"ix_photo_hash_band_{band}",
            "photo_hash",
            [f"band_{band}"],
            postgresql_include=["code", "receipt_id"],
        )
    op.create_table(
        "paper_key",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_paper_key_receipt_id")),
        sa.PrimaryKeyConstraint("key", "receipt_id", name=op.f("pk_paper_key")),
    )
    op.create_index(op.f("ix_paper_key_receipt_id"), "paper_key", ["receipt_id"])


def downgrade() -> None:
    op.drop_table("paper_key")
    op.drop_table("photo_hash")

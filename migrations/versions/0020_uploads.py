"""Uploads that arrive in parts.

Revision: 0020, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("page_sizes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("client_metadata", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint('"offset" >= 0 AND "offset" <= length', name=op.f("ck_upload_offset")),
        sa.CheckConstraint(
            '("offset" = length) = (receipt_id IS NOT NULL)', name=op.f("ck_upload_whole_is_a_receipt")
        ),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_upload_receipt_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_upload_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint(
            "shopper_id", "idempotency_key", name=op.f("uq_upload_shopper_id_idempotency_key")
        ),
    )
    op.create_index("ix_upload_expires", "upload", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_upload_expires", table_name="upload")
    op.drop_table("upload")

"""Where uploads come from, and what links shoppers.

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attested_key",
        sa.Column("key_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("attested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_attested_key")),
    )
    op.create_table(
        "shopper_link",
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=6), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('device', 'payout', 'paper')", name=op.f("ck_shopper_link_kind")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_shopper_link_shopper_id")),
        sa.PrimaryKeyConstraint("kind", "key", "shopper_id", name=op.f("pk_shopper_link")),
    )
    op.create_index("ix_shopper_link_shopper", "shopper_link", ["shopper_id", "kind"], unique=False)
    op.create_index(op.f("ix_shopper_link_last_seen_at"), "shopper_link", ["last_seen_at"], unique=False)
    op.create_table(
        "upload_origin",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("network", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("client", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("app_version", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.Column("attestation", sqlmodel.sql.sqltypes.AutoString(length=6), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_upload_origin_receipt_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_upload_origin_shopper_id")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_upload_origin")),
    )
    op.create_index("ix_upload_origin_device", "upload_origin", ["device", "uploaded_at"], unique=False)
    op.create_index("ix_upload_origin_shopper", "upload_origin", ["shopper_id", "uploaded_at"], unique=False)
    op.create_index(op.f("ix_upload_origin_uploaded_at"), "upload_origin", ["uploaded_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_upload_origin_uploaded_at"), table_name="upload_origin")
    op.drop_index("ix_upload_origin_shopper", table_name="upload_origin")
    op.drop_index("ix_upload_origin_device", table_name="upload_origin")
    op.drop_table("upload_origin")
    op.drop_index(op.f("ix_shopper_link_last_seen_at"), table_name="shopper_link")
    op.drop_index("ix_shopper_link_shopper", table_name="shopper_link")
    op.drop_table("shopper_link")
    op.drop_table("attested_key")

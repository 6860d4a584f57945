"""Files of figures, schedules of them, who fetched them, and keys of brands.

Revision: 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brand_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("begins", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["staff_member.id"], name=op.f("fk_brand_key_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_brand_key_digest")),
    )
    op.create_index(op.f("ix_brand_key_brand"), "brand_key", ["brand"], unique=False)
    op.create_table(
        "export_schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("brand", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("measures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("format", sqlmodel.sql.sqltypes.AutoString(length=13), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("every", sqlmodel.sql.sqltypes.AutoString(length=7), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("every IN ('week', 'month', 'quarter')", name=op.f("ck_export_schedule_every")),
        sa.CheckConstraint(
            "format IN ('csv', 'csv_semicolon', 'xlsx', 'parquet')", name=op.f("ck_export_schedule_format")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_export_schedule_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_schedule")),
    )
    op.create_index(op.f("ix_export_schedule_brand"), "export_schedule", ["brand"], unique=False)
    op.create_index(
        "ix_export_schedule_due",
        "export_schedule",
        ["next_on"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "insight_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=True),
        sa.Column("brand", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("measures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("format", sqlmodel.sql.sqltypes.AutoString(length=13), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "format IN ('csv', 'csv_semicolon', 'xlsx', 'parquet')", name=op.f("ck_insight_export_format")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["export_schedule.id"], name=op.f("fk_insight_export_schedule_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_insight_export_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insight_export")),
    )
    op.create_index("ix_insight_export_brand", "insight_export", ["brand", "asked_at"], unique=False)
    op.create_index(
        "ix_insight_export_expires",
        "insight_export",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("size_bytes > 0"),
    )
    op.create_index(
        "ix_insight_export_open",
        "insight_export",
        ["rung_at"],
        unique=False,
        postgresql_where=sa.text("written_at IS NULL AND failed IS NULL"),
    )
    op.create_table(
        "export_download",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["insight_export.id"], name=op.f("fk_export_download_export_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_export_download_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_download")),
    )
    op.create_index(op.f("ix_export_download_export_id"), "export_download", ["export_id"], unique=False)
    op.create_table(
        "retailer_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("brand", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("axis", sqlmodel.sql.sqltypes.AutoString(length=6), nullable=False),
        sa.Column("value", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("axis IN ('chain', 'region')", name=op.f("ck_retailer_access_axis")),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["staff_member.id"], name=op.f("fk_retailer_access_invited_by")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_retailer_access_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retailer_access")),
    )
    op.create_index(
        "uq_retailer_access_standing",
        "retailer_access",
        ["staff_id", "brand"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_retailer_access_brand",
        "retailer_access",
        ["brand"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.add_column("insight_access", sa.Column("key_id", sa.Uuid(), nullable=True))
    op.alter_column("insight_access", "staff_id", existing_type=sa.UUID(), nullable=True)
    op.create_foreign_key(op.f("fk_insight_access_key_id"), "insight_access", "brand_key", ["key_id"], ["id"])
    op.create_check_constraint("one_asker", "insight_access", "(staff_id IS NULL) <> (key_id IS NULL)")


def downgrade() -> None:
    op.drop_table("retailer_access")
    op.drop_constraint(op.f("ck_insight_access_one_asker"), "insight_access", type_="check")
    op.execute("DELETE FROM insight_access WHERE staff_id IS NULL")
    op.drop_constraint(op.f("fk_insight_access_key_id"), "insight_access", type_="foreignkey")
    op.alter_column("insight_access", "staff_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("insight_access", "key_id")
    op.drop_index(op.f("ix_export_download_export_id"), table_name="export_download")
    op.drop_table("export_download")
    op.drop_index(
        "ix_insight_export_open",
        table_name="insight_export",
        postgresql_where=sa.text("written_at IS NULL AND failed IS NULL"),
    )
    op.drop_index(
        "ix_insight_export_expires", table_name="insight_export", postgresql_where=sa.text("size_bytes > 0")
    )
    op.drop_index("ix_insight_export_brand", table_name="insight_export")
    op.drop_table("insight_export")
    op.drop_index(
        "ix_export_schedule_due", table_name="export_schedule", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index(op.f("ix_export_schedule_brand"), table_name="export_schedule")
    op.drop_table("export_schedule")
    op.drop_index(op.f("ix_brand_key_brand"), table_name="brand_key")
    op.drop_table("brand_key")

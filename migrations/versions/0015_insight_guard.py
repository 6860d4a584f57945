"""what brands were told, and who asked

Revision ID: 0015_insight_guard
Revises: 0014_insight
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told_cell",
        sa.Column("brand", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(length=3), nullable=False),
        sa.Column("time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chain", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("product", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("buyers", sa.BigInteger(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "brand", "currency", "time", "chain", "region", "product", name=op.f("pk_told_cell")
        ),
    )
    op.create_index("ix_told_cell_near", "told_cell", ["brand", "currency", "buyers"], unique=False)
    op.create_table(
        "insight_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("brand", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("measure", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_insight_access_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insight_access")),
    )
    op.create_index("ix_insight_access_brand", "insight_access", ["brand", "asked_at"], unique=False)
    # Who withdrew or left since something was told: few rows, looked for by time.
    op.create_index(
        "ix_consent_no", "consent", ["said_at"], unique=False, postgresql_where=sa.text("NOT given")
    )
    op.create_index(
        "ix_shopper_erased",
        "shopper",
        ["erased_at"],
        unique=False,
        postgresql_where=sa.text("erased_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_shopper_erased", table_name="shopper")
    op.drop_index("ix_consent_no", table_name="consent")
    op.drop_table("insight_access")
    op.drop_table("told_cell")

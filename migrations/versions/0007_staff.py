"""One-time links and recovery codes of staff.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_link",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("sets_password", sa.Boolean(), nullable=False),
        sa.Column("sets_code", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sets_password OR sets_code", name=op.f("ck_staff_link_sets_something")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_staff_link_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_staff_link_token_digest")),
    )
    op.create_table(
        "staff_recovery_code",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("code_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_member.id"], name=op.f("fk_staff_recovery_code_staff_id")
        ),
        sa.PrimaryKeyConstraint("staff_id", "code_digest", name=op.f("pk_staff_recovery_code")),
    )


def downgrade() -> None:
    op.drop_table("staff_recovery_code")
    op.drop_table("staff_link")

"""When access ended, who failed to sign in from where, and times that every reader can show.

Revision ID: 0020
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0012"
branch_labels = None
depends_on = None

# What a driver can hand to Python; a correction could once leave it.
FIRST, PAST_LAST = "0001-01-02", "9999-12-31"
TIMES = {"purchased_at": "timestamp", "captured_at": "timestamptz"}


def upgrade() -> None:
    op.add_column("staff_member", sa.Column("access_from", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE staff_member SET access_from = joined_at")
    op.alter_column("staff_member", "access_from", nullable=False)
    op.add_column("staff_member", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "sign_in_failure",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("address_digest", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_sign_in_failure_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "address_digest", name=op.f("pk_sign_in_failure")),
    )
    for column, kind in TIMES.items():
        outside = f"{column} < {kind} '{FIRST}' OR {column} >= {kind} '{PAST_LAST}'"
        op.execute(f"UPDATE receipt SET {column} = NULL WHERE {outside}")  # noqa: S608 - our own names
        op.create_check_constraint(
            op.f(f"ck_receipt_{column}_shown"),
            "receipt",
            f"{column} >= '{FIRST}' AND {column} < '{PAST_LAST}'",
        )


def downgrade() -> None:
    for column in TIMES:
        op.drop_constraint(op.f(f"ck_receipt_{column}_shown"), "receipt")
    op.drop_table("sign_in_failure")
    op.drop_column("staff_member", "ended_at")
    op.drop_column("staff_member", "access_from")

"""What the columnar store has yet to be told, how far it is filled, and in which region a store is.

Revision: 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "insight_due",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('receipt', 'shopper', 'campaign', 'offer')", name=op.f("ck_insight_due_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insight_due")),
    )
    op.create_table(
        "insight_rebuild",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("receipts", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_insight_rebuild_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insight_rebuild")),
    )


def downgrade() -> None:
    op.drop_table("insight_rebuild")
    op.drop_table("insight_due")

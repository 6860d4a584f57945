"""What refused receipts would have earned.

Revision: 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withheld_points",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_withheld_points_receipt_id")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_withheld_points")),
    )


def downgrade() -> None:
    op.drop_table("withheld_points")

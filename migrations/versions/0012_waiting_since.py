"""Receipts keep since when they wait for a person apart from when reading was over; chores have a row each.

Revision: 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

IN_REVIEW = sa.text("status = 'in_review'")


def upgrade() -> None:
    op.add_column("receipt", sa.Column("postponed", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("receipt", "postponed", server_default=None)
    op.add_column("receipt", sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE receipt SET waiting_since = coalesce(settled_at, received_at) WHERE status = 'in_review'"
    )
    # What people decided moved settled_at: it was over with reading when the case first came to them.
    op.execute(
        """
        UPDATE receipt SET settled_at = first.waiting_since,
            waiting_since = coalesce(receipt.waiting_since, last.waiting_since)
        FROM (
            SELECT DISTINCT ON (receipt_id) receipt_id, waiting_since FROM review_decision
            WHERE waiting_since IS NOT NULL ORDER BY receipt_id, decided_at
        ) AS first
        JOIN (
            SELECT DISTINCT ON (receipt_id) receipt_id, waiting_since FROM review_decision
            WHERE waiting_since IS NOT NULL ORDER BY receipt_id, decided_at DESC
        ) AS last USING (receipt_id)
        WHERE receipt.id = first.receipt_id
        """
    )
    op.create_check_constraint(
        op.f("ck_receipt_in_review_since"), "receipt", "status <> 'in_review' OR waiting_since IS NOT NULL"
    )
    op.drop_index("ix_receipt_in_review", table_name="receipt")
    op.create_index("ix_receipt_in_review", "receipt", ["waiting_since", "id"], postgresql_where=IN_REVIEW)
    op.create_index(
        "ix_receipt_unreadable",
        "receipt",
        ["settled_at", "id"],
        postgresql_where=sa.text("status = 'unreadable'"),
    )
    op.alter_column("staff_act", "staff_id", nullable=True)
    op.create_table(
        "chore",
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_chore")),
    )


def downgrade() -> None:
    op.drop_table("chore")
    op.execute("ALTER TABLE staff_act DISABLE TRIGGER USER")
    op.execute("DELETE FROM staff_act WHERE staff_id IS NULL")
    op.execute("ALTER TABLE staff_act ENABLE TRIGGER USER")
    op.alter_column("staff_act", "staff_id", nullable=False)
    op.drop_index("ix_receipt_unreadable", table_name="receipt")
    op.drop_index("ix_receipt_in_review", table_name="receipt")
    op.create_index("ix_receipt_in_review", "receipt", ["settled_at", "id"], postgresql_where=IN_REVIEW)
    op.drop_constraint(op.f("ck_receipt_in_review_since"), "receipt", type_="check")
    op.drop_column("receipt", "waiting_since")
    op.drop_column("receipt", "postponed")

"""A paper is paid once whoever approves: what was read stays beside what was corrected, and copies are found.

Revision: 0030, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receipt_line", sa.Column("amount_read_minor", sa.BigInteger(), nullable=True))
    op.add_column(
        "review_proposal",
        sa.Column("pays_again", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index(
        "ix_receipt_approved_copies",
        "receipt",
        ["reasons"],
        postgresql_using="gin",
        postgresql_ops={"reasons": "jsonb_path_ops"},
        postgresql_where=sa.text("status = 'approved' AND reasons @? '$[*].evidence.matching_receipt_id'"),
    )
    op.execute(
        """
        CREATE FUNCTION refuse_reading_again() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'receipt % has ended', OLD.id USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    # A receipt that could not be read may be read again; one that was judged may not.
    op.execute(
        "CREATE TRIGGER receipt_has_ended BEFORE UPDATE OF status ON receipt FOR EACH ROW "
        "WHEN (OLD.status IN ('approved', 'in_review', 'rejected', 'reversed') "
        "AND NEW.status IN ('received', 'reading')) EXECUTE FUNCTION refuse_reading_again()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER receipt_has_ended ON receipt")
    op.execute("DROP FUNCTION refuse_reading_again()")
    op.drop_index("ix_receipt_approved_copies", table_name="receipt")
    op.drop_column("review_proposal", "pays_again")
    op.drop_column("receipt_line", "amount_read_minor")

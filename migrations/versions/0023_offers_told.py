"""What those who keep a campaign were told last of its being put first.

Revision: 0023, after 0022.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offer_told",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("shown_used", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("held_used", sa.Integer(), nullable=False),
        sa.CheckConstraint("shown_used BETWEEN 0 AND shown", name=op.f("ck_offer_told_shown_used")),
        sa.CheckConstraint("held_used BETWEEN 0 AND held", name=op.f("ck_offer_told_held_used")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_offer_told_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_offer_told")),
    )


def downgrade() -> None:
    op.drop_table("offer_told")

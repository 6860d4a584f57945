"""Whom measured campaigns are for.

Revision: 0019, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_audience",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_audience_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shopper.id"], name=op.f("fk_campaign_audience_shopper_id_shopper")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "shopper_id", name=op.f("pk_campaign_audience")),
    )
    op.create_index("ix_campaign_audience_shopper", "campaign_audience", ["shopper_id"])


def downgrade() -> None:
    op.drop_table("campaign_audience")

"""Brands and chains that an admin's file changed are left alone when the package is loaded again.

Revision: 0031, after 0030.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLES = ("brand", "retailer")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "imported_at")

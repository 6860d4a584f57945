"""Bands of pictures' codes become 27 bits, which the database works out of the code.

A worker of the release before can't keep a picture any more: its job fails and is retried by this one, so
no copy passes meanwhile. The table is written anew, 100 seconds for ten million pictures.

Revision: 0010, after 0009.
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _replace_bands(27)


def downgrade() -> None:
    _replace_bands(24)
    for band in range(3):
        op.execute(f"ALTER TABLE photo_hash ALTER COLUMN band_{band} DROP EXPRESSION")


def _replace_bands(width: int) -> None:
    # In one statement: the table is written once.
    drop = [f"DROP COLUMN band_{band}" for band in range(3)]
    add = [
        f"ADD COLUMN band_{band} integer GENERATED ALWAYS AS ({_bits(band, width)}) STORED NOT NULL"
        for band in range(3)
    ]
    op.execute(f"ALTER TABLE photo_hash {', '.join(drop)}")
    op.execute(f"ALTER TABLE photo_hash {', '.join(add)}")
    for band in range(3):
        op.create_index(
            f"ix_photo_hash_band_{band}",
            "photo_hash",
            [f"band_{band}"],
            postgresql_include=["code", "receipt_id"],
        )


def _bits(band: int, width: int) -> str:
    return " | ".join(f"(get_bit(code, {band + 3 * place}) << {place})" for place in range(width))

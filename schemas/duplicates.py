"""By what a receipt is known again: its pictures and what is printed on its paper."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Computed, Index, Integer
from sqlalchemy.dialects.postgresql import BIT
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import time_field

# As ocr/traces/codes.py makes them.
CODE_BITS = 256
BANDS = 3
BAND_BITS = 27


def _band(band: int) -> Column[int]:
    """A column that the database works out of the code: every third of its first bits."""
    bits = (f"(get_bit(code, {band + BANDS * place}) << {place})" for place in range(BAND_BITS))
    return Column(Integer, Computed(" | ".join(bits), persisted=True), nullable=False)


class PhotoHash(SQLModel, table=True):
    """One page's picture in 256 bits.

    `band_0` to `band_2` are its steadiest bits, 27 each: a copy shares one of them. Each band's
    index carries the code, so that a look-up reads no row of the table itself. The database works
    bands out, so that rows that an older release wrote have the same.
    """

    __tablename__ = "photo_hash"
    __table_args__ = tuple(
        Index(
            f"ix_photo_hash_band_{band}",
            f"band_{band}",
            postgresql_include=["code", "receipt_id"],
        )
        for band in range(BANDS)
    )

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    page: int = Field(primary_key=True)
    code: str = Field(sa_type=BIT(CODE_BITS))
    band_0: int = Field(sa_column=_band(0))
    band_1: int = Field(sa_column=_band(1))
    band_2: int = Field(sa_column=_band(2))


class PaperKey(SQLModel, table=True):
    """Something printed that few papers share, hashed: two of its facts, as date and total.

    Several keys a receipt, so that a misread character leaves others by which it is found.
    """

    __tablename__ = "paper_key"

    key: int = Field(primary_key=True, sa_type=BigInteger)
    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True, index=True)


class ReceiptClaim(SQLModel, table=True):
    """What only one receipt may hold: a picture's bytes, or what is printed on one paper.

    The primary key is what makes one paper earn once, whoever photographs it and however many
    do so at the same moment.
    """

    __tablename__ = "receipt_claim"

    key: str = Field(primary_key=True, max_length=80)
    receipt_id: UUID = Field(foreign_key="receipt.id", index=True)
    claimed_at: datetime = time_field()

"""Loyalty: what refused receipts would have earned."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import BigInteger, Field, SQLModel


class WithheldPoints(SQLModel, table=True):
    """What a refused receipt would have earned; gone when it waits or earns after all."""

    __tablename__ = "withheld_points"

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    points: int = Field(sa_type=BigInteger)

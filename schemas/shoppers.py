"""People: shoppers who send receipts, and staff who look after them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from schemas.base import id_field, time_field

StaffRole = Literal["brand_manager", "reviewer", "admin"]
Role = Literal["shopper", "brand_manager", "reviewer", "admin"]


class Shopper(SQLModel, table=True):
    """One shopper. `phone` is E.164 and the only personal data; erasure empties it."""

    id: UUID = id_field()
    phone: str | None = Field(default=None, unique=True, max_length=16)
    joined_at: datetime = time_field()
    erased_at: datetime | None = time_field(nullable=True)


class StaffMember(SQLModel, table=True):
    """One member of staff. `brands` holds brand slugs a brand manager may see."""

    __tablename__ = "staff_member"
    __table_args__ = (CheckConstraint("role IN ('brand_manager', 'reviewer', 'admin')", name="role"),)

    id: UUID = id_field()
    email: str = Field(unique=True, max_length=254)
    role: str = Field(max_length=20)
    brands: list[str] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    joined_at: datetime = time_field()

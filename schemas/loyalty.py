"""Loyalty: campaigns that say what earns, and the ledger of what was earned."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import id_field


class Campaign(SQLModel, table=True):
    """When receipts earn. Days are those of the till, both ends included.

    A receipt is taken until `accepted_days` after its printed date; earned points can be spent for
    `valid_days`, or for ever where that is null.
    """

    __table_args__ = (CheckConstraint("starts_on <= ends_on", name="days"),)

    id: UUID = id_field()
    slug: str = Field(unique=True, max_length=60)
    name: str
    starts_on: date
    ends_on: date
    accepted_days: int = 30
    valid_days: int | None = None


class EarningRule(SQLModel, table=True):
    """What one brand's spend earns: points for every 10 000 minor units, rounded down.

    Null days are the campaign's; no rows in EarningRuleRetailer means every known retailer.
    """

    __tablename__ = "earning_rule"
    __table_args__ = (
        UniqueConstraint("campaign_id", "brand_id"),
        CheckConstraint("points_per_10000_minor > 0", name="points_positive"),
    )

    id: UUID = id_field()
    campaign_id: UUID = Field(foreign_key="campaign.id")
    brand_id: UUID = Field(foreign_key="brand.id")
    points_per_10000_minor: int
    starts_on: date | None = None
    ends_on: date | None = None


class EarningRuleRetailer(SQLModel, table=True):
    """A retailer to which an earning rule is limited."""

    __tablename__ = "earning_rule_retailer"

    rule_id: UUID = Field(foreign_key="earning_rule.id", primary_key=True)
    retailer_id: UUID = Field(foreign_key="retailer.id", primary_key=True)


class WithheldPoints(SQLModel, table=True):
    """What a refused receipt would have earned; gone when it waits or earns after all."""

    __tablename__ = "withheld_points"

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    points: int = Field(sa_type=BigInteger)

"""Fraud review: what a person decided about a receipt, and what they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import time_field


class ChainPrice(SQLModel, table=True):
    """What a chain usually charges for a product: the middle of `sales` sales of the last week."""

    __tablename__ = "chain_price"

    retailer_id: UUID = Field(foreign_key="retailer.id", primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    price_minor: int = Field(sa_type=BigInteger)
    sales: int
    measured_at: datetime = time_field()


RuleMode = Literal["on", "shadow", "off"]


class DecisionBands(SQLModel, table=True):
    """From which score a campaign's receipts go to a person, or are refused; null never refuses.

    Approvals of receipts of `second_reviewer_from_minor` or more need two people; null needs one.
    """

    __tablename__ = "decision_bands"
    __table_args__ = (
        CheckConstraint("review_from > 0 AND review_from <= 1", name="review_from"),
        CheckConstraint("reject_from >= review_from AND reject_from <= 1", name="reject_from"),
        CheckConstraint("second_reviewer_from_minor > 0", name="second_reviewer"),
    )

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    review_from: float
    reject_from: float | None = None
    second_reviewer_from_minor: int | None = Field(default=None, sa_type=BigInteger)
    changed_at: datetime = time_field()
    changed_by: UUID = Field(foreign_key="staff_member.id")


class FraudRule(SQLModel, table=True):
    """How one rule acts, where an admin changed it: on, counted only (shadow) or off; its weight 0 to 1."""

    __tablename__ = "fraud_rule"
    __table_args__ = (
        CheckConstraint("mode IN ('on', 'shadow', 'off')", name="mode"),
        CheckConstraint("weight >= 0 AND weight <= 1", name="weight"),
    )

    code: str = Field(primary_key=True, max_length=60)
    mode: str = Field(max_length=6)
    weight: float
    changed_at: datetime = time_field()
    changed_by: UUID = Field(foreign_key="staff_member.id")


class RaisedSignal(SQLModel, table=True):
    """A rule that was raised when a receipt was assessed. `acting` is false for one in shadow."""

    __tablename__ = "raised_signal"
    __table_args__ = (Index("ix_raised_signal_code", "code", "raised_at"),)

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    code: str = Field(primary_key=True, max_length=60)
    severity: str = Field(max_length=6)
    strength: float
    acting: bool
    raised_at: datetime = time_field(index=True)

"""Models of how a brand's shoppers buy, as they are kept and shown."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric
from sqlmodel import Field, SQLModel

from schemas.base import json_field, time_field

# Why forecasts are shown, or not. Words under [verdict].
Verdict = Literal["shown", "too_few_repeat_buyers", "too_short", "not_found", "off_by_too_much"]
ModelOf = Literal["brand", "maker"]


class BrandModel(SQLModel, table=True):
    """What was last found of how a brand's shoppers buy, and where its groups are cut; of no single one.

    `whose` says on whose purchases it was fitted. `found` holds parameters and calibration, `cuts` the limits
    of classes, both as domain/insights/profile writes them.
    """

    __tablename__ = "brand_model"
    __table_args__ = (
        CheckConstraint(f"verdict IN {get_args(Verdict)}", name="verdict"),
        CheckConstraint(f"whose IN {get_args(ModelOf)}", name="whose"),
    )

    brand_id: UUID = Field(foreign_key="brand.id", primary_key=True)
    verdict: str = Field(max_length=24)
    whose: str = Field(max_length=5)
    as_of: date
    fitted_at: datetime = time_field()
    found: dict[str, Any] = json_field()
    cuts: dict[str, Any] = json_field()


class BrandMargin(SQLModel, table=True):
    """What of its price a brand keeps, by its own word: 0.3 is three tenths."""

    __tablename__ = "brand_margin"
    __table_args__ = (CheckConstraint("share > 0 AND share <= 1", name="share"),)

    brand_id: UUID = Field(foreign_key="brand.id", primary_key=True)
    share: Decimal = Field(sa_type=Numeric(5, 4))
    set_at: datetime = time_field()

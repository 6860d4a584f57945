"""Models of how a brand's shoppers buy, as they are kept and shown."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Numeric
from sqlmodel import Field, SQLModel

from schemas.base import Body, json_field, time_field

# Why forecasts are shown, or not. Words under [verdict].
Verdict = Literal["shown", "too_few_repeat_buyers", "too_short", "not_found", "off_by_too_much"]
ModelOf = Literal["brand", "maker"]
# And that nothing was fitted yet.
Standing = Literal[Verdict, "not_yet"]


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


class ModelParameters(Body):
    """What was fitted: rates of buying (`r`, `alpha`), of leaving (`a`, `b`), and what a purchase costs.

    That is expected to be the mean of a shopper's own and of `prior_occasions` others at `prior_spend`.
    """

    r: float = BodyField(description="Shape of the rates at which shoppers buy.")
    alpha: float = BodyField(description="Their scale, in weeks.")
    a: float = BodyField(description="Of the chances of leaving after a purchase.")
    b: float = BodyField(description="Of the same.")
    spending: Literal["gamma_gamma", "shrunken_mean"] = BodyField(description="How spend was found.")
    prior_occasions: float = BodyField(
        description="How many purchases of the average stand beside one's own."
    )
    prior_spend: float = BodyField(description="What each of them costs, in minor units.")
    correlation: float = BodyField(description="Of days bought on and mean spend; past 0.3 it is shrunken.")


class CalibrationDecile(Body):
    """A tenth of the shoppers, the likeliest buyers first: what was foreseen of 13 weeks, and what came."""

    shoppers: int = BodyField(description="How many.")
    forecast: float = BodyField(description="Days with a purchase, foreseen, all together.")
    seen: float = BodyField(description="The same, as they came.")


class ClassCuts(Body):
    """Where fifths are cut among shoppers who joined about as long ago; four cuts, low to high."""

    joined_days_from: int = BodyField(description="Days since they joined, from.")
    recency_days: list[float] = BodyField(description="Days since they last bought.")
    days_a_year: list[float] = BodyField(description="Days with a purchase in 364 days.")
    spend_a_year: list[float] = BodyField(description="Paid in 364 days, in major units.")


class BrandModelView(Body):
    """A brand's model with all it rests on. Forecasts are shown only where the verdict is `shown`.

    It is of people who scan: points change behaviour, receipts are a sample of trips, and who scans less
    looks as if they bought less.
    """

    brand: str = BodyField(description="Slug of the brand.")
    verdict: Standing = BodyField(description="Whether forecasts are shown, or why not.")
    whose: ModelOf = BodyField(description="On whose purchases it was fitted: the brand's, or its maker's.")
    as_of: date | None = BodyField(description="The last day it has seen; null: not fitted yet.")
    fitted_at: datetime | None = BodyField(description="When it was fitted; null: not yet.")
    repeat_buyers: int = BodyField(description="Who bought on two days or more, of those it was fitted on.")
    margin: float | None = BodyField(description="What of its price the brand keeps; null: value is spend.")
    parameters: ModelParameters | None = BodyField(description="What was fitted, where shown.")
    error: float | None = BodyField(description="Of all forecasts of 13 weeks: 0.1 is a tenth too many.")
    top_share: float | None = BodyField(description="Share of purchases that the first tenth made.")
    deciles: list[CalibrationDecile] = BodyField(description="Foreseen and seen, by tenths.")
    cuts: list[ClassCuts] = BodyField(description="Where classes are cut; none for a brand of few buyers.")
    groups: list[list[str]] = BodyField(
        description="Names of groups: rows by recency, the longest ago first; across, frequency and spend."
    )


class MarginBody(Body):
    """What of its price a brand keeps."""

    share: Annotated[Decimal, BodyField(gt=0, le=1, max_digits=5, decimal_places=4)] = BodyField(
        description="0.3 is three tenths."
    )

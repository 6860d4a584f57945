"""How a campaign will be judged, agreed before it is live: who is held out, how long is waited, for what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain.conditions import Slug
from schemas.base import Body, ShortText
from schemas.insight import ObjectiveEvent

OBJECTIVES_MAX: Final = 10
DAYS_USUAL: Final = 28
# Spans of the grid that brands' figures are told by; a week is too short for any of these.
ObjectivePeriod = Annotated[ShortText, StringConstraints(pattern=r"^20\d\d(-(Q[1-4]|0[1-9]|1[0-2]))?$")]
_OF_PRODUCTS: Final = "tried_new_product"


class Objective(Body):
    """So many of those whom the campaign is for do something in a period."""

    event: ObjectiveEvent = Field(description="What is to be achieved.")
    target: Annotated[int, Field(ge=1, le=10**9)] = Field(description="How many are to achieve it.")
    period: ObjectivePeriod = Field(
        description="In which year, quarter or month: `2026`, `2026-Q3`, `2026-09`."
    )
    product: Slug | None = Field(
        default=None, description="Slug of the product to be tried; any new one where nothing is said."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.product is not None and self.event != _OF_PRODUCTS:
            raise PydanticCustomError("product_without_trial", "A product is named where one is to be tried")
        return self

    @property
    def last_day(self) -> date:
        """Return the last day of its period."""
        year, _, part = self.period.partition("-")
        month = 12 if not part else int(part[1:]) * 3 if part.startswith("Q") else int(part)
        return date(int(year) + month // 12, month % 12 + 1, 1) - timedelta(days=1)


class Measuring(Body):
    """What of a campaign is measured afterwards. It is fixed once the campaign is live, whatever changes.

    With a hold-out, so many per cent of shoppers, and the permanent hold-out, get nothing of the campaign: at
    0 the permanent hold-out alone. Without, everybody takes part and no effect can be told.
    """

    holdout_percent: Annotated[int, Field(ge=0, le=50)] | None = Field(
        default=None, description="Per cent of shoppers held out of it; at 0 the permanent hold-out alone."
    )
    effect_days: Annotated[int, Field(ge=7, le=365)] = Field(
        default=DAYS_USUAL, description="Days after a shopper was assigned in which purchases count."
    )
    objectives: Annotated[tuple[Objective, ...], Field(max_length=OBJECTIVES_MAX)] = Field(
        default=(), description="What it is to achieve."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        said = [(one.event, one.period, one.product) for one in self.objectives]
        if len(set(said)) < len(said):
            raise PydanticCustomError("objectives_alike", "Two objectives are of one event and period")
        return self

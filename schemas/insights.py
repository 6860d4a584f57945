"""What brand managers ask and are told. No table of its own: it is read from receipts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from schemas.base import Body, ShortText

Period = Literal["day", "week", "month"]
Name = Annotated[ShortText, StringConstraints(min_length=1)]
# Days outside these are slips of the keyboard, and arithmetic on days stays inside the calendar.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Currency = Annotated[ShortText, StringConstraints(pattern="^[A-Z]{3}$")]


class ScopeQuery(Body):
    """Which purchases are meant: printed days (both included), chains, one currency."""

    first_day: Day | None = Field(
        default=None, alias="from", description="First printed day; by default 29 days before `to`."
    )
    last_day: Day | None = Field(default=None, alias="to", description="Last printed day; by default today.")
    retailer: list[Name] = Field(
        default_factory=list, max_length=50, description="Slug or name of a chain; may be repeated."
    )
    currency: Currency = Field(default="VND", description="Money of two currencies is never added up.")


class PurchasesQuery(ScopeQuery):
    """Which purchases are meant, down to products and amounts."""

    product: list[Name] = Field(
        default_factory=list, max_length=100, description="Slug of a product; may be repeated."
    )
    amount_min: Decimal = Field(
        default=Decimal(0), ge=0, le=10**12, description="Least `amount` of a line, in major units."
    )


class PurchasesPageQuery(PurchasesQuery):
    """One page of the purchases meant."""

    cursor: ShortText | None = None
    limit: int = Field(default=20, ge=1, le=100)


class SummaryQuery(ScopeQuery):
    """How figures are put together."""

    period: Period = "month"


class PurchaseView(Body):
    """One line of an approved receipt. Money is in major units of `currency`.

    `trip` and `shopper` are pseudonyms that only this brand sees. `purchased_at` is local time as
    printed, null where only the day could be read. `name` is as the till printed it. `paid` is
    `amount` less `discount`, the line's own; a discount on the whole receipt is not spread over lines.
    """

    id: UUID
    trip: str
    shopper: str
    retailer: str | None
    store: str | None
    purchased_on: date
    purchased_at: datetime | None
    product: str | None
    product_slug: str | None
    name: str
    quantity: float
    unit: str | None
    unit_price: float | None
    amount: float
    discount: float
    paid: float
    points: int
    currency: str


class PurchasesPage(Body):
    """Purchases, newest first; `next_cursor` is null on the last page."""

    brand: str
    first_day: date
    last_day: date
    currency: str
    purchases: list[PurchaseView]
    next_cursor: str | None


class Figures(Body):
    """What a group of purchases comes to; all null where `withheld`.

    `buyers` are different shoppers, `trips` different receipts. `units` counts what was bought, a
    weighed line as one. `spend` is the lines' `paid`, in major units. `points` is what they earned.
    """

    buyers: int | None
    trips: int | None
    units: int | None
    spend: float | None
    points: int | None
    withheld: bool


class PeriodFigures(Figures):
    """Figures of one chain in one period. `retailer` is null where the chain is not known."""

    period_start: date
    retailer: str | None


class RetailerFigures(Figures):
    """Figures of one chain. `spend_share` (0 to 1) is null where the total is withheld too."""

    retailer: str | None
    spend_share: float | None


class Summary(Body):
    """Figures by period and chain. A group without purchases has no row.

    `withheld_groups` rows are about fewer than `shoppers_min` shoppers and have no figures. `totals`
    covers every group, and is withheld where it would give the withheld ones away.
    """

    brand: str
    first_day: date
    last_day: date
    period: Period
    currency: str
    shoppers_min: int
    withheld_groups: int
    totals: Figures
    rows: list[PeriodFigures]


class RetailerShares(Body):
    """Figures by chain over all the days; withheld as in `Summary`."""

    brand: str
    first_day: date
    last_day: date
    currency: str
    shoppers_min: int
    withheld_groups: int
    totals: Figures
    rows: list[RetailerFigures]

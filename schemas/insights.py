"""What brand managers ask and are told. No table of its own: it is read from receipts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from schemas.base import Body, Day, ShortText

Period = Literal["day", "week", "month"]
Name = Annotated[ShortText, StringConstraints(min_length=1)]
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

    cursor: ShortText | None = Field(default=None, description="`next_cursor` of the page before.")
    limit: int = Field(default=20, ge=1, le=100, description="Most rows of the page.")


class SummaryQuery(ScopeQuery):
    """How figures are put together."""

    period: Period = Field(default="month", description="How long each row's period is.")


class PurchaseView(Body):
    """One line of an approved receipt. Money is in whole minor units, and in major ones.

    `trip` and `shopper` are pseudonyms that only this brand sees. `purchased_at` is local time as
    printed, null where only the day could be read. `name` is as the till printed it. `paid` is
    `amount` less `discount`, the line's own; a discount on the whole receipt is not spread over lines.
    """

    id: UUID = Field(description="The line's id.")
    trip: str = Field(description="Pseudonym of the receipt.")
    shopper: str = Field(description="Pseudonym of the shopper.")
    retailer: str | None = Field(description="Name of the chain; null where it is not known.")
    store: str | None = Field(description="Which shop of the chain.")
    purchased_on: date = Field(description="Printed day.")
    purchased_at: datetime | None = Field(description="Local time as printed, without a zone.")
    product: str | None = Field(description="Name of the product.")
    product_slug: str | None = Field(description="Its slug.")
    name: str = Field(description="As the till printed it.")
    quantity: float = Field(description="Pieces, or the weight in `unit`.")
    unit: str | None = Field(description="Unit as printed, of goods sold loose.")
    unit_price: float | None = Field(description="Price of one, in major units.")
    amount: float = Field(description="Before discounts, in major units.")
    discount: float = Field(description="What is taken off, positive, in major units.")
    paid: float = Field(description="`amount` less `discount`, in major units.")
    points: int = Field(description="What the line earned.")
    currency: str = Field(description="ISO 4217 code of every amount here.")
    unit_price_minor: int | None = Field(description="Price of one, in minor units.")
    amount_minor: int = Field(description="Before discounts, in minor units.")
    discount_minor: int = Field(description="What is taken off, positive, in minor units.")
    paid_minor: int = Field(description="`amount_minor` less `discount_minor`.")


class PurchasesPage(Body):
    """Purchases, newest first; `next_cursor` is null on the last page."""

    brand: str = Field(description="Slug of the brand.")
    first_day: date = Field(description="First printed day, included.")
    last_day: date = Field(description="Last printed day, included.")
    currency: str = Field(description="ISO 4217 code of every amount here.")
    purchases: list[PurchaseView] = Field(description="Purchases, newest first.")
    next_cursor: str | None = Field(description="Cursor of the next page; null on the last.")


class Figures(Body):
    """What a group of purchases comes to; all null where `withheld`.

    `buyers` are different shoppers, `trips` different receipts. `units` counts what was bought, a
    weighed line as one. `spend` is the lines' `paid`, in major units. `points` is what they earned.
    """

    buyers: int | None = Field(description="Different shoppers.")
    trips: int | None = Field(description="Different receipts.")
    units: int | None = Field(description="What was bought; a weighed line is one.")
    spend: float | None = Field(description="What was paid for it, in major units.")
    points: int | None = Field(description="What it earned.")
    withheld: bool = Field(description="Whether the group is too small to be told of.")
    spend_minor: int | None = Field(description="What was paid for it, in minor units.")


class PeriodFigures(Figures):
    """Figures of one chain in one period. `retailer` is null where the chain is not known."""

    period_start: date = Field(description="First day of the period.")
    retailer: str | None = Field(description="Name of the chain; null where it is not known.")


class RetailerFigures(Figures):
    """Figures of one chain. `spend_share` (0 to 1) is null where the total is withheld too."""

    retailer: str | None = Field(description="Name of the chain; null where it is not known.")
    spend_share: float | None = Field(
        description="Share of the spend, 0 to 1; null where the total is withheld."
    )


class Summary(Body):
    """Figures by period and chain. A group without purchases has no row.

    `withheld_groups` rows are about fewer than `shoppers_min` shoppers and have no figures. `totals`
    covers every group, and is withheld where it would give the withheld ones away.
    """

    brand: str = Field(description="Slug of the brand.")
    first_day: date = Field(description="First printed day, included.")
    last_day: date = Field(description="Last printed day, included.")
    period: Period = Field(description="How long each row's period is.")
    currency: str = Field(description="ISO 4217 code of every amount here.")
    shoppers_min: int = Field(description="Figures about fewer shoppers than this are withheld.")
    withheld_groups: int = Field(description="How many rows are withheld.")
    totals: Figures = Field(description="Over all rows, withheld where it would give one away.")
    rows: list[PeriodFigures] = Field(description="The groups, each with its figures.")


class RetailerShares(Body):
    """Figures by chain over all the days; withheld as in `Summary`."""

    brand: str = Field(description="Slug of the brand.")
    first_day: date = Field(description="First printed day, included.")
    last_day: date = Field(description="Last printed day, included.")
    currency: str = Field(description="ISO 4217 code of every amount here.")
    shoppers_min: int = Field(description="Figures about fewer shoppers than this are withheld.")
    withheld_groups: int = Field(description="How many rows are withheld.")
    totals: Figures = Field(description="Over all rows, withheld where it would give one away.")
    rows: list[RetailerFigures] = Field(description="The groups, each with its figures.")

"""What must hold of a receipt for a rule to pay: conditions as data, each kind with its own fields.

A condition is JSON that is checked field by field and tells the path of what is wrong; nothing of it is run.
"""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import ShortText

PARTS_MAX: Final = 20
NAMES_MAX: Final = 200
MINOR_MAX: Final = 10**12
UNITS_MAX: Final = 100_000
DAYS_MAX: Final = 36_600

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=160)]
Slugs = Annotated[tuple[Slug, ...], Field(max_length=NAMES_MAX)]
SomeSlugs = Annotated[tuple[Slug, ...], Field(min_length=1, max_length=NAMES_MAX)]
Category = Annotated[ShortText, StringConstraints(min_length=1, max_length=60)]
SomeNames = Annotated[
    tuple[Annotated[ShortText, StringConstraints(min_length=1)], ...],
    Field(min_length=1, max_length=NAMES_MAX),
]
Units = Annotated[int, Field(ge=1, le=UNITS_MAX)]


class Part(BaseModel):
    """A piece of a campaign's terms: unknown fields are refused, and it never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Goods(Part):
    """Which lines are meant: of any of these brands, products or categories, less some products.

    Without a brand, product or category: every line of the campaign's brands. Lines of other brands and of
    goods that may not be promoted are never meant.
    """

    brands: Slugs = ()
    products: Slugs = ()
    categories: Annotated[tuple[Category, ...], Field(max_length=NAMES_MAX)] = ()
    except_products: Slugs = ()


class BrandIn(Part):
    """A line is of one of these brands."""

    kind: Literal["brand_in"]
    brands: SomeSlugs


class ProductIn(Part):
    """A line is one of these products."""

    kind: Literal["product_in"]
    products: SomeSlugs


class CategoryIn(Part):
    """A line is of one of these categories."""

    kind: Literal["category_in"]
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=NAMES_MAX)]


class RetailerIn(Part):
    """Bought at one of these chains."""

    kind: Literal["retailer_in"]
    retailers: SomeSlugs


class StoreIn(Part):
    """Bought at one of these stores, by the name that their tills print."""

    kind: Literal["store_in"]
    stores: SomeNames


class RegionIn(Part):
    """Bought at an address that names one of these regions: `Đà Nẵng`, `Quận 10`."""

    kind: Literal["region_in"]
    regions: SomeNames


class Weekday(Part):
    """Bought on one of these days of the week; 1 is Monday, 7 Sunday."""

    kind: Literal["weekday"]
    days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1, max_length=7)]


class Hours(Part):
    """Bought between two hours of the till's clock, the first included; past midnight where it is later."""

    kind: Literal["hours"]
    since: time
    before: time

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.since == self.before or self.since.tzinfo or self.before.tzinfo:
            raise PydanticCustomError("no_hours", "Two different hours without a zone are needed")
        return self


class Days(Part):
    """Bought between two days, both included."""

    kind: Literal["days"]
    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise PydanticCustomError("days_in_disorder", "The last day is before the first")
        return self


class SpendMin(Part):
    """So much was paid for these goods, in minor units, discounts taken off."""

    kind: Literal["spend_min"]
    minor: Annotated[int, Field(ge=1, le=MINOR_MAX)]
    goods: Goods = Goods()


class UnitsMin(Part):
    """So many units of these goods were bought."""

    kind: Literal["units_min"]
    units: Units
    goods: Goods = Goods()


class BasketPart(Part):
    """So many units of some goods."""

    goods: Goods
    units: Units = 1


class Basket(Part):
    """All of these were bought together: A and B."""

    kind: Literal["basket"]
    parts: Annotated[tuple[BasketPart, ...], Field(min_length=1, max_length=PARTS_MAX)]


class FirstPurchase(Part):
    """The shopper's first approved receipt: of all, of the brands in it, or of the chain."""

    kind: Literal["first_purchase"]
    scope: Literal["programme", "brand", "retailer"] = "programme"


class NewProduct(Part):
    """A product of these goods that the shopper has never bought before."""

    kind: Literal["new_product"]
    goods: Goods = Goods()


class TierIn(Part):
    """The shopper has one of these tiers."""

    kind: Literal["tier_in"]
    tiers: SomeSlugs


class SegmentIn(Part):
    """The shopper is in one of these segments."""

    kind: Literal["segment_in"]
    segments: SomeSlugs


class ReceiptAgeMax(Part):
    """Sent in so many days after the purchase, at the latest."""

    kind: Literal["receipt_age_max"]
    days: Annotated[int, Field(ge=0, le=DAYS_MAX)]


class StampsMin(Part):
    """The shopper holds so many stamps on a card of this campaign, those of this receipt left out."""

    kind: Literal["stamps_min"]
    card: Slug
    stamps: Units


class All(Part):
    """All of these hold."""

    kind: Literal["all"]
    of: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=PARTS_MAX)]


class Any(Part):
    """At least one of these holds."""

    kind: Literal["any"]
    of: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=PARTS_MAX)]


class Nothing(Part):
    """None of these holds."""

    kind: Literal["none"]
    of: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=PARTS_MAX)]


Leaf = (
    BrandIn
    | ProductIn
    | CategoryIn
    | RetailerIn
    | StoreIn
    | RegionIn
    | Weekday
    | Hours
    | Days
    | SpendMin
    | UnitsMin
    | Basket
    | FirstPurchase
    | NewProduct
    | TierIn
    | SegmentIn
    | ReceiptAgeMax
    | StampsMin
)
Condition = Annotated[All | Any | Nothing | Leaf, Field(discriminator="kind")]

for _group in (All, Any, Nothing):
    _group.model_rebuild()

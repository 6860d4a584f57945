"""What must hold of a receipt for a rule to pay: conditions as data, each kind with its own fields.

A condition is JSON that is checked field by field and tells the path of what is wrong; nothing of it is run.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain.conditions import DAYS_MAX, MINOR_MAX, NAMES_MAX, PARTS_MAX, Group, Slug, SomeSlugs
from schemas.base import Body, Day, ShortText

UNITS_MAX: Final = 100_000

Slugs = Annotated[tuple[Slug, ...], Field(max_length=NAMES_MAX)]
Category = Annotated[ShortText, StringConstraints(min_length=1, max_length=60)]
SomeNames = Annotated[
    tuple[Annotated[ShortText, StringConstraints(min_length=1)], ...],
    Field(min_length=1, max_length=NAMES_MAX),
]
Units = Annotated[int, Field(ge=1, le=UNITS_MAX)]


class Goods(Body):
    """Which lines are meant: of any of these brands, products or categories, less some products.

    Without a brand, product or category: every line of the campaign's brands. Lines of other brands and of
    goods that may not be promoted are never meant.
    """

    brands: Slugs = Field(default=(), description="Slugs of brands.")
    products: Slugs = Field(default=(), description="Slugs of products.")
    categories: Annotated[tuple[Category, ...], Field(max_length=NAMES_MAX)] = Field(
        default=(), description="Categories of the catalogue."
    )
    except_products: Slugs = Field(default=(), description="Slugs of products that are left out.")


class BrandIn(Body):
    """A line is of one of these brands."""

    kind: Literal["brand_in"] = Field(description="Says which kind it is.")
    brands: SomeSlugs = Field(description="Slugs of brands.")


class ProductIn(Body):
    """A line is one of these products."""

    kind: Literal["product_in"] = Field(description="Says which kind it is.")
    products: SomeSlugs = Field(description="Slugs of products.")


class CategoryIn(Body):
    """A line is of one of these categories."""

    kind: Literal["category_in"] = Field(description="Says which kind it is.")
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=NAMES_MAX)] = Field(
        description="Categories of the catalogue."
    )


class RetailerIn(Body):
    """Bought at one of these chains."""

    kind: Literal["retailer_in"] = Field(description="Says which kind it is.")
    retailers: SomeSlugs = Field(description="Slugs of chains.")


class StoreIn(Body):
    """Bought at one of these stores, by the name that their tills print."""

    kind: Literal["store_in"] = Field(description="Says which kind it is.")
    stores: SomeNames = Field(description="Names of stores, as printed.")


class RegionIn(Body):
    """Bought at an address that names one of these regions: `Đà Nẵng`, `Quận 10`."""

    kind: Literal["region_in"] = Field(description="Says which kind it is.")
    regions: SomeNames = Field(description="Names that the address holds.")


class Weekday(Body):
    """Bought on one of these days of the week; 1 is Monday, 7 Sunday."""

    kind: Literal["weekday"] = Field(description="Says which kind it is.")
    days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1, max_length=7)] = Field(
        description="1 is Monday, 7 Sunday."
    )


class Hours(Body):
    """Bought between two hours of the till's clock, the first included; past midnight where it is later."""

    kind: Literal["hours"] = Field(description="Says which kind it is.")
    since: time = Field(description="The first hour.")
    before: time = Field(description="The hour at which it is over.")

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.since == self.before or self.since.tzinfo or self.before.tzinfo:
            raise PydanticCustomError("no_hours", "Two different hours without a zone are needed")
        return self


class Days(Body):
    """Bought between two days, both included."""

    kind: Literal["days"] = Field(description="Says which kind it is.")
    first: Day = Field(description="The first day.")
    last: Day = Field(description="The last day, included.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise PydanticCustomError("days_in_disorder", "The last day is before the first")
        return self


class SpendMin(Body):
    """So much was paid for these goods, in minor units, discounts taken off."""

    kind: Literal["spend_min"] = Field(description="Says which kind it is.")
    minor: Annotated[int, Field(ge=1, le=MINOR_MAX)] = Field(description="What must be paid, in minor units.")
    goods: Goods = Field(default=Goods(), description="Which goods are meant.")


class UnitsMin(Body):
    """So many units of these goods were bought."""

    kind: Literal["units_min"] = Field(description="Says which kind it is.")
    units: Units = Field(description="How many units are needed.")
    goods: Goods = Field(default=Goods(), description="Which goods are meant.")


class BasketPart(Body):
    """So many units of some goods."""

    goods: Goods = Field(description="Which goods are meant.")
    units: Units = Field(default=1, description="How many of them.")


class Basket(Body):
    """All of these were bought together: A and B."""

    kind: Literal["basket"] = Field(description="Says which kind it is.")
    parts: Annotated[tuple[BasketPart, ...], Field(min_length=1, max_length=PARTS_MAX)] = Field(
        description="What must be bought together."
    )


class FirstPurchase(Body):
    """The shopper's first approved receipt: of all, of the brands in it, or of the chain."""

    kind: Literal["first_purchase"] = Field(description="Says which kind it is.")
    scope: Literal["programme", "brand", "retailer"] = Field(
        default="programme", description="The first of all, of the brands in it, or at the chain."
    )


class NewProduct(Body):
    """A product of these goods that the shopper has never bought before."""

    kind: Literal["new_product"] = Field(description="Says which kind it is.")
    goods: Goods = Field(default=Goods(), description="Which goods are meant.")


class TierIn(Body):
    """The shopper has one of these tiers."""

    kind: Literal["tier_in"] = Field(description="Says which kind it is.")
    tiers: SomeSlugs = Field(description="Slugs of tiers.")


class SegmentIn(Body):
    """The shopper is in one of these segments of the campaign's brands, as they stand when it is judged."""

    kind: Literal["segment_in"] = Field(description="Says which kind it is.")
    segments: SomeSlugs = Field(description="Slugs of segments.")


class ReceiptAgeMax(Body):
    """Sent in so many days after the purchase, at the latest."""

    kind: Literal["receipt_age_max"] = Field(description="Says which kind it is.")
    days: Annotated[int, Field(ge=0, le=DAYS_MAX)] = Field(description="Days after the printed one.")


class StampsMin(Body):
    """The shopper holds so many stamps on a card of this campaign, those of this receipt left out."""

    kind: Literal["stamps_min"] = Field(description="Says which kind it is.")
    card: Slug = Field(description="Slug of the card.")
    stamps: Units = Field(description="How many stamps it must hold.")


Parts = Annotated[tuple["Condition", ...], Field(min_length=1, max_length=PARTS_MAX)]


class All(Group):
    """All of these hold."""

    kind: Literal["all"] = Field(description="Says which kind it is.")
    of: Parts = Field(description="Conditions, each of any kind.")


class Any(Group):
    """At least one of these holds."""

    kind: Literal["any"] = Field(description="Says which kind it is.")
    of: Parts = Field(description="Conditions, each of any kind.")


class Nothing(Group):
    """None of these holds."""

    kind: Literal["none"] = Field(description="Says which kind it is.")
    of: Parts = Field(description="Conditions, each of any kind.")


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

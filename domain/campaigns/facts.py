"""What rules look at: a receipt's lines, its shop and times, and what its shopper did before. Data alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final, Literal
from uuid import UUID

# Points before rounding: whole where they can be, for most are.
Exact = int | Fraction

PER_UNIT: Final = 1000


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One line: whose it is, thousandths of units, and minor units less its own discounts, 0 at least."""

    position: int
    brand_id: UUID | None
    product_id: UUID | None
    category: str | None
    milli: int
    net_minor: int
    restricted: str = "none"


@dataclass(frozen=True, slots=True)
class Basket:
    """A receipt as rules see it.

    A discount on the whole of it is spread over its lines exactly: a line paid
    `net_minor * paid_of / paid_in`. `purchased_at` is local time as printed, `uploaded_on` the till's day
    of the upload. `store` and `region` are folded.
    """

    receipt_id: UUID
    shopper_id: UUID
    lines: Sequence[BasketLine]
    paid_of: int
    paid_in: int
    retailer_id: UUID | None
    store: str | None
    region: str | None
    purchased_on: date
    purchased_at: datetime | None
    uploaded_at: datetime
    uploaded_on: date
    of_age: bool = False

    def may_earn(self, line: BasketLine) -> bool:
        """Whether law lets a line be promoted to this shopper."""
        return line.restricted == "none" or (line.restricted == "alcohol_low" and self.of_age)


@dataclass(frozen=True, slots=True)
class History:
    """What the shopper did before, as far as rules of the day asked; None is unknown.

    `caps` is what is used of caps in this receipt's windows, `stamps` what cards hold and `filled` for how
    many of these full cards were paid, all by campaign and key.
    """

    bought_before: bool | None = None
    retailer_before: bool | None = None
    brands_before: frozenset[UUID] | None = None
    products_before: frozenset[UUID] | None = None
    tier: str | None = None
    segments: frozenset[str] | None = None
    household_id: UUID | None = None
    caps: Mapping[tuple[UUID, str], int] = field(default_factory=dict)
    stamps: Mapping[tuple[UUID, str], int] = field(default_factory=dict)
    filled: Mapping[tuple[UUID, str], int] = field(default_factory=dict)

    def on_card(self, card: tuple[UUID, str]) -> int:
        """Return how many stamps lie on the card that is being filled.

        Below zero where stamps were taken back with which a card was filled that stays paid.
        """
        return self.stamps.get(card, 0) - self.filled.get(card, 0)


NO_HISTORY: Final = History()


@dataclass(frozen=True, slots=True)
class GoodsKey:
    """Goods by their ids. `within` are the campaign's brands; empty sets of all three mean all of these."""

    within: frozenset[UUID]
    brands: frozenset[UUID] = frozenset()
    products: frozenset[UUID] = frozenset()
    categories: frozenset[str] = frozenset()
    except_products: frozenset[UUID] = frozenset()

    def names(self, line: BasketLine) -> bool:
        """Whether a line is of these goods."""
        if line.brand_id not in self.within or line.product_id in self.except_products:
            return False
        if not (self.brands or self.products or self.categories):
            return True
        return (
            line.brand_id in self.brands
            or line.product_id in self.products
            or line.category in self.categories
        )


@dataclass(slots=True)
class Case:
    """A basket and its shopper's history while rules look at it; which lines are which goods is kept."""

    basket: Basket
    history: History = NO_HISTORY
    _lines: dict[GoodsKey, list[BasketLine]] = field(default_factory=dict)
    _earning: list[BasketLine] | None = None

    def lines(self, goods: GoodsKey) -> list[BasketLine]:
        """Return the lines of some goods that law lets be promoted."""
        found = self._lines.get(goods)
        if found is None:
            if self._earning is None:
                self._earning = [line for line in self.basket.lines if self.basket.may_earn(line)]
            found = self._lines[goods] = [line for line in self._earning if goods.names(line)]
        return found


State = Literal["missed", "unknown"]


@dataclass(frozen=True, slots=True)
class Miss:
    """One condition that does not hold, or of which nothing is known.

    `path` is where it stands in the terms; `kind` which condition it is; `seen` what was there and what
    was needed: names of sentences' gaps.
    """

    path: str
    kind: str
    state: State = "missed"
    seen: Mapping[str, Any] = field(default_factory=dict)

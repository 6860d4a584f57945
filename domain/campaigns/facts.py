"""What rules look at: a receipt's lines, its shop and times, and what its shopper did before. Data alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final, Literal
from uuid import UUID
from weakref import WeakValueDictionary

from domain.campaigns.shares import Brands, Weights

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
    many of these full cards were paid, all by campaign and key. `segments` go by their
    brand and slug.
    """

    bought_before: bool | None = None
    retailer_before: bool | None = None
    brands_before: frozenset[UUID] | None = None
    products_before: frozenset[UUID] | None = None
    tier: str | None = None
    segments: frozenset[tuple[UUID, str]] | None = None
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


@dataclass(frozen=True, slots=True, weakref_slot=True)
class GoodsKey:
    """Goods by their ids. `within` are the campaign's brands; empty sets of all three mean all of these.

    Its hash is reckoned once: every rule of every campaign looks its goods up for every receipt.
    """

    within: frozenset[UUID]
    brands: frozenset[UUID] = frozenset()
    products: frozenset[UUID] = frozenset()
    categories: frozenset[str] = frozenset()
    except_products: frozenset[UUID] = frozenset()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Reckon the hash."""
        said = self.within, self.brands, self.products, self.categories, self.except_products
        object.__setattr__(self, "_hash", hash(said))

    def __hash__(self) -> int:
        """Return the same for the same goods."""
        return self._hash

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


# Equal keys made one: a receipt finds its goods by which key it is, and compares none.
_same_keys: Final = WeakValueDictionary[GoodsKey, GoodsKey]()


def one_key(key: GoodsKey) -> GoodsKey:
    """Return the one key that stands for these goods in this process."""
    return _same_keys.setdefault(key, key)


class Goods:
    """The lines of some goods that law lets be promoted, with what was paid for them and how many units."""

    __slots__ = ("lines", "paid", "units")

    def __init__(self, lines: Sequence[BasketLine], brands: Brands) -> None:
        self.lines = lines
        self.paid = Weights({line.position: line.net_minor for line in lines}, brands)
        self.units = Weights({line.position: line.milli for line in lines}, brands)


class Case:
    """A basket and its shopper's history while rules look at it; which lines are which goods is kept."""

    __slots__ = ("_by_brand", "_goods", "_present", "basket", "brands", "history")

    def __init__(self, basket: Basket, history: History = NO_HISTORY) -> None:
        self.basket, self.history = basket, history
        self._goods: dict[GoodsKey, Goods] = {}
        self.brands = Brands([line.brand_id for line in basket.lines])
        self._by_brand: dict[UUID, list[BasketLine]] = {}
        for line in basket.lines:
            if line.brand_id is not None and basket.may_earn(line):
                self._by_brand.setdefault(line.brand_id, []).append(line)
        self._present = frozenset(self._by_brand)

    def lines(self, goods: GoodsKey) -> Sequence[BasketLine]:
        """Return the lines of some goods that law lets be promoted, in order."""
        return self.goods(goods).lines

    def goods(self, goods: GoodsKey) -> Goods:
        """Return the lines of some goods that law lets be promoted, with their sums."""
        found = self._goods.get(goods)
        if found is None:
            found = self._goods[goods] = self.together(self._find(goods))
        return found

    def together(self, lines: Iterable[BasketLine]) -> Goods:
        """Return lines with their sums."""
        return Goods(sorted(lines, key=_position), self.brands)

    def _find(self, goods: GoodsKey) -> Iterator[BasketLine]:
        """Yield the lines of some goods, looking only at brands that take part and were bought."""
        is_plain = not (goods.products or goods.categories or goods.except_products)
        for brand_id in self._present & goods.within:
            if is_plain:
                if not goods.brands or brand_id in goods.brands:
                    yield from self._by_brand[brand_id]
            else:
                yield from (line for line in self._by_brand[brand_id] if goods.names(line))


_position: Final = attrgetter("position")
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

"""From conditions as data to functions of a case: each says why it does not hold, or that it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from domain.campaigns import conditions as c
from domain.campaigns.facts import PER_UNIT, Case, Goods, GoodsKey, Miss, one_key
from domain.campaigns.sets import sets_in
from domain.catalog.folding import fold
from domain.conditions import Group

NAMES_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Named:
    """A brand, product or chain by its id and name; a brand with its owner."""

    id: UUID
    name: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What slugs stand for; categories stand for themselves. A reward's owner is its brand, by its slug."""

    brands: Mapping[str, Named] = field(default_factory=dict)
    products: Mapping[str, Named] = field(default_factory=dict)
    retailers: Mapping[str, Named] = field(default_factory=dict)
    rewards: Mapping[str, Named] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """What conditions and effects are compiled for: a campaign, its brands, and what slugs stand for.

    `by_brand` says that each line pays its own brand's points.
    """

    campaign_id: UUID
    within: frozenset[UUID]
    names: Names
    by_brand: bool = True


Leaf = Callable[[Case], Miss | None]


@dataclass(frozen=True, slots=True)
class Tree:
    """A compiled condition: a leaf with its test, or a group of conditions."""

    path: str
    kind: str
    test: Leaf | None = None
    of: tuple[Tree, ...] = ()

    def misses(self, case: Case) -> Sequence[Miss]:
        """Return what keeps it from holding, nearest first; nothing where it holds."""
        if self.test is not None:
            found = self.test(case)
            return () if found is None else (found,)
        if self.kind == "all":
            return [miss for part in self.of for miss in part.misses(case)]
        if self.kind == "any":
            nearest: Sequence[Miss] | None = None
            for part in self.of:
                missed = part.misses(case)
                if not missed:
                    return ()
                if nearest is None or len(missed) < len(nearest):
                    nearest = missed
            return nearest or ()
        return self._of_none(case)

    def _of_none(self, case: Case) -> Sequence[Miss]:
        unknown = False
        for part in self.of:
            missed = part.misses(case)
            if not missed:
                return (Miss(part.path, f"not_{part.kind}"),)
            unknown |= all(miss.state == "unknown" for miss in missed)
        return (Miss(self.path, "none", "unknown"),) if unknown else ()


def goods_key(goods: c.Goods, scope: Scope) -> GoodsKey:
    """Return goods by their ids."""
    return one_key(
        GoodsKey(
            scope.within,
            frozenset(scope.names.brands[slug].id for slug in goods.brands),
            frozenset(scope.names.products[slug].id for slug in goods.products),
            frozenset(goods.categories),
            frozenset(scope.names.products[slug].id for slug in goods.except_products),
        )
    )


def goods_name(goods: c.Goods, scope: Scope) -> str:
    """Return what goods are called in a sentence; empty where all of the campaign's are meant."""
    called = [scope.names.products[slug].name for slug in goods.products]
    called += [scope.names.brands[slug].name for slug in goods.brands]
    return _few([*called, *goods.categories])


def _few(called: Sequence[str]) -> str:
    return ", ".join(called[:NAMES_SHOWN]) + (" …" if len(called) > NAMES_SHOWN else "")


def compile_condition(condition: c.Condition, path: str, scope: Scope) -> Tree:
    """Return a condition as a tree of tests; every slug it names must be known."""
    if isinstance(condition, Group):
        parts = [
            compile_condition(part, f"{path}.of.{place}", scope) for place, part in enumerate(condition.of)
        ]
        return Tree(path, condition.kind, of=tuple(parts))
    make = _LEAVES[type(condition)]
    return Tree(path, condition.kind, make(condition, path, scope))


def _miss(path: str, kind: str, **seen: Any) -> Miss:
    return Miss(path, kind, "missed", seen)


def _goods_leaf(path: str, kind: str, key: GoodsKey, what: str, case: Case) -> Miss | None:
    return None if case.lines(key) else _miss(path, kind, what=what)


def _brand_in(condition: c.BrandIn, path: str, scope: Scope) -> Leaf:
    goods = c.Goods(brands=condition.brands)
    key = goods_key(goods, scope)
    return partial(_goods_leaf, path, condition.kind, key, goods_name(goods, scope))


def _product_in(condition: c.ProductIn, path: str, scope: Scope) -> Leaf:
    goods = c.Goods(products=condition.products)
    key = goods_key(goods, scope)
    return partial(_goods_leaf, path, condition.kind, key, goods_name(goods, scope))


def _category_in(condition: c.CategoryIn, path: str, scope: Scope) -> Leaf:
    goods = c.Goods(categories=condition.categories)
    key = goods_key(goods, scope)
    return partial(_goods_leaf, path, condition.kind, key, goods_name(goods, scope))


def _retailer_in(condition: c.RetailerIn, path: str, scope: Scope) -> Leaf:
    ids = frozenset(scope.names.retailers[slug].id for slug in condition.retailers)
    what = _few([scope.names.retailers[slug].name for slug in condition.retailers])

    def test(case: Case) -> Miss | None:
        return None if case.basket.retailer_id in ids else _miss(path, "retailer_in", what=what)

    return test


def _store_in(condition: c.StoreIn, path: str, _scope: Scope) -> Leaf:
    folded = frozenset(fold(store) for store in condition.stores)
    what = _few(condition.stores)

    def test(case: Case) -> Miss | None:
        if case.basket.store is None:
            return Miss(path, "store_in", "unknown", {"what": what})
        return None if case.basket.store in folded else _miss(path, "store_in", what=what)

    return test


def _region_in(condition: c.RegionIn, path: str, _scope: Scope) -> Leaf:
    folded = tuple(f" {fold(region)} " for region in condition.regions)
    what = _few(condition.regions)

    def test(case: Case) -> Miss | None:
        if not case.basket.region:
            return Miss(path, "region_in", "unknown", {"what": what})
        address = f" {case.basket.region} "
        return None if any(name in address for name in folded) else _miss(path, "region_in", what=what)

    return test


def _weekday(condition: c.Weekday, path: str, _scope: Scope) -> Leaf:
    days = frozenset(condition.days)
    listed = sorted(days)

    def test(case: Case) -> Miss | None:
        day = case.basket.purchased_on.isoweekday()
        return None if day in days else _miss(path, "weekday", weekdays=listed, weekday=day)

    return test


def _hours(condition: c.Hours, path: str, _scope: Scope) -> Leaf:
    since, before = condition.since, condition.before
    seen = {"since": since.isoformat("minutes"), "before": before.isoformat("minutes")}

    def test(case: Case) -> Miss | None:
        if case.basket.purchased_at is None:
            return Miss(path, "hours", "unknown", seen)
        at = case.basket.purchased_at.time()
        inside = since <= at < before if since < before else at >= since or at < before
        return None if inside else Miss(path, "hours", "missed", seen)

    return test


def _days(condition: c.Days, path: str, _scope: Scope) -> Leaf:
    first, last = condition.first, condition.last

    def test(case: Case) -> Miss | None:
        return days_missed(path, "days", case.basket.purchased_on, first, last)

    return test


def days_missed(path: str, kind: str, day: Any, first: Any, last: Any) -> Miss | None:
    """Say by how many days a day lies before the first or after the last; None where between them."""
    if day < first:
        return _miss(path, f"{kind}_early", first=first.isoformat(), days=(first - day).days)
    if day > last:
        return _miss(path, f"{kind}_late", last=last.isoformat(), days=(day - last).days)
    return None


def paid_num(goods: Goods, case: Case) -> int:
    """Return what was paid for goods, times the basket's `paid_in`."""
    return goods.paid.total * case.basket.paid_of


def _spend_min(condition: c.SpendMin, path: str, scope: Scope) -> Leaf:
    key, what, need = goods_key(condition.goods, scope), goods_name(condition.goods, scope), condition.minor

    def test(case: Case) -> Miss | None:
        paid = paid_num(case.goods(key), case)
        if paid >= need * case.basket.paid_in:
            return None
        have = paid // case.basket.paid_in
        return _miss(path, "spend_min", need=need, have=have, short=need - have, what=what)

    return test


def units_of(goods: Goods) -> int:
    """Return how many whole units goods are, all together."""
    return goods.units.total // PER_UNIT


def _units_min(condition: c.UnitsMin, path: str, scope: Scope) -> Leaf:
    key, what, need = goods_key(condition.goods, scope), goods_name(condition.goods, scope), condition.units

    def test(case: Case) -> Miss | None:
        have = units_of(case.goods(key))
        return (
            None
            if have >= need
            else _miss(path, "units_min", need=need, have=have, short=need - have, what=what)
        )

    return test


def _basket(condition: c.Basket, path: str, scope: Scope) -> Leaf:
    parts = [
        (goods_key(part.goods, scope), goods_name(part.goods, scope), part.units) for part in condition.parts
    ]

    def test(case: Case) -> Miss | None:
        for key, what, need in parts:
            have = units_of(case.goods(key))
            if have < need:
                return _miss(path, "basket", need=need, have=have, short=need - have, what=what)
        if not sets_in([(case.lines(key), need) for key, _, need in parts]):
            return _miss(path, "basket_shared", what=", ".join(dict.fromkeys(what for _, what, _ in parts)))
        return None

    return test


def _first_purchase(condition: c.FirstPurchase, path: str, scope: Scope) -> Leaf:
    kind = f"first_purchase_{condition.scope}"

    def test(case: Case) -> Miss | None:
        history, basket = case.history, case.basket
        before: bool | None
        if condition.scope == "programme":
            before = history.bought_before
        elif condition.scope == "retailer":
            before = history.retailer_before if basket.retailer_id else None
        else:
            known = history.brands_before
            bought = {line.brand_id for line in basket.lines if line.brand_id in scope.within}
            before = None if known is None else bought <= known
        if before is None:
            return Miss(path, kind, "unknown")
        return Miss(path, kind) if before else None

    return test


def _new_product(condition: c.NewProduct, path: str, scope: Scope) -> Leaf:
    key = goods_key(condition.goods, scope)

    def test(case: Case) -> Miss | None:
        known = case.history.products_before
        products = {line.product_id for line in case.lines(key) if line.product_id}
        if known is None:
            return Miss(path, "new_product", "unknown")
        return None if products - known else Miss(path, "new_product")

    return test


def _tier_in(condition: c.TierIn, path: str, _scope: Scope) -> Leaf:
    tiers = frozenset(condition.tiers)
    seen = {"what": _few(condition.tiers)}

    def test(case: Case) -> Miss | None:
        if case.history.tier is None:
            return Miss(path, "tier_in", "unknown", seen)
        return None if case.history.tier in tiers else Miss(path, "tier_in", "missed", seen)

    return test


def _segment_in(condition: c.SegmentIn, path: str, scope: Scope) -> Leaf:
    # A campaign knows the segments of its own brands, whatever others call theirs.
    segments = frozenset((brand_id, slug) for brand_id in scope.within for slug in condition.segments)

    def test(case: Case) -> Miss | None:
        if case.history.segments is None:
            return Miss(path, "segment_in", "unknown")
        return None if case.history.segments & segments else Miss(path, "segment_in")

    return test


def _receipt_age_max(condition: c.ReceiptAgeMax, path: str, _scope: Scope) -> Leaf:
    most = condition.days

    def test(case: Case) -> Miss | None:
        age = (case.basket.uploaded_on - case.basket.purchased_on).days
        return None if age <= most else _miss(path, "receipt_age_max", most=most, days=age)

    return test


def _stamps_min(condition: c.StampsMin, path: str, scope: Scope) -> Leaf:
    need, card = condition.stamps, (scope.campaign_id, condition.card)

    def test(case: Case) -> Miss | None:
        have = case.history.stamps.get(card, 0)
        return None if have >= need else _miss(path, "stamps_min", need=need, have=have, short=need - have)

    return test


_LEAVES: Final[Mapping[type, Any]] = {
    c.BrandIn: _brand_in,
    c.ProductIn: _product_in,
    c.CategoryIn: _category_in,
    c.RetailerIn: _retailer_in,
    c.StoreIn: _store_in,
    c.RegionIn: _region_in,
    c.Weekday: _weekday,
    c.Hours: _hours,
    c.Days: _days,
    c.SpendMin: _spend_min,
    c.UnitsMin: _units_min,
    c.Basket: _basket,
    c.FirstPurchase: _first_purchase,
    c.NewProduct: _new_product,
    c.TierIn: _tier_in,
    c.SegmentIn: _segment_in,
    c.ReceiptAgeMax: _receipt_age_max,
    c.StampsMin: _stamps_min,
}

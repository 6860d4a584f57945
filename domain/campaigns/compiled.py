"""A campaign version ready to judge receipts by: its terms compiled, and what it has to know of a shopper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from domain.campaigns import conditions as c
from domain.campaigns import terms as t
from domain.campaigns.compiling import (
    Names,
    Scope,
    Tree,
    compile_condition,
    days_missed,
    goods_key,
)
from domain.campaigns.facts import Case, GoodsKey, Miss, one_key
from domain.campaigns.paying import Given, Pay, compile_effect, goods_of
from domain.conditions import leaves_of
from domain.people.holdout import Trial, arm_of
from infra import clock

# Whose points are meant: a brand's, by its id, or those that all brands of an owner share, by the owner.
Purse = UUID | str
# How long after its last day, or before its first, a campaign is still told of.
NEAR_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Asks:
    """What a version's rules look up about a shopper."""

    bought: bool = False
    retailer: bool = False
    brands: bool = False
    products: bool = False
    household: bool = False
    tier: bool = False
    segments: bool = False
    caps: tuple[t.Cap, ...] = ()
    cards: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether it asks anything at all: most versions don't."""
        return bool(
            self.bought
            or self.retailer
            or self.brands
            or self.products
            or self.tier
            or self.segments
            or self.caps
            or self.cards
        )


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule: what must hold (nothing: always), and what it then gives."""

    name: str
    when: Tree | None
    pays: tuple[Pay, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a campaign, compiled. `goods` are all that its rules are about.

    `purse` says whose points it pays; None where each line pays its own brand's. `trial` says who is held out
    of it; None where nobody is.
    """

    id: UUID
    campaign_id: UUID
    no: int
    slug: str
    name: str
    terms: t.Terms
    scope: Scope
    trial: Trial | None
    purse: Purse | None
    retailer_ids: frozenset[UUID]
    rules: tuple[CompiledRule, ...]
    goods: tuple[GoodsKey, ...]
    asks: Asks
    budget_ids: tuple[int, ...]
    all_goods: GoodsKey = field(init=False)
    order: tuple[int, int] = field(init=False)
    multiplier_max: int = field(init=False)
    caps: tuple[tuple[t.Cap, str], ...] = field(init=False)
    near: tuple[date, date] = field(init=False)

    def __post_init__(self) -> None:
        """Note what is looked at for every receipt: goods, place, caps, and when it is told of."""
        near = timedelta(days=NEAR_DAYS)
        noted: dict[str, Any] = {
            "all_goods": one_key(GoodsKey(self.scope.within)),
            "order": (self.terms.stacking.place, self.no),
            "multiplier_max": self.terms.multiplier_max,
            "caps": tuple((cap, cap_key(cap)) for cap in self.terms.caps),
            "near": (self.terms.starts_on - near, self.terms.ends_on + near),
        }
        for name, value in noted.items():
            object.__setattr__(self, name, value)

    def touches(self, case: Case) -> bool:
        """Whether the basket holds any of the goods that its rules are about."""
        return any(case.lines(key) for key in self.goods)

    def runs_near(self, day: date) -> bool:
        """Whether it runs on a day, or ended or begins within a week of it."""
        return self.near[0] <= day <= self.near[1]

    def runs_on(self, day: date) -> bool:
        """Whether purchases of a day count."""
        return self.terms.starts_on <= day <= self.terms.ends_on

    def gate(self, case: Case) -> Iterator[Miss]:
        """Yield what keeps the whole campaign from counting: its days, and its shops."""
        terms, basket = self.terms, case.basket
        missed = days_missed("days", "campaign", basket.purchased_on, terms.starts_on, terms.ends_on)
        if missed:
            yield missed
        age = (basket.uploaded_on - basket.purchased_on).days
        if age > terms.accepted_days:
            yield Miss("accepted_days", "receipt_age_max", seen={"most": terms.accepted_days, "days": age})
        take = terms.shops.take
        if (take == "known" and basket.retailer_id is None) or (
            take == "listed" and basket.retailer_id not in self.retailer_ids
        ):
            what = ", ".join(self.scope.names.retailers[slug].name for slug in terms.shops.retailers[:3])
            yield Miss("shops", f"shop_{take}", seen={"what": what})

    def given(self, case: Case, holds: Iterable[CompiledRule], besides: Given | None = None) -> Given:
        """Return what rules that hold give, before rounding, `besides` what others give already."""
        given = Given() if besides is None else besides.copied()
        for rule in holds:
            for pay in rule.pays:
                pay(case, given)
        return given


def cap_key(cap: t.Cap) -> str:
    """Return what a cap is counted under, whichever version says how much."""
    return f"{cap.of}:{cap.party}:{cap.per}"


@dataclass(frozen=True, slots=True)
class Known:
    """Which version it is: its ids, and of its campaign number, slug, name, budgets by scope, first day."""

    id: UUID
    campaign_id: UUID
    no: int
    slug: str
    name: str
    budgets: Mapping[str, int] = field(default_factory=dict)
    began_on: date | None = None


def taking_part(versions: Iterable[Version], shopper_id: UUID) -> list[Version]:
    """Return the versions that a shopper is not held out of: what is measured passes some over."""
    return [one for one in versions if one.trial is None or arm_of(shopper_id, one.trial) == "reached"]


def compile_terms(known: Known, terms: t.Terms, names: Names) -> Version:
    """Compile a version's terms; every slug they name must be among the names.

    Raises:
        KeyError: A slug stands for nothing. Terms are checked when they are written.
    """
    within = frozenset(names.brands[slug].id for slug in terms.brands)
    scope = Scope(
        known.campaign_id, within, names, by_brand=terms.currency is None and terms.points_of == "brand"
    )
    rules, goods = [], dict[GoodsKey, None]()
    for place, rule in enumerate(terms.rules):
        when = compile_condition(rule.when, f"rules.{place}.when", scope) if rule.when else None
        pays = tuple(compile_effect(effect, scope) for effect in rule.give)
        rules.append(CompiledRule(rule.name, when, pays))
        for effect in rule.give:
            goods |= dict.fromkeys(goods_of(effect, scope))
    if terms.rules and not goods:
        goods[goods_key(c.Goods(), scope)] = None
    return Version(
        id=known.id,
        campaign_id=known.campaign_id,
        no=known.no,
        slug=known.slug,
        name=known.name,
        terms=terms,
        scope=scope,
        trial=trial_of(known.campaign_id, terms, known.began_on),
        purse=_purse(terms, names),
        retailer_ids=frozenset(names.retailers[slug].id for slug in terms.shops.retailers),
        rules=tuple(rules),
        goods=tuple(goods),
        asks=_asks(terms),
        budget_ids=tuple(
            known.budgets[scope]
            for scope, amount in (("total", terms.budget.total), ("day", terms.budget.daily))
            if amount is not None and scope in known.budgets
        ),
    )


def trial_of(campaign_id: UUID, terms: t.Terms, began_on: date | None) -> Trial | None:
    """Return who is held out of a campaign that began on a day, or begins today; None where nobody is."""
    percent = terms.measuring.holdout_percent
    if percent is None:
        return None
    return Trial(campaign_id, percent, (began_on or clock.till_today()).year)


def _purse(terms: t.Terms, names: Names) -> Purse | None:
    if terms.points_of == "group":
        return names.brands[terms.brands[0]].owner
    return names.brands[terms.currency].id if terms.currency else None


def _asks(terms: t.Terms) -> Asks:
    leaves = [leaf for rule in terms.rules if rule.when for leaf in leaves_of(rule.when)]
    firsts = {leaf.scope for leaf in leaves if isinstance(leaf, c.FirstPurchase)}
    cards = {effect.card for rule in terms.rules for effect in rule.give if isinstance(effect, t.Stamp)}
    cards |= {leaf.card for leaf in leaves if isinstance(leaf, c.StampsMin)}
    caps = tuple(cap for cap in terms.caps if cap.per != "receipt")
    return Asks(
        bought="programme" in firsts,
        retailer="retailer" in firsts,
        brands="brand" in firsts,
        products=any(isinstance(leaf, c.NewProduct) for leaf in leaves),
        household=any(cap.party == "household" for cap in caps),
        tier=any(isinstance(leaf, c.TierIn) for leaf in leaves),
        segments=any(isinstance(leaf, c.SegmentIn) for leaf in leaves),
        caps=caps,
        cards=tuple(sorted(cards)),
    )

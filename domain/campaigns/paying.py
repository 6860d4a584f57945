"""What a rule's effects give for a case: exact points by line, multipliers, stamps and rewards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from domain.campaigns import terms as t
from domain.campaigns.compiling import Scope, goods_key, units_of
from domain.campaigns.facts import BasketLine, Case, Exact, GoodsKey
from domain.campaigns.sets import sets_in


@dataclass(slots=True)
class Given:
    """What the rules of one campaign that hold give to one receipt, before rounding.

    `base` is points by line that multipliers count for, `plain` those that they don't; `percent` is what
    multipliers add by line, 100 for a doubling. `over` are multipliers of other campaigns' base. `stamps` is
    by card, `filled` how many stamps it uses up there for full cards, `rewards` by the catalogue's slug.
    """

    base: dict[int, Exact] = field(default_factory=dict)
    plain: dict[int, Exact] = field(default_factory=dict)
    percent: dict[int, int] = field(default_factory=dict)
    over: list[tuple[GoodsKey, int]] = field(default_factory=list)
    stamps: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    rewards: dict[str, int] = field(default_factory=dict)

    def give_nothing(self) -> None:
        """Take back what is given besides points."""
        for given in (self.stamps, self.filled, self.rewards):
            given.clear()

    def exact(self, percent_max: int) -> dict[int, Exact]:
        """Return the points of each line, its multipliers added up and applied once."""
        points: dict[int, Exact] = dict(self.plain)
        for position, base in self.base.items():
            times = min(t.PERCENT_USUAL + self.percent.get(position, 0), percent_max)
            points[position] = points.get(position, 0) + divided(base * times, t.PERCENT_USUAL)
        return points


Pay = Callable[[Case, Given], None]


def divided(number: Exact, by: int) -> Exact:
    """Return a quotient that loses nothing: whole where it is."""
    if isinstance(number, int):
        whole, rest = divmod(number, by)
        return Fraction(number, by) if rest else whole
    return number / by


def shared_out(points: int, weights: Mapping[Any, int]) -> dict[Any, int]:
    """Share whole points out by weights, none lost: the largest remainders get what rounding leaves.

    Who gets it doesn't depend on the order of the weights, only on their size and key.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    shares = {key: points * weight // whole for key, weight in weights.items()}
    left = points - sum(shares.values())
    by_rest = sorted(weights, key=lambda key: (-(points * weights[key] % whole), str(key)))
    for key in by_rest[:left]:
        shares[key] += 1
    return shares


def spread(
    points: int, lines: Sequence[BasketLine], *, by_brand: bool, by_units: bool = False
) -> dict[int, Exact]:
    """Spread whole points over lines by what was paid, or by units; each brand's share is whole."""
    weights = {line.position: line.milli if by_units else line.net_minor for line in lines}
    if not any(weights.values()):
        weights = {line.position: line.milli for line in lines}
    brands: dict[UUID | None, int] = {}
    for line in lines:
        key = line.brand_id if by_brand else None
        brands[key] = brands.get(key, 0) + weights[line.position]
    shares = shared_out(points, brands)
    return {
        line.position: divided(shares[key] * weights[line.position], brands[key])
        for line in lines
        if shares.get(key := line.brand_id if by_brand else None)
    }


def _add(to: dict[int, Exact], points: Mapping[int, Exact]) -> None:
    for position, more in points.items():
        to[position] = to.get(position, 0) + more


def compile_effect(effect: t.Effect, scope: Scope) -> Pay:
    """Return an effect as a function that adds to what is given; every slug it names must be known."""
    make: Callable[[Any, Scope], Pay] = _EFFECTS[type(effect)]
    return make(effect, scope)


def _per_amount(effect: t.PointsPerAmount, scope: Scope) -> Pay:
    key, points, minor = goods_key(effect.goods, scope), effect.points, effect.minor

    def pay(case: Case, given: Given) -> None:
        lines, basket = case.lines(key), case.basket
        to = given.base if effect.multiplied else given.plain
        if effect.whole_steps:
            paid = sum(line.net_minor for line in lines) * basket.paid_of
            _add(to, spread(paid // (basket.paid_in * minor) * points, lines, by_brand=scope.by_brand))
            return
        times, step = basket.paid_of * points, basket.paid_in * minor
        for line in lines:
            to[line.position] = to.get(line.position, 0) + divided(line.net_minor * times, step)

    return pay


def _per_unit(effect: t.PointsPerUnit, scope: Scope) -> Pay:
    key = goods_key(effect.goods, scope)

    def pay(case: Case, given: Given) -> None:
        lines = case.lines(key)
        points = units_of(lines) // effect.units * effect.points
        shares = spread(points, lines, by_brand=scope.by_brand, by_units=True)
        _add(given.base if effect.multiplied else given.plain, shares)

    return pay


def _per_set(effect: t.PointsPerSet, scope: Scope) -> Pay:
    parts = [(goods_key(part.goods, scope), part.units) for part in effect.parts]

    def pay(case: Case, given: Given) -> None:
        sets = sets_in([(case.lines(key), units) for key, units in parts])
        sets = min(sets, effect.sets_max or sets)
        lines = {line.position: line for key, _ in parts for line in case.lines(key)}
        points = spread(sets * effect.points, list(lines.values()), by_brand=scope.by_brand)
        _add(given.base if effect.multiplied else given.plain, points)

    return pay


def _fixed(effect: t.Fixed, scope: Scope) -> Pay:
    key = goods_key(effect.goods, scope)

    def pay(case: Case, given: Given) -> None:
        points = spread(effect.points, case.lines(key), by_brand=scope.by_brand)
        _add(given.base if effect.multiplied else given.plain, points)

    return pay


def _multiplier(effect: t.Multiplier, scope: Scope) -> Pay:
    key, more = goods_key(effect.goods, scope), effect.percent - t.PERCENT_USUAL

    def pay(case: Case, given: Given) -> None:
        if effect.of == "programme":
            given.over.append((key, more))
            return
        for line in case.lines(key):
            given.percent[line.position] = given.percent.get(line.position, 0) + more

    return pay


def _stamp(effect: t.Stamp, scope: Scope) -> Pay:
    key, card = goods_key(effect.goods, scope), (scope.campaign_id, effect.card)

    def pay(case: Case, given: Given) -> None:
        lines = case.lines(key)
        stamps = units_of(lines) // effect.units
        if not stamps:
            return
        given.stamps[effect.card] = stamps
        # What filled a card that was paid fills no second one, also where some of it was taken back since.
        filled = max(0, (case.history.on_card(card) + stamps) // effect.full)
        if filled:
            given.filled[effect.card] = filled * effect.full
        if filled and effect.points:
            points = spread(filled * effect.points, lines, by_brand=scope.by_brand, by_units=True)
            _add(given.base if effect.multiplied else given.plain, points)
        if filled and effect.reward:
            given.rewards[effect.reward] = given.rewards.get(effect.reward, 0) + filled

    return pay


def _grant(effect: t.GrantReward, _scope: Scope) -> Pay:
    def pay(_case: Case, given: Given) -> None:
        given.rewards[effect.reward] = given.rewards.get(effect.reward, 0) + effect.count

    return pay


_EFFECTS: Final[Mapping[type, Any]] = {
    t.PointsPerAmount: _per_amount,
    t.PointsPerUnit: _per_unit,
    t.PointsPerSet: _per_set,
    t.Fixed: _fixed,
    t.Multiplier: _multiplier,
    t.Stamp: _stamp,
    t.GrantReward: _grant,
}


def goods_of(effect: t.Effect, scope: Scope) -> Iterable[GoodsKey]:
    """Yield the goods that an effect is about."""
    if isinstance(effect, t.PointsPerSet):
        yield from (goods_key(part.goods, scope) for part in effect.parts)
    elif not isinstance(effect, t.GrantReward):
        yield goods_key(effect.goods, scope)

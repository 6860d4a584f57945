"""What a rule's effects give for a case: exact points by line, multipliers, stamps and rewards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.campaigns import terms as t
from domain.campaigns.compiling import Scope, goods_key, paid_num, units_of
from domain.campaigns.facts import Case, GoodsKey
from domain.campaigns.sets import sets_in
from domain.campaigns.shares import Share, spread, whole_sums


@dataclass(slots=True)
class Given:
    """What the rules of one campaign that hold give to one receipt, before rounding.

    `base` is points by line that multipliers count for, `plain` those that they don't; `percent` is what
    multipliers add to some lines, 100 for a doubling. `over` are multipliers of other campaigns' base.
    `stamps` is by card, `filled` how many stamps it uses up there for full cards, `rewards` by slug.
    """

    base: list[Share] = field(default_factory=list)
    plain: list[Share] = field(default_factory=list)
    percent: list[tuple[GoodsKey, int]] = field(default_factory=list)
    over: list[tuple[GoodsKey, int]] = field(default_factory=list)
    stamps: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    rewards: dict[str, int] = field(default_factory=dict)
    _exact: list[Share] | None = None
    _wholes: dict[int, int] | None = None

    def copied(self) -> Given:
        """Return the same, to which more can be added."""
        return Given(
            [*self.base],
            [*self.plain],
            [*self.percent],
            [*self.over],
            {**self.stamps},
            {**self.filled},
            {**self.rewards},
        )

    def give_nothing(self) -> None:
        """Take back what is given besides points."""
        for given in (self.stamps, self.filled, self.rewards):
            given.clear()

    def exact(self, percent_max: int, case: Case) -> list[Share]:
        """Return the points of lines, each line's multipliers added up and applied once."""
        if self._exact is None:
            self._exact = self._reckoned(percent_max, case)
        return self._exact

    def wholes(self, percent_max: int, case: Case, *, by_brand: bool) -> Mapping[int, int]:
        """Return the whole points of all lines together, or by brand's number (`whole_sums`)."""
        if self._wholes is None:
            self._wholes = whole_sums(self.exact(percent_max, case), by_brand=by_brand)
        return self._wholes

    def add_plain(self, share: Share) -> None:
        """Give more that multipliers don't count for, also where what is given was reckoned."""
        self.plain.append(share)
        self._exact = self._wholes = None

    def _reckoned(self, percent_max: int, case: Case) -> list[Share]:
        if not self.percent:
            return [*self.plain, *self.base]
        more: dict[int, int] = {}
        for key, percent in self.percent:
            for line in case.lines(key):
                more[line.position] = more.get(line.position, 0) + percent
        return [*self.plain, *(_multiplied(share, more, percent_max) for share in self.base)]


def _multiplied(share: Share, more: Mapping[int, int], percent_max: int) -> Share:
    times = {
        position: min(t.PERCENT_USUAL + more.get(position, 0), percent_max) for position in share.weights.of
    }
    alike = set(times.values())
    if len(alike) == 1:
        return Share(share.weights, share.num * alike.pop(), share.den * t.PERCENT_USUAL)
    changed = {position: weight * times[position] for position, weight in share.weights.of.items()}
    return Share(share.weights.changed(changed), share.num, share.den * t.PERCENT_USUAL)


Pay = Callable[[Case, Given], None]


def compile_effect(effect: t.Effect, scope: Scope) -> Pay:
    """Return an effect as a function that adds to what is given; every slug it names must be known."""
    make: Callable[[Any, Scope], Pay] = _EFFECTS[type(effect)]
    return make(effect, scope)


def _per_amount(effect: t.PointsPerAmount, scope: Scope) -> Pay:
    key, points, minor = goods_key(effect.goods, scope), effect.points, effect.minor
    multiplied, whole_steps = effect.multiplied, effect.whole_steps

    def pay(case: Case, given: Given) -> None:
        goods, basket = case.goods(key), case.basket
        to = given.base if multiplied else given.plain
        if whole_steps:
            steps = paid_num(goods, case) // (basket.paid_in * minor)
            to += spread(steps * points, goods.paid, goods.units, by_brand=scope.by_brand)
        elif goods.lines:
            to.append(Share(goods.paid, basket.paid_of * points, basket.paid_in * minor))

    return pay


def _per_unit(effect: t.PointsPerUnit, scope: Scope) -> Pay:
    key, multiplied = goods_key(effect.goods, scope), effect.multiplied
    units, each = effect.units, effect.points

    def pay(case: Case, given: Given) -> None:
        goods = case.goods(key)
        points = units_of(goods) // units * each
        to = given.base if multiplied else given.plain
        to += spread(points, goods.paid, goods.units, by_brand=scope.by_brand, by_units=True)

    return pay


def _per_set(effect: t.PointsPerSet, scope: Scope) -> Pay:
    parts = [(goods_key(part.goods, scope), part.units) for part in effect.parts]

    def pay(case: Case, given: Given) -> None:
        sets = sets_in([(case.lines(key), units) for key, units in parts])
        sets = min(sets, effect.sets_max or sets)
        goods = case.together({line.position: line for key, _ in parts for line in case.lines(key)}.values())
        to = given.base if effect.multiplied else given.plain
        to += spread(sets * effect.points, goods.paid, goods.units, by_brand=scope.by_brand)

    return pay


def _fixed(effect: t.Fixed, scope: Scope) -> Pay:
    key, points, multiplied = goods_key(effect.goods, scope), effect.points, effect.multiplied

    def pay(case: Case, given: Given) -> None:
        goods = case.goods(key)
        to = given.base if multiplied else given.plain
        to += spread(points, goods.paid, goods.units, by_brand=scope.by_brand)

    return pay


def _multiplier(effect: t.Multiplier, scope: Scope) -> Pay:
    more = goods_key(effect.goods, scope), effect.percent - t.PERCENT_USUAL

    def pay(_case: Case, given: Given) -> None:
        (given.over if effect.of == "programme" else given.percent).append(more)

    return pay


def _stamp(effect: t.Stamp, scope: Scope) -> Pay:
    key, card = goods_key(effect.goods, scope), (scope.campaign_id, effect.card)

    def pay(case: Case, given: Given) -> None:
        goods = case.goods(key)
        stamps = units_of(goods) // effect.units
        if not stamps:
            return
        given.stamps[effect.card] = stamps
        # What filled a card that was paid fills no second one, also where some of it was taken back since.
        filled = max(0, (case.history.on_card(card) + stamps) // effect.full)
        if filled:
            given.filled[effect.card] = filled * effect.full
        if filled and effect.points:
            to = given.base if effect.multiplied else given.plain
            points = filled * effect.points
            to += spread(points, goods.paid, goods.units, by_brand=scope.by_brand, by_units=True)
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

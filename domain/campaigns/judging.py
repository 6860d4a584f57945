"""Which campaigns pay a receipt, how much, and why not: pure, in a fixed order, whole points only.

Each campaign is looked at by itself; groups choose among those that would pay one brand's points; multipliers
of other campaigns' points come after; caps and budgets cut last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from operator import attrgetter
from typing import Any, Final, Literal
from uuid import UUID

from domain.campaigns import terms as t
from domain.campaigns.compiled import CompiledRule, Purse, Version
from domain.campaigns.compiling import paid_num
from domain.campaigns.facts import Case, Miss
from domain.campaigns.paying import Given
from domain.campaigns.shares import ALL, Share, by_line, of_brand, shared_out
from schemas.base import Points

StackingMode = Literal["all", "first", "best"]
CutBy = Literal["cap", "half_price", "budget"]
HALF: Final = 2


@dataclass(frozen=True, slots=True)
class Award:
    """Points of one purse from one campaign version, how they spread over the receipt's lines, and who pays.

    `purse` is the id of the brand whose points they are, or the owner whose brands share them. `budget_ids`
    are the budgets that must all hold the points; none where the campaign has no limit.
    """

    campaign_id: UUID
    campaign_version_id: UUID
    purse: Purse
    points: Points
    valid_days: int | None
    points_by_line: dict[int, int]
    budget_ids: tuple[int, ...] = ()

    @property
    def brand_id(self) -> UUID | None:
        """The brand whose points they are; None where they are a whole group's."""
        return self.purse if isinstance(self.purse, UUID) else None

    def cut_to(self, points: Points) -> Award:
        """Return what is left of the award where only so many points are granted."""
        by_line, asked, given = {}, 0, 0
        for line, share in self.points_by_line.items():
            asked += share
            by_line[line] = asked * points // self.points - given
            given += by_line[line]
        return replace(self, points=points, points_by_line=by_line)


@dataclass(frozen=True, slots=True)
class Cut:
    """What made a campaign pay less: a cap (which one), half of the price, a budget; `left` is what stood."""

    by: CutBy
    of: str
    left: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Near:
    """A rule that one condition kept from paying, and the points that it would have added."""

    rule: str | None
    miss: Miss
    would: int


@dataclass(slots=True)
class Outcome:
    """What came of one campaign: what it pays by brand and line, or what kept it from paying."""

    version: Version
    given: Given
    holds: tuple[str, ...] = ()
    near: list[Near] = field(default_factory=list)
    points: dict[Purse, int] = field(default_factory=dict)
    lines: dict[Purse, dict[int, int]] = field(default_factory=dict)
    cut: Cut | None = None
    won: set[Purse] | None = None
    """The purses whose points its group lets it pay; None where no group chooses."""
    beaten: dict[Purse, Version] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Points of all purses together."""
        return sum(self.points.values())

    @property
    def pays(self) -> bool:
        """Whether anything is given: points, stamps or rewards."""
        return bool(self.total or self.given.stamps or self.given.rewards)


@dataclass(frozen=True, slots=True)
class Limits:
    """What stands in total: modes of groups, and what budgets have left by campaign; None is no budget."""

    modes: Mapping[str, StackingMode] = field(default_factory=dict)
    left: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that campaigns say of a receipt, in their fixed order."""

    outcomes: tuple[Outcome, ...] = ()
    brands: frozenset[UUID] = frozenset()
    """Those that take part in anything that was live."""

    @property
    def awards(self) -> list[Award]:
        """What is to be credited: one award a campaign and purse."""
        return [
            Award(
                outcome.version.campaign_id,
                outcome.version.id,
                purse,
                Points(points),
                outcome.version.terms.valid_days,
                outcome.lines[purse],
                outcome.version.budget_ids,
            )
            for outcome in self.outcomes
            for purse, points in outcome.points.items()
        ]


def judge(versions: Iterable[Version], case: Case, limits: Limits) -> Judgement:
    """Judge a receipt by versions: those that pay, and those that nearly did."""
    ordered = sorted(versions, key=_order)
    outcomes = [outcome for version in ordered if (outcome := _look_at(version, case, limits))]
    own = [outcome for outcome in outcomes if not outcome.given.over]
    over = [outcome for outcome in outcomes if outcome.given.over]
    for outcome in own:
        _settle(outcome, case, limits)
    _stack(own, case, limits)
    for outcome in over:
        _multiply(outcome, own, case)
        _settle(outcome, case, limits)
    _stack(over, case, limits)
    brands = frozenset[UUID]().union(*(version.scope.within for version in ordered))
    return Judgement(tuple(outcomes), brands)


_order: Final = attrgetter("order")


def _look_at(version: Version, case: Case, limits: Limits) -> Outcome | None:
    """Return what a version's rules give; None where the receipt has nothing to do with it."""
    if not version.runs_near(case.basket.purchased_on) or not version.touches(case):
        return None
    gate = list(version.gate(case))
    if len(gate) > 1:
        return None
    holds: list[CompiledRule] = []
    missed: list[tuple[CompiledRule, Miss]] = []
    for rule in version.rules:
        misses = rule.when.misses(case) if rule.when else ()
        if not misses:
            holds.append(rule)
        elif len(misses) == 1:
            missed.append((rule, misses[0]))
    given = version.given(case, holds)
    if gate:
        would = _whole(version, given, case, limits)
        near = [Near(None, gate[0], would)] if would else []
        return Outcome(version, Given(), near=near) if near else None
    outcome = Outcome(version, given, tuple(rule.name for rule in holds))
    if missed:
        stands = _whole(version, given, case, limits)
        for rule, miss in missed:
            more = _whole(version, version.given(case, [rule], given), case, limits) - stands
            outcome.near.append(Near(rule.name, miss, more))
    return outcome if holds or outcome.near else None


def _whole(version: Version, given: Given, case: Case, limits: Limits) -> int:
    """Return what would be paid in all, caps and budgets kept."""
    wholes = given.wholes(version.multiplier_max, case, by_brand=version.purse is None)
    return _allowed(version, sum(wholes.values()), case, limits)[1]


def _settle(outcome: Outcome, case: Case, limits: Limits) -> None:
    """Round what is given, cut it to what caps and budgets leave, and spread it over lines."""
    version = outcome.version
    exact = outcome.given.exact(version.multiplier_max, case)
    points = outcome.given.wholes(version.multiplier_max, case, by_brand=version.purse is None)
    # Brands go by their numbers; what all lines bring stands under the last, one of its own.
    purses: Sequence[Any] = case.brands.ids if version.purse is None else (version.purse,)
    if outcome.won is not None:
        points = {number: whole for number, whole in points.items() if purses[number] in outcome.won}
    wanted = sum(points.values())
    outcome.cut, allowed = _allowed(version, wanted, case, limits)
    if outcome.cut and outcome.cut.of.startswith("receipts:"):
        outcome.given.give_nothing()
    if allowed < wanted:
        points = {number: share for number, share in shared_out(allowed, points).items() if share}
    outcome.points = {purses[number]: whole for number, whole in points.items()}
    # Each purse's points go over its lines by the rounded running sum, so that they add up.
    outcome.lines = {
        purses[number]: by_line(exact if number == ALL else of_brand(exact, number), whole)
        for number, whole in points.items()
    }


def _allowed(version: Version, wanted: int, case: Case, limits: Limits) -> tuple[Cut | None, int]:
    """Return what may be paid of what is wanted, and what cut it if anything did."""
    cut, allowed = None, wanted
    for by, of, left in _limits_of(version, case):
        if left < allowed:
            allowed, cut = max(0, left), Cut(by, of, max(0, left), wanted)
    left_over = limits.left.get(version.campaign_id)
    if left_over is not None and left_over < allowed:
        allowed = max(0, left_over) if version.terms.budget.short == "rest" else 0
        cut = Cut("budget", "total", max(0, left_over), wanted)
    return cut, allowed


def _limits_of(version: Version, case: Case) -> Iterable[tuple[CutBy, str, int]]:
    terms = version.terms
    if terms.legal.form in t.FORMS_OF_HALF_PRICE and terms.legal.point_value_minor:
        paid = paid_num(case.goods(version.all_goods), case)
        worth = case.basket.paid_in * HALF * terms.legal.point_value_minor
        yield "half_price", terms.legal.form, paid // worth
    for cap, key in version.caps:
        used = case.history.caps.get((version.campaign_id, key), 0)
        if cap.of == "points":
            yield "cap", key, cap.most - used
        elif used >= cap.most:
            yield "cap", key, 0


# A whole campaign is one window, whatever its versions say of its days.
EVER: Final = date(2000, 1, 1)


def window_start(cap: t.Cap, day: date) -> date:
    """Return the first day of the window of a cap that a purchase of a day falls in."""
    if cap.per == "week":
        return day - timedelta(days=day.weekday())
    if cap.per == "month":
        return day.replace(day=1)
    return EVER if cap.per == "campaign" else day


def _stack(outcomes: Sequence[Outcome], case: Case, limits: Limits) -> None:
    """Let each group choose, purse by purse, which of its campaigns pays; the others are beaten."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if limits.modes.get(outcome.version.terms.stacking.group, "all") != "all":
            groups.setdefault(outcome.version.terms.stacking.group, []).append(outcome)
    for name, members in groups.items():
        if len(members) == 1:
            continue
        choose = _CHOICES[limits.modes[name]]
        for outcome in members:
            outcome.won = set()
        for purse in {purse for outcome in members for purse in outcome.points}:
            paying = [outcome for outcome in members if purse in outcome.points]
            winner = choose(paying, purse)
            for outcome in paying:
                if outcome is winner:
                    outcome.won = {*(outcome.won or ()), purse}
                else:
                    outcome.beaten[purse] = winner.version
        for outcome in members:
            if outcome.beaten:
                _settle(outcome, case, limits)
                if not outcome.points:
                    outcome.given.give_nothing()


def _first(paying: Sequence[Outcome], _purse: Purse) -> Outcome:
    return paying[0]


def _best(paying: Sequence[Outcome], purse: Purse) -> Outcome:
    # The first of equals: they come in their fixed order.
    return max(paying, key=lambda outcome: outcome.points[purse])


_CHOICES: Final[Mapping[str, Callable[[Sequence[Outcome], Purse], Outcome]]] = {
    "first": _first,
    "best": _best,
}


def _multiply(outcome: Outcome, own: Sequence[Outcome], case: Case) -> None:
    """Add what a multiplier of other campaigns' points gives: so many per cent of their base, by line."""
    for key, percent in outcome.given.over:
        positions = {line.position for line in case.lines(key)}
        for other in own:
            for share in other.given.base:
                meant = {
                    position: weight
                    for position, weight in share.weights.of.items()
                    if position in positions and _paid_by(other, position, case) in other.points
                }
                if meant:
                    more = Share(
                        share.weights.changed(meant), share.num * percent, share.den * t.PERCENT_USUAL
                    )
                    outcome.given.add_plain(more)


def _paid_by(outcome: Outcome, position: int, case: Case) -> Purse | None:
    """Return the purse whose points a line earns in a campaign."""
    return outcome.version.purse or case.basket.lines[position].brand_id

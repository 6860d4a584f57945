"""The figures of the seeded base counted line by line in plain Python, to hold the measures against.

Nothing here shares a line with what it checks: no statement, no store, no helper.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from statistics import NormalDist, median
from typing import Any, NamedTuple

from tests.make import insight
from tests.make.insight_base import TODAY

DAY = timedelta(days=1)
Z = NormalDist().inv_cdf(0.975)


class Line(NamedTuple):
    brand: str
    product: str
    category: str
    chain: str
    region: str
    day: date
    shopper: int
    receipt: int
    trip: Hashable
    units: int
    paid: int
    discount: int
    basket: int


class Receipt(NamedTuple):
    day: date
    chain: str
    region: str
    shopper: int
    receipt: int


def columns(table: dict[str, Any], *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[name].tolist() for name in names), strict=True)


@cache
def lines() -> list[Line]:
    """Every line in dong of which its brand may know."""
    names = (
        "brand",
        "product",
        "category",
        "chain",
        "region",
        "day",
        "shopper",
        "receipt",
        "units",
        "paid",
        "discount",
    )
    rows = columns(insight.base().purchase, *names, "basket", "store", "hour", "currency", "agreed")
    found = []
    for *told, basket, store, hour, currency, agreed in rows:
        if agreed and currency == "VND":
            chain, day, shopper, receipt = told[3], told[5], told[6], told[7]
            trip = receipt if store == "" or hour == 255 else (shopper, day, hour, chain, store)
            found.append(Line(*told[:8], trip, *told[8:], basket))
    return found


@cache
def receipts() -> list[Receipt]:
    rows = columns(
        insight.base().receipt, "day", "chain", "region", "shopper", "receipt", "currency", "agreed"
    )
    return [Receipt(*told) for *told, currency, agreed in rows if agreed and currency == "VND"]


@cache
def agreed(brand: str = "omo") -> set[int]:
    """Who lets a brand know: what was said of it counts before what was said of all."""
    said: dict[tuple[int, str], int] = {}
    for shopper, about, given in columns(insight.base().consent, "shopper", "brand", "given"):
        said[shopper, about] = given
    return {
        shopper for (shopper, about) in said if not about and said.get((shopper, brand), said[shopper, ""])
    }


@cache
def joined() -> dict[int, date]:
    return dict(columns(insight.base().shopper, "shopper", "joined"))  # type: ignore[arg-type]


@cache
def held(year: int) -> set[int]:
    return {
        shopper for shopper, years in columns(insight.base().shopper, "shopper", "holdouts") if year in years
    }


def own(first: date, last: date, wanted: Callable[[Line], bool] = lambda _: True) -> list[Line]:
    return [line for line in lines() if line.brand == "omo" and first <= line.day <= last and wanted(line)]


def basics(found: list[Line]) -> dict[str, int]:
    """What simple measures are made of."""
    return {
        "buyers": len({line.shopper for line in found}),
        "trips": len({line.trip for line in found}),
        "units": sum(line.units for line in found),
        "spend": sum(line.paid for line in found),
        "lines": len(found),
        "promoted": sum(line.discount > 0 for line in found),
        "discount": sum(line.discount for line in found),
        "baskets": sum({line.receipt: line.basket for line in found}.values()),
    }


def active(first: date, last: date, wanted: Callable[[Receipt], bool] = lambda _: True) -> int:
    return len({one.shopper for one in receipts() if first <= one.day <= last and wanted(one)})


@cache
def trips() -> dict[int, list[tuple[date, int]]]:
    """Each buyer's trips with OMO in order, as day and spend."""
    days: dict[tuple[int, Hashable], date] = {}
    spent: Counter[tuple[int, Hashable]] = Counter()
    for line in own(date.min, date.max):
        key = (line.shopper, line.trip)
        days[key] = min(line.day, days.get(key, line.day))
        spent[key] += line.paid
    found: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for (shopper, trip), day in days.items():
        found[shopper].append((day, spent[shopper, trip]))
    return {shopper: sorted(visits) for shopper, visits in found.items()}


def new_buyers(first: date, last: date) -> list[tuple[date, date | None]]:
    """First and second purchase of each buyer whose first lies in a period."""
    found = []
    for visits in trips().values():
        days = [day for day, _ in visits]
        if first <= days[0] <= last:
            found.append((days[0], days[1] if len(days) > 1 else None))
    return found


def waiting(first: date, last: date, at: int) -> float:
    """The share of new buyers who have not bought again after so many days, by the product-limit estimate."""
    seen = TODAY - DAY
    spans = [(((again or seen) - began).days, again is not None) for began, again in new_buyers(first, last)]
    share = 1.0
    for day in sorted({length for length, came in spans if came and length <= at}):
        at_risk = sum(length >= day for length, _ in spans)
        share *= 1 - sum(length == day and came for length, came in spans) / at_risk
    return share


def flow(first: date, last: date, gap: int = 90) -> dict[str, tuple[int, int, int]]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for shopper, visits in trips().items():
        now = [(day, paid) for day, paid in visits if first <= day <= last]
        earlier = [day for day, _ in visits if day < first]
        if not now:
            if earlier and earlier[-1] >= first - gap * DAY:
                found["lapsed"][0] += 1
            continue
        began = now[0][0]
        if not earlier:
            kind = "newcomer" if joined()[shopper] > began - 90 * DAY else "new"
        else:
            kind = "returning" if (began - earlier[-1]).days <= gap else "regained"
        found[kind][0] += 1
        found[kind][1] += len(now)
        found[kind][2] += sum(paid for _, paid in now)
    return {kind: tuple(values) for kind, values in found.items()}  # type: ignore[misc]


def weights(first: date, last: date) -> dict[str, tuple[int, int]]:
    spent = {
        shopper: sum(paid for day, paid in visits if first <= day <= last)
        for shopper, visits in trips().items()
        if any(first <= day <= last for day, _ in visits)
    }
    ranked = sorted(spent, key=lambda shopper: (-spent[shopper], shopper))
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for place, shopper in enumerate(ranked, start=1):
        share = place / len(ranked)
        kind = "heavy" if share <= 0.2 else "medium" if share <= 0.5 else "light"
        found[kind][0] += 1
        found[kind][1] += spent[shopper]
    return {kind: (buyers, paid) for kind, (buyers, paid) in found.items()}


def cohort(month: date, later: date) -> tuple[int, int]:
    """How many first bought in a month, and how many of them bought in a later one."""
    of = [visits for visits in trips().values() if visits[0][0].replace(day=1) == month]
    return len(of), sum(any(day.replace(day=1) == later for day, _ in visits) for visits in of)


def wallet(first: date, last: date) -> dict[str, tuple[int, int, int]]:
    own_paid: Counter[int] = Counter()
    all_paid: Counter[int] = Counter()
    for line in lines():
        if line.category == "laundry" and first <= line.day <= last:
            all_paid[line.shopper] += line.paid
            if line.brand == "omo":
                own_paid[line.shopper] += line.paid
    found = {"solus": [0, 0, 0], "shared": [0, 0, 0]}
    for shopper, paid in own_paid.items():
        group = found["solus" if paid == all_paid[shopper] else "shared"]
        for place, value in enumerate((1, paid, all_paid[shopper])):
            group[place] += value
    return {kind: tuple(values) for kind, values in found.items()}  # type: ignore[misc]


def category_buyers(first: date, last: date) -> tuple[int, int]:
    may = agreed()
    bought = [line for line in lines() if line.category == "laundry" and first <= line.day <= last]
    return (
        len({line.shopper for line in bought if line.brand == "omo"}),
        len({line.shopper for line in bought if line.shopper in may}),
    )


def moves(
    periods: tuple[tuple[date, date], tuple[date, date]],
) -> tuple[dict[str, tuple[int, float, float]], Counter[str]]:
    """What moved between OMO and each other brand: shoppers, won, lost; and how shoppers changed."""
    may, paid = agreed(), [defaultdict(Counter) for _ in periods]  # type: ignore[var-annotated]
    for line in lines():
        for spent, (first, last) in zip(paid, periods, strict=True):
            if line.category == "laundry" and first <= line.day <= last and line.shopper in may:
                spent[line.shopper][line.brand] += line.paid
    flows: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    kinds: Counter[str] = Counter()
    for shopper in paid[0].keys() & paid[1].keys():
        before, after = paid[0][shopper], paid[1][shopper]
        totals = before.total(), after.total()
        if not (before["omo"] or after["omo"]) or not all(totals):
            continue
        change = {b: after[b] / totals[1] - before[b] / totals[0] for b in {*before, *after}}
        mine, weight = change["omo"], sum(totals) / 2
        kinds[
            "to_brand"
            if not before["omo"]
            else "from_brand"
            if not after["omo"]
            else "more"
            if mine > 0
            else "less"
            if mine < 0
            else "same"
        ] += 1
        others = {b: d for b, d in change.items() if b != "omo" and d * mine < 0}
        # As much is gained as is lost, so either side's sum shares the flow out.
        whole = sum(d for d in change.values() if d > 0)
        for other, d in others.items():
            flow = weight * abs(mine) * abs(d) / whole
            flows[other][0] += 1
            flows[other][1 if mine > 0 else 2] += flow
    return {other: (int(n), won, lost) for other, (n, won, lost) in flows.items()}, kinds


def pairs(first: date, last: date) -> dict[str, tuple[int, int, int, int]]:
    """By partner of OMO: baskets with both, with OMO, with the partner, and all; of every currency."""
    names = ("brand", "day", "receipt", "agreed")
    held_in: dict[int, set[str]] = defaultdict(set)
    for brand, day, receipt, may in columns(insight.base().purchase, *names):
        if may and brand and first <= day <= last:
            held_in[receipt].add(brand)
    rows = columns(insight.base().receipt, "day", "receipt", "agreed")
    of = len({receipt for day, receipt, may in rows if may and first <= day <= last})
    counts = Counter(brand for brands in held_in.values() for brand in brands)
    both = Counter(brand for brands in held_in.values() if "omo" in brands for brand in brands - {"omo"})
    return {brand: (count, counts["omo"], counts[brand], of) for brand, count in both.items()}


def uplift(weeks: list[tuple[date, date]]) -> float:
    """By how much more is bought in weeks of promotion than in the others of the same product and chain."""
    cells: dict[tuple[str, str], dict[int, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for line in own(weeks[0][0], weeks[-1][1]):
        cells[line.product, line.chain][(line.day - weeks[0][0]).days // 7].append(line)
    units = expected = 0.0
    for by_week in cells.values():
        promoted = [
            w for w, found in by_week.items() if sum(line.discount > 0 for line in found) * 5 >= len(found)
        ]
        others = len(weeks) - len(promoted)
        if promoted and others:
            sold = {week: sum(line.units for line in found) for week, found in by_week.items()}
            units += sum(sold[week] for week in promoted)
            expected += len(promoted) * sum(sold[week] for week in sold if week not in promoted) / others
    return units / expected - 1


def touches(kinds: tuple[str, ...], first: date, last: date) -> list[tuple[int, str, int, date]]:
    rows = columns(insight.base().touch, "shopper", "kind", "value", "day", "brand")
    return [
        (shopper, kind, value, day)
        for shopper, kind, value, day, brand in rows
        if brand == "omo" and kind in kinds and first <= day <= last and shopper in agreed()
    ]


def cost(first: date, last: date) -> int:
    """What points and given vouchers cost in đồng; a point costs ten, and a thousand đồng earns one."""
    points = sum(line.paid // 1000 for line in own(first, last))
    friends = sum(value for _, _, value, _ in touches(("referral_earned",), first, last))
    return 10 * (points + friends) + sum(value for _, _, value, _ in touches(("cost_voucher",), first, last))


def could_become(first: date, last: date) -> dict[bool, tuple[int, int]]:
    """By hold-out: how many could have become buyers, and how many did."""
    found = {False: [0, 0], True: [0, 0]}
    began = {shopper: visits[0][0] for shopper, visits in trips().items() if visits[0][0] <= last}
    for shopper, day in joined().items():
        if day < first and shopper in agreed() and began.get(shopper, date.max) >= first:
            group = found[shopper in held(first.year)]
            group[0] += 1
            group[1] += shopper in began
    return {arm: (could, came) for arm, (could, came) in found.items()}


def stage_on(at: date) -> dict[int, str]:
    """Each shopper's stage on a day."""
    recent = at - 90 * DAY
    near = {line.shopper for line in lines() if line.category == "laundry" and recent < line.day <= at}
    near = {shopper for shopper in near if shopper in agreed()}
    scores: dict[int, tuple[date, int, int]] = {}
    rows = columns(insight.base().touch, "shopper", "kind", "value", "day", "brand", "touch")
    for shopper, kind, value, day, brand, number in rows:
        if brand == "omo" and kind == "survey_nps" and day <= at and shopper in agreed():
            scores[shopper] = max(scores.get(shopper, (date.min, 0, 0)), (day, number, value))
    promoters = {shopper for shopper, (*_, value) in scores.items() if value >= 9}
    promoters |= {shopper for shopper, *_ in touches(("referral_earned",), date.min, at)}
    found = {}
    everybody = {shopper for shopper, day in joined().items() if day <= at and shopper in agreed()}
    for shopper in everybody | near | promoters:
        days = [day for day, _ in trips().get(shopper, []) if day <= at]
        gaps = [(later - earlier).days for earlier, later in pairwise(days)]
        since = (at - days[-1]).days if days else None
        if shopper in promoters:
            found[shopper] = "advocacy"
        elif since is not None and gaps and since <= max(1.5 * median(gaps), 30):
            found[shopper] = "retention"
        elif since is not None and since <= 90:
            found[shopper] = "decision"
        else:
            found[shopper] = "consideration" if shopper in near else "awareness"
    return found


@cache
def assigned() -> dict[int, int]:
    """The arm of everybody who was assigned to the campaign."""
    return dict(columns(insight.base().assignment, "shopper", "held"))


def campaign(days: int = 28) -> dict[int, list[tuple[float, float]]]:
    """By arm: what each assigned shopper spent on OMO after and before, in the campaign's days."""
    may = agreed()
    rows = columns(insight.base().assignment, "shopper", "held", "day")
    assigned = {shopper: (arm, day) for shopper, arm, day in rows if shopper in may}
    after: Counter[int] = Counter()
    before: Counter[int] = Counter()
    for line in own(date.min, date.max):
        if line.shopper in assigned:
            day = assigned[line.shopper][1]
            if day <= line.day < day + days * DAY:
                after[line.shopper] += line.paid
            elif day - 56 * DAY <= line.day < day:
                before[line.shopper] += line.paid
    found: dict[int, list[tuple[float, float]]] = {0: [], 1: []}
    for shopper, (arm, _) in assigned.items():
        found[arm].append((after[shopper], before[shopper]))
    return found


def log_lift_interval(both: int, one: int, other: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a lift, from the four cells of the table (delta method, written out)."""
    cells = (both / of, (one - both) / of, (other - both) / of, (of - one - other + both) / of)
    p_one, p_other = one / of, other / of
    slopes = (1 / cells[0] - 1 / p_one - 1 / p_other, -1 / p_one, -1 / p_other, 0.0)
    mean = sum(p * s for p, s in zip(cells, slopes, strict=True))
    variance = (sum(p * s * s for p, s in zip(cells, slopes, strict=True)) - mean * mean) / of
    lift = math.log(both * of / (one * other))
    return math.exp(lift - Z * math.sqrt(variance)), math.exp(lift + Z * math.sqrt(variance))

"""A synthetic base for benchmarks and demonstrations of scale: a seed always means the same rows.

Everything is a hash of the seed, the shopper and the day, so that any machine makes the same rows in any
order and in little memory. Shoppers differ as a gamma distribution does and stop coming one day; brands are
bought by Zipf's law, each shopper's favourites more often; days have seasons; prices differ by chain and
rise; one line in six or so is on promotion, and promoted brands are bought more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from domain.catalog.builtin import builtin_rows
from domain.insights.store.tables import CONSENT, PURCHASE, RECEIPT, SHOPPER, SYNTHETIC, Layout
from infra.columnar.store import Store

MONTHS: Final = 24
BRANDS_MAX: Final = 300
SHOPPERS_PER_BATCH: Final = 500_000
# Shoppers by whom it is found how often shoppers must come for so many receipts in all.
SAMPLE: Final = 20_000
CHAINS: Final = 10
_REGIONS: Final = ("hcmc", "hanoi", "mekong", "southeast", "red-river", "central")
# Share of lines that are no brand's of ours, and of shoppers who did not agree that brands may know.
_UNBRANDED: Final = 0.2
_NOT_AGREED: Final = 0.1
# Lunar new year's day by year: the three weeks before it are the season of the year.
_NEW_YEARS: Final = (
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 2),
    date(2031, 1, 23),
    date(2032, 2, 11),
    date(2033, 1, 31),
    date(2034, 2, 19),
    date(2035, 2, 8),
    date(2036, 1, 28),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is made, up to which day, and of how many months."""

    shoppers: int
    receipts: int
    last_day: date
    seed: int = 1
    months_count: int = MONTHS

    @property
    def months(self) -> list[date]:
        """Return the first days of the months, the earliest first."""
        first = self.last_day.year * 12 + self.last_day.month - self.months_count
        return [date(month // 12, month % 12 + 1, 1) for month in range(first, first + self.months_count)]


@dataclass(frozen=True, slots=True)
class Made:
    """How far it is: shares are 0 to 1."""

    month: date
    share: float


# A number from 0 to below 1 out of whatever tells it from the others.
def _u(*told: str) -> str:
    return f"(xxHash64({{seed:UInt64}}, {', '.join(told)}) / 18446744073709551616.)"


# A constant array that is indexed by a column is copied for each row; `transform` is not.
def _named(names: str, number: str) -> str:
    return f"transform({number}, range(length({{{names}:Array(String)}})), {{{names}:Array(String)}}, '')"


# The first names more often than the last.
def _one_of(names: str, u: str) -> str:
    return _named(names, f"toUInt64(length({{{names}:Array(String)}}) * pow({u}, 1.6))")


# A gamma variable of shape 1.5: an exponential one and half the square of a normal one.
_RATE: Final = (
    f"(-log(1 - {_u('1', 's')}) - log(1 - {_u('2', 's')}) * pow(cos(2 * pi() * {_u('3', 's')}), 2)) / 1.5"
)
_SHOPPERS: Final = f"""
    SELECT number AS s, xxHash64({{seed:UInt64}}, 0, number) AS shopper,
        {{scale:Float64}} * {_RATE} AS rate,
        -- Two thirds were there from the start; who came later did so on any day.
        if({_u("4", "s")} < 0.4, {{first:Date}} - 30,
           {{first:Date}} + toUInt32({{span:UInt16}} * pow({_u("5", "s")}, 1.3))) AS joined,
        joined + toUInt32(1 - log(1 - {_u("6", "s")}) * 900) AS left,
        {_u("7", "s")} >= {_NOT_AGREED} AS agreed,
        {_one_of("regions", _u("8", "s"))} AS region,
        {_u("9", "s")} AS usual
    FROM numbers({{from_shopper:UInt64}}, {{shoppers:UInt64}})
"""
# Each step in a query of its own: names that stand for names are written out anew wherever they are used.
_VISITS: Final = f"""
    SELECT s, shopper, agreed, region, usual, day, xxHash64({{seed:UInt64}}, 11, s, day) AS receipt
    FROM (
        SELECT s, shopper, agreed, region, usual,
            {{month:Date}} + toUInt8(arrayJoin(arrayFilter(
                (d, w) -> {_u("10", "s", "{month:Date}", "d")} < rate * w
                    AND {{month:Date}} + d >= joined AND {{month:Date}} + d < left,
                range(length({{weights:Array(Float64)}})), {{weights:Array(Float64)}}))) AS day
        FROM ({_SHOPPERS})
    )
"""
# Three trips in five lead to the usual chain.
_CHAIN: Final = _one_of("chains", f"if({_u('12', 'receipt')} < 0.6, usual, {_u('13', 'receipt')})")
_FAVOURITE: Final = "toUInt8(6 * pow(" + _u("21", "receipt", "l") + ", 2))"
_DRAWN: Final = f"""
    SELECT shopper, agreed, region, day, receipt, chain,
        concat(chain, '-', toString(toUInt32({_u("14", "s", "chain")} * 40))) AS store,
        toUInt8(7 + 7 * ({_u("15", "receipt")} + {_u("16", "receipt")})) AS hour,
        -- A brand's number, and what chooses product and units.
        arrayMap(l -> tuple(
            if({_u("18", "receipt", "l")} < {_UNBRANDED}, 0,
                toUInt16(exp({{zipf:Float64}} * if({_u("19", "receipt", "l")} < 0.55,
                    {_u("20", "s", _FAVOURITE)},
                    {_u("22", "receipt", "l")})))),
            toUInt8(6 * pow({_u("23", "receipt", "l")}, 2)),
            1 + toUInt8(least(5, -log(1 - {_u("24", "receipt", "l")}) * 0.6))),
            range(1 + toUInt8(least(11, -log(1 - {_u("17", "receipt")}) * 2.4)))) AS drawn
    FROM (
        SELECT *, {_CHAIN} AS chain
        FROM ({_VISITS})
    )
"""
_RECEIPTS: Final = f"""
    SELECT *, toInt64(arraySum(x -> x.4 - x.5, bought)
        + {_u("25", "receipt")} * {_u("26", "receipt")} * 400000) AS total
    FROM (
        SELECT * EXCEPT priced,
            -- Brand, product, units, amount, discount.
            arrayMap(x -> tuple(x.1, x.2, x.3, x.4, toInt64(if(x.1 > 0
                AND xxHash64({{seed:UInt64}}, 33, x.1, chain, week) % 100 < 16, intDiv(x.4, 5), 0))), priced)
                AS bought
        FROM (
            SELECT *, toMonday(day) AS week,
                arrayMap(x -> tuple(x.1, x.2, x.3, toInt64(x.3 * 25 * (1 + xxHash64(31, x.1, x.2) % 60)
                    * (100 + xxHash64(32, x.1, chain) % 12
                        + intDiv(dateDiff('month', {{first:Date}}, day), 3)))),
                    drawn) AS priced
            FROM ({_DRAWN})
        )
    )
"""
_KEPT: Final = f"'VND' AS currency, 'photo' AS channel, agreed, {SYNTHETIC} AS version, 0 AS gone"
_INSERT_RECEIPTS: Final = f"""
    INSERT INTO {RECEIPT.rows} (day, hour, chain, store, region, shopper, receipt, total,
        currency, channel, agreed, version, gone)
    SELECT day, hour, chain, store, region, shopper, receipt, total, {_KEPT} FROM ({_RECEIPTS})
"""
_INSERT_PURCHASES: Final = f"""
    INSERT INTO {PURCHASE.rows} (brand, product, category, owner, chain, store, region, day, hour,
        shopper, receipt, line, units, paid, discount, basket, points,
        currency, channel, agreed, version, gone)
    SELECT {_named("brands", "one.1")} AS brand,
        if(one.1 = 0, '', concat(brand, '-', toString(one.2))), {_named("categories", "one.1")},
        {_named("owners", "one.1")}, chain, store, region, day, hour, shopper, receipt,
        place, one.3, one.4 - one.5, one.5, total,
        if(one.1 = 0, 0, intDiv(one.4 - one.5, 1000)), {_KEPT}
    FROM ({_RECEIPTS}) ARRAY JOIN bought AS one, arrayEnumerate(bought) AS place
"""
_INSERT_SHOPPERS: Final = f"""
    INSERT INTO shopper_rows (shopper, joined, holdouts, version, gone)
    SELECT shopper, joined, if({_u("27", "s")} < 0.05, range(2020, 2100), []), {SYNTHETIC}, 0
    FROM ({_SHOPPERS})
"""
_INSERT_CONSENTS: Final = f"""
    INSERT INTO consent_rows (shopper, brand, given, version, gone)
    SELECT shopper, '', agreed, {SYNTHETIC}, 0 FROM ({_SHOPPERS})
"""


def fill(store: Store, plan: Plan) -> Iterator[Made]:
    """Fill a store month by month; what of the same plan is there already is made again, not twice.

    Raises:
        ColumnarError: The store does not take it.
    """
    told = _told(plan)
    told["scale"] = _scale(store, plan, told)
    for first, count in _batches(plan.shoppers):
        named = told | {"from_shopper": first, "shoppers": count}
        store.command(_INSERT_SHOPPERS, named)
        store.command(_INSERT_CONSENTS, named)
    for number, month in enumerate(plan.months):
        weights = _weights(month, min(_month_end(month), plan.last_day))
        for first, count in _batches(plan.shoppers):
            named = told | {"from_shopper": first, "shoppers": count, "month": month, "weights": weights}
            store.command(_INSERT_RECEIPTS, named)
            store.command(_INSERT_PURCHASES, named)
            yield Made(month, (number + (first + count) / plan.shoppers) / plan.months_count)


def merge(store: Store, layout: Layout) -> None:
    """Have each month of a table be one part at once, as it is an hour after its last row comes.

    Raises:
        ColumnarError: The store does not do it.
    """
    for facts in (RECEIPT, PURCHASE, SHOPPER, CONSENT):
        store.command(f"OPTIMIZE TABLE {layout.local(facts.rows)}{layout.everywhere} FINAL")


def _batches(shoppers: int) -> Iterator[tuple[int, int]]:
    for first in range(0, shoppers, SHOPPERS_PER_BATCH):
        yield first, min(SHOPPERS_PER_BATCH, shoppers - first)


def _scale(store: Store, plan: Plan, told: dict[str, Any]) -> float:
    """Return how often a shopper of rate 1 comes on a day of weight 1, for all receipts of a plan."""
    named = told | {"scale": 1.0, "from_shopper": 0, "shoppers": SAMPLE}
    days = [(month, weight) for month in plan.months for weight in _weights(month, _month_end(month))]
    visits: float = store.query(
        f"SELECT avg(rate * greatest(0, dateDiff('day', greatest(joined, {{first:Date}}),"
        f" least(left, {{last:Date}})))) AS visits FROM ({_SHOPPERS})",
        named | {"last": plan.last_day},
    )[0]["visits"]
    return plan.receipts / plan.shoppers / (visits * sum(weight for _, weight in days) / len(days))


def _told(plan: Plan) -> dict[str, Any]:
    catalogue = builtin_rows()
    brands = [brand for brand in catalogue.brands if brand.restricted_class == "none"][:BRANDS_MAX]
    return {
        "seed": plan.seed,
        "first": plan.months[0],
        # The last of whom come a month before the end.
        "span": 30 * (plan.months_count - 1),
        "brands": ["", *(brand.slug for brand in brands)],
        "categories": ["", *(brand.category for brand in brands)],
        "owners": ["", *(brand.owner for brand in brands)],
        # Zipf's law of exponent 1: the share of the brand of rank n is proportional to 1/n.
        "zipf": math.log(len(brands) + 1),
        "chains": [retailer.slug for retailer in catalogue.retailers][:CHAINS],
        "regions": list(_REGIONS),
    }


def _weights(month: date, last: date) -> list[float]:
    """Return how busy each day of a month is, the usual day 1."""
    return [_weight(month + timedelta(days=day)) for day in range((last - month).days + 1)]


def _weight(day: date) -> float:
    week = (0.85, 0.85, 0.9, 0.9, 1.05, 1.3, 1.25)[day.weekday()]
    before = min(((new_year - day).days for new_year in _NEW_YEARS if new_year >= day), default=99)
    season = 1 + 0.7 * math.exp(-(((before - 8) / 7) ** 2)) if before < 30 else 1.0  # noqa: PLR2004 - a month
    return week * season


def _month_end(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)

"""What each shopper is to a brand: the one definition of groups, value tiers and signs of leaving.

Console, segments, campaigns and exports all read this statement; nobody computes a tier beside it. One row a
shopper who ever bought the brand and agreed that it may know:

    shopper, joined_days, days_since, days_year, days_quarter, paid_year,
    alive, expected, worth, tier, rfm, signs

`alive` (0 to 1), `expected` (days with a purchase in 13 weeks) and `worth` (minor units, 52 weeks) are null
without a model that is shown, `tier` and `rfm` empty where there are no cuts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Self

from domain.insights.profile import classes
from infra.columnar.store import Store

CURRENCY: Final = "VND"
# Days of so many buyers, and of all their receipts of a year, are held in memory at once.
BUYERS_AT_ONCE: Final = 100_000

# Purchases of the brand by shopper. Days, not receipts: two receipts of a day are one time of shopping.
_MINE: Final = f"""
    SELECT shopper, min(day) AS first, max(day) AS last, uniqExact(day) AS days, sum(paid) AS paid_ever,
        uniqExactIf(day, day > asof - {classes.YEAR_DAYS}) AS days_year,
        sumIf(paid, day > asof - {classes.YEAR_DAYS}) AS paid_year,
        uniqExactIf(day, day > asof - {classes.QUARTER_DAYS}) AS days_quarter,
        uniqExactIf(day, day > asof - {2 * classes.QUARTER_DAYS} AND day <= asof - {classes.QUARTER_DAYS})
            AS days_before,
        sumIf(paid, day > asof - {classes.QUARTER_DAYS}) AS paid_quarter,
        sumIf(paid, day > asof - {2 * classes.QUARTER_DAYS} AND day <= asof - {classes.QUARTER_DAYS})
            AS paid_before,
        arraySort(groupUniqArray(day)) AS bought_on
    FROM purchase
    WHERE brand = {{brand:String}} AND currency = {{currency:String}} AND day <= asof
        AND shopper % {{parts:UInt64}} = {{part:UInt64}}
    GROUP BY shopper
"""
# Receipts of any brand by the same shoppers: whether they still scan, and what else they buy.
_ALL: Final = f"""
    SELECT shopper, max(day) AS last_any,
        uniqExactIf(receipt, day > asof - {classes.QUARTER_DAYS}) AS receipts_quarter,
        uniqExactIf(receipt, day > asof - {2 * classes.QUARTER_DAYS} AND day <= asof - {classes.QUARTER_DAYS})
            AS receipts_before,
        sumIf(total, day > asof - {classes.QUARTER_DAYS}) AS total_quarter,
        sumIf(total, day > asof - {2 * classes.QUARTER_DAYS} AND day <= asof - {classes.QUARTER_DAYS})
            AS total_before,
        arraySort(groupUniqArray(day)) AS came_on
    FROM receipt
    WHERE day <= asof AND day > asof - {classes.YEAR_DAYS} AND currency = {{currency:String}}
        AND shopper % {{parts:UInt64}} = {{part:UInt64}}
        AND shopper IN (SELECT DISTINCT shopper FROM purchase WHERE brand = {{brand:String}})
    GROUP BY shopper
"""


def _gaps(days: str) -> str:
    """Return the days between one day and the next of a sorted list, smallest first."""
    return (
        f"arraySort(arrayMap((a, b) -> dateDiff('day', a, b), arrayPopBack({days}), arrayPopFront({days})))"
    )


def _own(gaps: str) -> str:
    """Return the gap that nine in ten of a shopper's own are within; 0 where they have too few."""
    return f"if(length({gaps}) >= {classes.OWN_GAPS_MIN}, {gaps}[toUInt32(ceil(0.9 * length({gaps})))], 0)"


# Everything that is counted, before any model or class.
COUNTED: Final = f"""
    SELECT mine.shopper AS shopper, dateDiff('day', joined, asof) AS joined_days,
        dateDiff('day', last, asof) AS days_since, days, days_year, days_quarter, days_before,
        paid_ever, paid_year, paid_quarter, paid_before,
        days - 1 AS repeats, intDiv(dateDiff('day', first, last) + 3, 7) AS last_week,
        intDiv(dateDiff('day', first, asof) + 3, 7) AS age_weeks,
        {_gaps("bought_on")} AS gaps, {_gaps("came_on")} AS any_gaps,
        {_own("gaps")} AS own_gap, {_own("any_gaps")} AS any_gap,
        dateDiff('day', last_any, asof) AS days_since_any,
        receipts_quarter, receipts_before, total_quarter, total_before,
        multiIf(joined_days < {classes.JOINED_BANDS[0]}, 0, joined_days < {classes.JOINED_BANDS[1]}, 1, 2)
            AS band
    FROM ({_MINE}) AS mine
        LEFT JOIN ({_ALL}) AS everything ON everything.shopper = mine.shopper
        LEFT JOIN shopper AS who ON who.shopper = mine.shopper
"""

_ALIVE: Final = """
    1 / (1 + if(repeats > 0, {a:Float64} / ({b:Float64} + repeats - 1)
        * pow(({alpha:Float64} + age_weeks) / ({alpha:Float64} + last_week), {r:Float64} + repeats), 0))
"""
# Forecasts of who is alive hang on repeats and age alone: they come as a table by both.
_CELL: Final = "toUInt32(repeats * 10000 + age_weeks)"
_SPEND: Final = "({prior_total:Float64} + paid_ever) / ({prior_occasions:Float64} + days)"
VALUED: Final = f"""
    SELECT *,
        if({{modelled:Bool}}, {_ALIVE}, NULL) AS alive,
        alive * transform({_CELL}, {{cells:Array(UInt32)}}, {{quarters:Array(Float64)}}, 0.) AS expected,
        alive * transform({_CELL}, {{cells:Array(UInt32)}}, {{years:Array(Float64)}}, 0.)
            * {_SPEND} * {{margin:Float64}} AS worth
    FROM ({COUNTED})
"""


def _fifth(value: str, cuts: str) -> str:
    """Return which fifth of its joined band a value is in, 1 to 5, low to high; cuts lie band by band."""
    return f"(1 + arrayCount(cut -> {value} > cut, arraySlice({{{cuts}:Array(Float64)}}, band * 4 + 1, 4)))"


_SIGNS: Final = f"""
    arrayFilter(sign -> sign != '', [
        if(days_since > if(own_gap > 0, own_gap, {{usual_gap:Float64}}), 'overdue', ''),
        if(ifNull(alive, 1) < {classes.GONE_BELOW}, 'likely_gone', ''),
        if(days_before >= {classes.DAYS_BEFORE_MIN} AND days_quarter * 2 <= days_before, 'buys_less', ''),
        if(days_before > 1 AND receipts_quarter >= {classes.RECEIPTS_MIN}
            AND receipts_quarter >= {classes.STILL_SCANS} * receipts_before AND total_quarter > 0
            AND total_before > 0 AND 2 * paid_quarter / total_quarter <= paid_before / total_before,
            'share_falls', ''),
        if(days_since_any > if(any_gap > 0, any_gap, {{usual_any_gap:Float64}}), 'quiet_everywhere', '')
    ])
"""
_RFM: Final = (
    f"""{{groups:Array(String)}}[(6 - {_fifth("days_since", "recency_cuts")} - 1) * 5"""
    f""" + intDiv({_fifth("days_year", "frequency_cuts")} + {_fifth("paid_year", "spend_cuts")} + 1, 2)]"""
)
_TIER: Final = (
    "{tiers:Array(String)}[5 - arrayCount(cut -> ifNull(worth, 0) > cut, {worth_cuts:Array(Float64)})]"
)
PROFILE: Final = f"""
    SELECT shopper, joined_days, days_since, days_year, days_quarter, paid_year, alive, expected, worth,
        multiIf(worth IS NULL OR empty({{worth_cuts:Array(Float64)}}), '', {_TIER}) AS tier,
        multiIf(empty({{recency_cuts:Array(Float64)}}), '', days_year = 0, 'lost', {_RFM}) AS rfm,
        {_SIGNS} AS signs
    FROM ({VALUED})
"""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """A shown model as the statement takes it. `cells` are repeats * 10000 + age in weeks."""

    r: float
    alpha: float
    a: float
    b: float
    prior_occasions: float
    prior_total: float
    margin: float
    cells: tuple[int, ...]
    quarters: tuple[float, ...]
    years: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where classes are cut, each a list of four a band for three joined bands; four for worth.

    `usual_gap` is nine tenths of the way up all gaps between two purchases of the brand, in days;
    `usual_any_gap` the same between two receipts of any brand, by the brand's shoppers.
    """

    recency: tuple[float, ...] = ()
    frequency: tuple[float, ...] = ()
    spend: tuple[float, ...] = ()
    worth: tuple[float, ...] = ()
    usual_gap: float = 1e6
    usual_any_gap: float = 1e6

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Return cuts that were kept as JSON."""
        return cls(
            recency=tuple(told["recency"]),
            frequency=tuple(told["frequency"]),
            spend=tuple(told["spend"]),
            worth=tuple(told["worth"]),
            usual_gap=told["usual_gap"],
            usual_any_gap=told["usual_any_gap"],
        )


@dataclass(frozen=True, slots=True)
class About:
    """Which brand is asked about, as of which day, by which model and cuts.

    Only the shoppers of one of `parts` are looked at, each as good a sample as another: numbers are hashes.
    """

    brand: str
    as_of: date
    forecasts: Forecasts | None = None
    cuts: Cuts = field(default_factory=Cuts)
    currency: str = CURRENCY
    parts: int = 1
    part: int = 0

    def parameters(self) -> dict[str, Any]:
        """Return what the statement is given."""
        model = self.forecasts or Forecasts(1, 1, 1, 1, 1, 0, 0, (0,), (0.0,), (0.0,))
        return {
            "brand": self.brand,
            "as_of": self.as_of,
            "currency": self.currency,
            "parts": self.parts,
            "part": self.part,
            "modelled": self.forecasts is not None,
            **{name: getattr(model, name) for name in ("r", "alpha", "a", "b", "margin")},
            "prior_occasions": model.prior_occasions,
            "prior_total": model.prior_total,
            "cells": model.cells,
            "quarters": model.quarters,
            "years": model.years,
            "recency_cuts": self.cuts.recency,
            "frequency_cuts": self.cuts.frequency,
            "spend_cuts": self.cuts.spend,
            "worth_cuts": self.cuts.worth,
            "usual_gap": self.cuts.usual_gap,
            "usual_any_gap": self.cuts.usual_any_gap,
            "groups": tuple(group for row in classes.RFM_GROUPS for group in row),
            "tiers": classes.VALUE_TIERS,
        }


def asking(select: str, of: str = PROFILE) -> str:
    """Return a question about profiles: `asking("SELECT tier, count() FROM profile GROUP BY tier")`."""
    return f"WITH {{as_of:Date}} AS asof, profile AS ({of}) {select}"


def in_parts(store: Store, about: About) -> list[About]:
    """Return the same question in parts of so many buyers that the store answers each in bounded memory.

    Raises:
        ColumnarError: The store does not answer.
    """
    asked = {"brand": about.brand, "as_of": about.as_of}
    buyers = store.query(_BUYERS, asked)[0]["buyers"]
    parts = -(-buyers // BUYERS_AT_ONCE) or 1
    return [replace(about, parts=parts, part=part) for part in range(parts)]


_BUYERS: Final = (
    "SELECT uniq(shopper) AS buyers FROM purchase WHERE brand = {brand:String} AND day <= {as_of:Date}"
)

"""Sums that would take seconds over the whole base: made a period at a time, anew when a row of it is newer.

A build is shown whole or not at all: its rows carry a version, and the views show the last one that was
noted as built. Whole periods are summed up on their own, since shoppers of months don't add up to those of
a year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from domain.insights.store.marks import DIRTY, next_version
from domain.insights.store.tables import (
    ACTIVE_MONTH,
    ACTIVE_PERIOD,
    ALL,
    BRAND_MONTH,
    PAIR_MONTH,
    Derived,
    Layout,
)
from infra import clock
from infra.columnar.store import Store

_ACTIVE_PERIOD: Final = f"""
    SELECT {{grain:String}} AS grain, {{start:Date}} AS start,
        if(grouping(chain) = 1, '{ALL}', chain) AS chain_,
        if(grouping(region) = 1, '{ALL}', region) AS region_,
        currency, uniqExact(shopper), count(), sum(total)
    FROM receipt WHERE day >= {{start:Date}} AND day < {{end:Date}}
    GROUP BY GROUPING SETS ((chain, region, currency), (chain, currency), (region, currency), (currency))
"""
_ACTIVE_MONTH: Final = """
    SELECT {start:Date}, chain, region, currency, uniqExactState(shopper), count(), sum(total)
    FROM receipt WHERE day >= {start:Date} AND day < {end:Date} GROUP BY chain, region, currency
"""
_BRAND_MONTH: Final = """
    SELECT {start:Date}, brand, category, chain, region, currency, uniqExact(shopper), uniqExact(receipt),
        count(), sum(units), sum(paid), sum(discount), sum(points)
    FROM purchase WHERE day >= {start:Date} AND day < {end:Date}
    GROUP BY brand, category, chain, region, currency
"""
# Brands bought in one trip, in both directions.
_PAIR_MONTH: Final = """
    SELECT {start:Date}, pair.1, pair.2, count(), uniqExact(shopper)
    FROM (
        SELECT shopper, arrayJoin(arrayFilter(p -> p.1 != p.2,
            arrayFlatten(arrayMap(a -> arrayMap(b -> (a, b), brands), brands)))) AS pair
        FROM (
            SELECT any(shopper) AS shopper, groupUniqArray(brand) AS brands
            FROM purchase WHERE day >= {start:Date} AND day < {end:Date} AND brand != '' GROUP BY receipt
        ) WHERE length(brands) > 1
    ) GROUP BY pair
"""
_MONTHLY: Final[Mapping[str, tuple[Derived, str]]] = {
    derived.name: (derived, select)
    for derived, select in (
        (ACTIVE_MONTH, _ACTIVE_MONTH),
        (BRAND_MONTH, _BRAND_MONTH),
        (PAIR_MONTH, _PAIR_MONTH),
    )
}


@dataclass(frozen=True, slots=True)
class Period:
    """A week, month, quarter or year by its first day; `end` is the day after its last."""

    grain: str
    start: date

    @property
    def name(self) -> str:
        """Return what it is called in `built`."""
        return f"{self.grain} {self.start}"

    @property
    def end(self) -> date:
        """Return the day after its last."""
        months = {"month": 1, "quarter": 3, "year": 12}
        if self.grain == "week":
            return self.start + timedelta(days=7)
        reached = self.start.year * 12 + self.start.month - 1 + months[self.grain]
        return date(reached // 12, reached % 12 + 1, 1)


def periods_of(months: Sequence[date]) -> list[Period]:
    """Return every period of the grid that has a day in one of some months, the shortest first."""
    found: dict[Period, None] = {}
    for month in months:
        found[Period("month", month)] = None
        last = Period("month", month).end - timedelta(days=1)
        monday = month - timedelta(days=month.weekday())
        while monday <= last:
            found[Period("week", monday)] = None
            monday += timedelta(days=7)
        found[Period("quarter", date(month.year, month.month - (month.month - 1) % 3, 1))] = None
        found[Period("year", date(month.year, 1, 1))] = None
    return sorted(found, key=lambda period: (period.end - period.start, period.start))


def stale_months(store: Store, subject: str) -> list[date]:
    """Return the months in which something is newer than what was built of them, the newest first.

    Raises:
        ColumnarError: The store does not answer.
    """
    rows = store.query(
        """
        SELECT month FROM (
            SELECT toStartOfMonth(day) AS month, max(version) AS newest FROM (
                SELECT day, version FROM receipt_rows UNION ALL SELECT day, version FROM purchase_rows
                UNION ALL SELECT toDateOrZero(substring(name, 7)), version FROM mark
                WHERE startsWith(name, {dirty:String})
            ) GROUP BY month
        ) AS found LEFT JOIN (
            SELECT toDateOrZero(substring(period, 7)) AS built_month, max(version) AS built FROM built
            WHERE subject = {subject:String} AND startsWith(period, 'month') GROUP BY built_month
        ) AS done ON found.month = done.built_month
        WHERE newest > built ORDER BY month DESC
        """,
        {"subject": subject, "dirty": DIRTY},
    )
    return [row["month"] for row in rows]


def derive(store: Store, layout: Layout) -> Iterator[str]:
    """Make the sums anew whose rows are newer; yield what was built, step by step.

    Raises:
        ColumnarError: The store does not take it; what was built stays.
    """
    for name, (derived, select) in _MONTHLY.items():
        for month in stale_months(store, name):
            period = Period("month", month)
            build(store, layout, derived, select, period)
            yield f"{name} {period.name}"
    months = stale_months(store, ACTIVE_PERIOD.name)
    for period in periods_of(months):
        build(store, layout, ACTIVE_PERIOD, _ACTIVE_PERIOD, period, {"grain": period.grain})
        yield f"{ACTIVE_PERIOD.name} {period.name}"


def build(
    store: Store,
    layout: Layout,
    derived: Derived,
    select: str,
    period: Period,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Make one table's sums of one period, show them, and remove those before.

    Raises:
        ColumnarError: The store does not take it.
    """
    # Taken before its rows are read: what comes meanwhile is newer, and makes it stale.
    version = next_version(store)
    told = {
        "start": period.start,
        "end": period.end,
        "period": period.name,
        "version": version,
        **(more or {}),
    }
    columns = ", ".join(derived.columns)
    store.command(
        f"INSERT INTO {derived.rows} ({columns}, period, version)"
        f" SELECT *, {{period:String}}, {{version:UInt64}} FROM ({select})",
        told,
    )
    note_built(store, derived.name, period.name, version)
    before = store.query(
        f"SELECT DISTINCT version FROM {derived.rows}"
        " WHERE period = {period:String} AND version != {version:UInt64}",
        told,
    )
    for row in before:
        store.command(
            f"ALTER TABLE {layout.local(derived.rows)}{layout.everywhere}"
            f" DROP PARTITION ('{period.name}', {row['version']})"
        )


def note_built(store: Store, subject: str, period: str, version: int) -> None:
    """Show a build, or note what else was made of a period.

    Raises:
        ColumnarError: The store does not take it.
    """
    at = clock.now().strftime("%Y-%m-%d %H:%M:%S")
    store.insert("built", {"subject": [subject], "period": [period], "version": [version], "at": [at]})

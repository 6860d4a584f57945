"""The only periods that may be asked about: years, quarters, months and ISO weeks.

Days are not told, since two answers that differ by a day tell that day. Years hold quarters, those hold
months, and months hold *pieces*: a week, or the part of a week that lies in the month. A week is told only if
its pieces may be, for months less the weeks inside them would tell the pieces at their edges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from domain.insights.errors import UnknownPeriodError

Kind = Literal["year", "quarter", "month", "week", "piece"]
KINDS: Final[tuple[Kind, ...]] = ("year", "quarter", "month", "piece", "week")
# How a period is written: 2026, 2026-Q3, 2026-09, 2026-W38.
PATTERN: Final = r"^20\d\d(-(Q[1-4]|0[1-9]|1[0-2]|W[0-5]\d))?$"
_WRITTEN: Final = re.compile(PATTERN)
_MONTHS: Final[dict[Kind, int]] = {"year": 12, "quarter": 3, "month": 1}
_WEEK: Final = timedelta(days=7)
# A period's number: its kind's place, then its first day as yyyymmdd. The store computes the same.
_PLACE: Final = 10**8


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days of the grid, both included."""

    first: date
    last: date
    kind: Kind

    @property
    def number(self) -> int:
        """Return how the store calls it."""
        day = self.first.year * 10_000 + self.first.month * 100 + self.first.day
        return (KINDS.index(self.kind) + 1) * _PLACE + day

    @property
    def name(self) -> str:
        """Return it as it is written; a piece, which nobody asks for, by its first day."""
        if self.kind == "year":
            return f"{self.first:%Y}"
        if self.kind == "quarter":
            return f"{self.first:%Y}-Q{(self.first.month + 2) // 3}"
        if self.kind == "month":
            return f"{self.first:%Y-%m}"
        if self.kind == "week":
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02}"
        return self.first.isoformat()

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1


def period_of(written: str) -> Period:
    """Return the period of a name.

    Raises:
        UnknownPeriodError: There is none: week 53 of a year of 52.
    """
    if not _WRITTEN.match(written):
        raise UnknownPeriodError(period=written)
    year, _, rest = written.partition("-")
    if rest.startswith("W"):
        try:
            return containing("week", date.fromisocalendar(int(year), int(rest[1:]), 1))
        except ValueError as error:
            raise UnknownPeriodError(period=written) from error
    if rest.startswith("Q"):
        return containing("quarter", date(int(year), int(rest[1:]) * 3, 1))
    return (
        containing("month", date(int(year), int(rest), 1))
        if rest
        else containing("year", date(int(year), 1, 1))
    )


def containing(kind: Kind, day: date) -> Period:
    """Return the period of a kind that holds a day."""
    monday = day - timedelta(days=day.weekday())
    if kind == "week":
        return Period(monday, monday + timedelta(days=6), kind)
    if kind == "piece":
        month = containing("month", day)
        return Period(max(monday, month.first), min(monday + timedelta(days=6), month.last), kind)
    months = _MONTHS[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(first, _month_later(first, months) - timedelta(days=1), kind)


def before(period: Period) -> Period:
    """Return the period of the same kind that ends where this begins."""
    return containing(period.kind, period.first - timedelta(days=1))


def parts(period: Period, kind: Kind) -> Iterator[Period]:
    """Yield the periods of a finer kind that hold days of it, in order; weeks may reach beyond its ends."""
    part = containing(kind, period.first)
    while part.first <= period.last:
        yield part
        part = containing(kind, part.last + timedelta(days=1))


def parent(period: Period) -> Period | None:
    """Return what it is a part of in the tree of years, quarters, months and pieces; a week has none."""
    if period.kind in {"year", "week"}:
        return None
    above: Kind = "quarter" if period.kind == "month" else "month" if period.kind == "piece" else "year"
    return containing(above, period.first)


def numbered(number: int) -> Period:
    """Return the period that the store calls so."""
    place, day = divmod(number, _PLACE)
    return containing(KINDS[place - 1], date(day // 10_000, day // 100 % 100, day % 100))


def start_sql(kind: Kind, day: str) -> str:
    """Return the expression for the first day of the period of a kind that holds the day of a column."""
    return {
        "year": f"toStartOfYear({day})",
        "quarter": f"toStartOfQuarter({day})",
        "month": f"toStartOfMonth({day})",
        "week": f"toMonday({day})",
        "piece": f"greatest(toMonday({day}), toStartOfMonth({day}))",
    }[kind]


def number_sql(kind: Kind, day: str) -> str:
    """Return the expression for the number of the period of a kind that holds the day of a column."""
    place = (KINDS.index(kind) + 1) * _PLACE
    return f"toUInt32({place} + toYYYYMMDD({start_sql(kind, day)}))"


def _month_later(first: date, months: int) -> date:
    passed = first.month - 1 + months
    return date(first.year + passed // 12, passed % 12 + 1, 1)

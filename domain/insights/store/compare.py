"""The store against PostgreSQL, day by day: any difference of counts and sums is named, and mended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session

from domain.insights.store import feed, writing
from domain.insights.store.derive import Period
from domain.insights.store.marks import next_version
from domain.insights.store.tables import PURCHASE, RECEIPT, SYNTHETIC
from domain.people.numbers import number_of
from infra.columnar.store import Store

# What is counted of a day; the names are those that a difference is told by.
RECEIPTS: Final = ("receipts", "total")
LINES: Final = ("lines", "paid", "discount", "points", "units", "named")
_STANDS: Final = """
    FROM receipt r JOIN shopper s ON s.id = r.shopper_id AND s.erased_at IS NULL
    {more} WHERE r.status = 'approved' AND r.erased_at IS NULL
      AND coalesce(r.purchased_at, CAST(r.purchased_on AS timestamp)) >= :first
      AND coalesce(r.purchased_at, CAST(r.purchased_on AS timestamp)) < :end
"""
_DAY: Final = "coalesce(r.purchased_on, CAST(r.purchased_at AS date))"
_RECEIPTS: Final = text(
    f"SELECT {_DAY} AS day, count(*) AS receipts, coalesce(sum(r.total_minor), 0) AS total"
    f" {_STANDS.format(more='')} GROUP BY 1"
)
# `named` is how long all names together are: it differs where a brand, product, category, maker or chain
# does.
_LINES: Final = text(
    f"""
    SELECT {_DAY} AS day, count(*) AS lines, sum(l.amount_minor - l.discount_minor) AS paid,
        sum(l.discount_minor) AS discount, sum(l.points) AS points,
        sum(CASE WHEN l.quantity <> trunc(l.quantity) OR lower(l.unit) IN ('kg', 'g', 'gr')
            THEN sign(l.quantity) ELSE l.quantity END) AS units,
        sum(octet_length(coalesce(b.slug, '')) + 3 * octet_length(coalesce(p.slug, ''))
            + 5 * octet_length(coalesce(p.category, b.category, '')) + 7 * octet_length(coalesce(b.owner, ''))
            + 11 * octet_length(coalesce(c.slug, ''))) AS named
    {
        _STANDS.format(
            more="JOIN receipt_line l ON l.receipt_id = r.id LEFT JOIN brand b ON b.id = l.brand_id"
            " LEFT JOIN product p ON p.id = l.product_id LEFT JOIN retailer c ON c.id = r.retailer_id"
        )
    } GROUP BY 1
"""
)
_IDS: Final = text(f"SELECT r.id {_STANDS.format(more='')}")
_FIRST_LAST: Final = text("""
    SELECT min(CAST(coalesce(purchased_at, CAST(purchased_on AS timestamp)) AS date)) AS first,
           max(CAST(coalesce(purchased_at, CAST(purchased_on AS timestamp)) AS date)) AS last
    FROM receipt
    WHERE status = 'approved' AND coalesce(purchased_at, CAST(purchased_on AS timestamp)) IS NOT NULL
""")
_OURS: Final = f"gone = 0 AND version > {SYNTHETIC}"
_STORED_RECEIPTS: Final = f"""
    SELECT day, count() AS receipts, sum(total) AS total FROM {RECEIPT.rows} FINAL
    WHERE {_OURS} AND day >= {{first:Date}} AND day < {{end:Date}} GROUP BY day
"""
_STORED_LINES: Final = f"""
    SELECT day, count() AS lines, sum(paid) AS paid, sum(discount) AS discount, sum(points) AS points,
        sum(units) AS units, sum(length(brand) + 3 * length(product) + 5 * length(category)
            + 7 * length(owner) + 11 * length(chain)) AS named
    FROM {PURCHASE.rows} FINAL WHERE {_OURS} AND day >= {{first:Date}} AND day < {{end:Date}} GROUP BY day
"""
_STORED_DAYS: Final = f"""
    SELECT min(day) AS first, max(day) AS last, count() AS n FROM {RECEIPT.rows} FINAL WHERE {_OURS}
"""
_STORED_IDS: Final = f"""
    SELECT receipt FROM {RECEIPT.rows} FINAL WHERE {_OURS} AND day = {{first:Date}}
    UNION DISTINCT SELECT receipt FROM {PURCHASE.rows} FINAL WHERE {_OURS} AND day = {{first:Date}}
"""


@dataclass(frozen=True, slots=True)
class DayDifference:
    """A figure of a day that is not the same in both."""

    day: date
    figure: str
    postgresql: int
    store: int


def months(session: Session, store: Store) -> list[date]:
    """Return every month of which either holds a receipt, the newest first.

    Raises:
        ColumnarError: The store does not answer.
    """
    told = session.execute(_FIRST_LAST).one()
    held = store.query(_STORED_DAYS)[0]
    ends = [day for day in (told.first, told.last) if day is not None]
    ends += [held["first"], held["last"]] if held["n"] else []
    if not ends:
        return []
    month, found = min(ends).replace(day=1), []
    while month <= max(ends):
        found.append(month)
        month = Period("month", month).end
    return found[::-1]


def compare(session: Session, store: Store, first: date, end: date) -> list[DayDifference]:
    """Return what differs on days from `first` to before `end`, the earliest day first.

    Raises:
        ColumnarError: The store does not answer.
    """
    span = {"first": first, "end": end}
    found = []
    for figures, ours, theirs in (
        (RECEIPTS, session.execute(_RECEIPTS, span).mappings().all(), store.query(_STORED_RECEIPTS, span)),
        (LINES, session.execute(_LINES, span).mappings().all(), store.query(_STORED_LINES, span)),
    ):
        found += list(_differences(figures, _by_day(ours), _by_day(theirs)))
    return sorted(found, key=lambda one: (one.day, one.figure))


def _by_day(rows: Sequence[Mapping[Any, Any]]) -> dict[date, Mapping[Any, Any]]:
    return {row["day"]: row for row in rows}


def _differences(
    figures: Sequence[str], ours: Mapping[date, Mapping[Any, Any]], theirs: Mapping[date, Mapping[Any, Any]]
) -> Iterator[DayDifference]:
    for day in ours.keys() | theirs.keys():
        for figure in figures:
            there, here = int(ours.get(day, {}).get(figure, 0)), int(theirs.get(day, {}).get(figure, 0))
            if there != here:
                yield DayDifference(day, figure, there, here)


def mend(session: Session, store: Store, days: Collection[date]) -> int:
    """Have days stand in the store as they stand in PostgreSQL; return how many receipts were told.

    Raises:
        ColumnarError: The store does not take it; what was told is as it should be.
    """
    version = next_version(store)
    count = 0
    for day in sorted(days):
        span = {"first": day, "end": day + timedelta(days=1)}
        ids = session.scalars(_IDS, span).all()
        rows = store.query(_STORED_IDS, span)
        # What stands on another day is told there: only this day's rows go.
        stray = {row["receipt"] for row in rows} - {number_of(id_) for id_ in ids}
        writing.take_out(store, stray, day, version)
        for first in range(0, len(ids), feed.RECEIPTS_AT_ONCE):
            count += len(some := ids[first : first + feed.RECEIPTS_AT_ONCE])
            feed.tell_receipts(session, store, some, version)
    return count

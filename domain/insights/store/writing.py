"""Putting rows in the store so that doing it again changes nothing, whatever stood there before.

A row's key holds what it is sorted by (brand, day): where a person corrects one of those, the row that
stood under the old key is taken out by a newer version that is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from domain.insights.store.rows import Row, Standing
from domain.insights.store.tables import CONSENT, PURCHASE, RECEIPT, SHOPPER, Facts
from domain.people.numbers import number_of
from infra.columnar.store import Store

ROWS_PER_INSERT: Final = 50_000


def write_receipts(
    store: Store, numbers: Collection[int], found: Standing, version: int
) -> tuple[int, set[date]]:
    """Have what stands of some receipts stand in the store, and nothing else of them.

    Args:
        store: Where.
        numbers: The store's numbers of all these receipts, of those too of which nothing stands.
        found: What stands.
        version: Newer than any that is there.

    Returns:
        How many rows were written, and the days whose sums change.

    Raises:
        ColumnarError: The store does not take it.
    """
    # Receipts come first: of one that the store does not know it can have no lines.
    before = _standing_keys(store, RECEIPT, numbers, ())
    known = {key[RECEIPT.order.index("receipt")] for key in before}
    lines = _standing_keys(store, PURCHASE, known, {key[0] for key in before}) if known else set()
    count = _write(store, RECEIPT, found.receipts, before, version)
    count += _write(store, PURCHASE, found.purchases, lines, version)
    days = {row["day"] for row in found.receipts} | {key[0] for key in before}
    return count, days


def write_shoppers(store: Store, shoppers: Sequence[Row], consents: Sequence[Row], version: int) -> int:
    """Have shoppers and what they agree to stand in the store.

    Raises:
        ColumnarError: The store does not take it.
    """
    count = insert(store, SHOPPER, shoppers, version)
    before: set[tuple[Any, ...]] = set()
    if numbers := {row["shopper"] for row in consents}:
        rows = store.query(
            "SELECT shopper, brand FROM consent WHERE shopper IN {shoppers:Array(UInt64)} AND brand != ''",
            {"shoppers": numbers},
        )
        before = {(row["shopper"], row["brand"]) for row in rows}
    return count + _write(store, CONSENT, consents, before, version)


def unknown_shoppers(store: Store, shopper_ids: Collection[UUID]) -> set[UUID]:
    """Return those of some shoppers of whom the store was never told.

    Raises:
        ColumnarError: The store does not answer.
    """
    numbers = {number_of(id_): id_ for id_ in shopper_ids}
    if not numbers:
        return set()
    known = store.query(
        f"SELECT DISTINCT shopper FROM {SHOPPER.rows} WHERE shopper IN {{shoppers:Array(UInt64)}}",
        {"shoppers": list(numbers)},
    )
    return set(numbers.values()) - {numbers[row["shopper"]] for row in known}


def _standing_keys(
    store: Store, facts: Facts, numbers: Collection[int], days: Collection[date]
) -> set[tuple[Any, ...]]:
    """Return the keys of the rows that stand of some receipts; days are where lines can lie."""
    if not numbers:
        return set()
    on = "AND day IN {days:Array(Date)}" if days else ""
    rows = store.query(
        f"SELECT {', '.join(facts.order)} FROM {facts.rows} WHERE receipt IN {{receipts:Array(UInt64)}} {on}"
        f" GROUP BY {', '.join(facts.order)} HAVING argMax(gone, version) = 0",
        {"receipts": numbers} | ({"days": days} if days else {}),
    )
    return {tuple(row.values()) for row in rows}


def _write(
    store: Store, facts: Facts, rows: Sequence[Row], before: Collection[tuple[Any, ...]], version: int
) -> int:
    count = insert(store, facts, rows, version)
    if not before:
        return count
    now = {tuple(row[name] for name in facts.order) for row in rows}
    gone = [dict(zip(facts.order, key, strict=True)) for key in before if key not in now]
    return count + insert(store, facts, gone, version, gone=True)


def insert(store: Store, facts: Facts, rows: Sequence[Row], version: int, *, gone: bool = False) -> int:
    """Add versions of rows, of what they hold what the table has; return how many.

    Raises:
        ColumnarError: The store does not take it.
    """
    for first in range(0, len(rows), ROWS_PER_INSERT):
        some = rows[first : first + ROWS_PER_INSERT]
        names = [name for name in (*facts.columns, "agreed") if name in some[0]]
        columns: dict[str, list[Any]] = {name: [row[name] for row in some] for name in names}
        columns |= {"version": [version] * len(some), "gone": [int(gone)] * len(some)}
        store.insert(facts.rows, columns)
    return len(rows)


def take_out(store: Store, numbers: Collection[int], day: date, version: int) -> None:
    """Have nothing of some receipts stand on a day.

    Raises:
        ColumnarError: The store does not take it.
    """
    for facts in (RECEIPT, PURCHASE):
        keys = _standing_keys(store, facts, numbers, {day})
        gone = [dict(zip(facts.order, key, strict=True)) for key in keys]
        insert(store, facts, gone, version, gone=True)

"""Being forgotten by the columnar store: by answers at once, by the disk within the day."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from domain.insights.store.marks import dirty, next_version
from domain.insights.store.rebuild import remove
from domain.insights.store.tables import FACTS, Layout
from domain.people.numbers import number_of
from infra.columnar.store import Store

_SHOPPERS_TABLES: Final = tuple(facts for facts in FACTS if "shopper" in facts.columns)


def forget(store: Store, layout: Layout, shopper_id: UUID) -> int:
    """Remove a shopper's number wherever it stands; return how many rows there were.

    Sums that hold it are made anew for the months concerned. Run again it finds what came meanwhile.

    Raises:
        ColumnarError: The store does not answer: ask again.
    """
    number = number_of(shopper_id)
    count = held(store, number)
    if not count:
        return 0
    months = store.query(
        "SELECT DISTINCT toStartOfMonth(day) AS month FROM receipt_rows WHERE shopper = {shopper:UInt64}",
        {"shopper": number},
    )
    # Before, so that whoever dies here leaves nothing out; and after, for sums that were made meanwhile.
    dirty(store, [row["month"] for row in months], next_version(store))
    for facts in _SHOPPERS_TABLES:
        remove(store, layout, facts.rows, f"shopper = {number}")
    dirty(store, [row["month"] for row in months], next_version(store))
    return count


def held(store: Store, number: int) -> int:
    """Count the rows that are a shopper's, in all tables and versions.

    Raises:
        ColumnarError: The store does not answer.
    """
    counts = " + ".join(
        f"(SELECT count() FROM {facts.rows} WHERE shopper = {{shopper:UInt64}})" for facts in _SHOPPERS_TABLES
    )
    return int(store.query(f"SELECT {counts} AS count", {"shopper": number})[0]["count"])


def purge(store: Store, layout: Layout) -> int:
    """Write anew the parts of tables in which rows were removed, so that the disk forgets them.

    Returns:
        How many tables there were.

    Raises:
        ColumnarError: The store does not answer.
    """
    parts = "clusterAllReplicas('{cluster}', system.parts)" if layout.cluster else "system.parts"
    found = store.query(
        f"SELECT DISTINCT table FROM {parts.replace('{cluster}', layout.cluster)}"
        " WHERE database = currentDatabase() AND active AND has_lightweight_delete"
    )
    for row in found:
        store.command(f"ALTER TABLE {row['table']}{layout.everywhere} APPLY DELETED MASK")
    return len(found)

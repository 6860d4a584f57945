"""A copy of what brands may know, as Parquet by month: for tools that are not ours, and for leaving us.

It holds the views' rows: pseudonyms, and nobody who did not agree. A month in which a row is newer, or
somebody was forgotten, is written anew under the same names, and what it no longer has is removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from domain.insights.store.derive import Period, note_built, stale_months
from domain.insights.store.marks import next_version
from infra.columnar.store import Store

SUBJECT: Final = "copy"
# Of one file: what is held in memory while it is written is its size, some tens of MB.
ROWS_PER_FILE: Final = 1_000_000
_VIEWS: Final = ("purchase", "receipt")


def copy_stale(store: Store, url: str) -> Iterator[str]:
    """Write the months that are newer than their copy; yield the name of each file.

    Raises:
        ColumnarError: The store does not answer.
        obstore.exceptions.BaseError: The object store does not take it; the month is written again.
    """
    target = _target(url)
    for month in stale_months(store, SUBJECT):
        version = next_version(store)
        for view in _VIEWS:
            folder = f"{view}/month={month:%Y-%m}"
            before = {
                str(one["path"]) for batch in obstore.list(target, prefix=f"{folder}/") for one in batch
            }
            names = set()
            for number, (first, end) in enumerate(_spans(store, view, month)):
                name = f"{folder}/part-{number}.parquet"
                content = store.parquet(
                    f"SELECT * FROM {view} WHERE day >= {{first:Date}} AND day < {{end:Date}}",
                    {"first": first, "end": end},
                )
                obstore.put(target, name, content)
                names.add(name)
                yield name
            for name in before - names:
                obstore.delete(target, name)
        note_built(store, SUBJECT, Period("month", month).name, version)


def _target(url: str) -> ObjectStore:
    if url.startswith("file://"):
        folder = Path(urlsplit(url).path)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(folder)
    return from_url(url)


def _spans(store: Store, view: str, month: date) -> Iterator[tuple[date, date]]:
    """Yield first days and days after the last, of a month, such that none has too many rows for a file."""
    period = Period("month", month)
    rows = store.query(
        f"SELECT day, count() AS n FROM {view} WHERE day >= {{first:Date}} AND day < {{end:Date}}"
        " GROUP BY day ORDER BY day",
        {"first": period.start, "end": period.end},
    )
    first, reached = None, 0
    for row in rows:
        if first is not None and reached + row["n"] > ROWS_PER_FILE:
            yield first, row["day"]
            first, reached = None, 0
        first = first or row["day"]
        reached += row["n"]
    if first is not None:
        yield first, rows[-1]["day"] + timedelta(days=1)

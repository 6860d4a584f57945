"""How far the store is, kept in the store itself: figures and their freshness come from one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from infra import clock
from infra.columnar.store import Store

FEED: Final = "feed"
REBUILD: Final = "rebuild"
# A store that has heard nothing for so long is behind: settled receipts are to be seen within a minute.
BEHIND: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Freshness:
    """Up to when the store knows what was settled; None where it was never told anything.

    `whole` is false while it is filled from nothing: figures are too small until then.
    """

    as_of: datetime | None
    whole: bool

    @property
    def behind(self) -> bool:
        """Say whether figures lack what is older than it should be."""
        return self.as_of is None or not self.whole or clock.now() - self.as_of > BEHIND


def freshness(store: Store) -> Freshness:
    """Return up to when the store knows what was settled.

    Raises:
        ColumnarError: It does not answer.
    """
    found = {row["name"]: row for row in store.query("SELECT name, at, version FROM mark FINAL")}
    feed, rebuild = found.get(FEED), found.get(REBUILD)
    as_of = feed["at"].replace(tzinfo=UTC) if feed else None
    return Freshness(as_of, whole=rebuild is not None and rebuild["at"].year > BEGUN.year)


def next_version(store: Store) -> int:
    """Return a version newer than any in the store: microseconds, and rising if a clock does not.

    Raises:
        ColumnarError: The store does not answer.
    """
    last = store.query("SELECT max(version) AS version FROM mark")[0]["version"]
    return max(int(clock.now().timestamp() * 1_000_000), int(last) + 1)


# The time of what has begun and is not done.
BEGUN: Final = datetime(1970, 1, 1, tzinfo=UTC)


def mark(store: Store, name: str, at: datetime, version: int) -> None:
    """Note how far something is.

    Raises:
        ColumnarError: The store does not take it.
    """
    store.insert("mark", {"name": [name], "at": [at.strftime("%Y-%m-%d %H:%M:%S.%f")], "version": [version]})


DIRTY: Final = "dirty "


def dirty(store: Store, months: Sequence[date], version: int) -> None:
    """Have what is summed up of some months be made anew, though no row of theirs is newer.

    Raises:
        ColumnarError: The store does not take it.
    """
    for month in months:
        mark(store, f"{DIRTY}{month}", clock.now(), version)

"""Receipts that may be one are settled one after another, so that the later finds the earlier.

What a look-up finds is only what was committed: of two copies settled at one instant neither would see
the other (docs/decisions/0077).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlmodel import Session

from domain.duplicates.paper import PaperFacts
from infra.statements import Statement
from ocr.traces.types import PictureTraces

# In one order for all: bands and values, then hashes. So nobody who waits holds what another, further on,
# waits for. Locks of two numbers are apart from locks of one.
_LOCK: Final = Statement(
    """
    SELECT count(CASE WHEN own THEN pg_advisory_xact_lock(band, value)
        ELSE pg_advisory_xact_lock_shared(band, value) END)
    FROM (
        SELECT band, value, bool_or(own) AS own
        FROM unnest(
            CAST('{' || :bands || '}' AS int[]),
            CAST('{' || :values || '}' AS int[]),
            CAST('{' || :owns || '}' AS bool[])
        ) AS given (band, value, own)
        GROUP BY band, value
        ORDER BY band, value
    ) AS pictured
    UNION ALL
    SELECT count(pg_advisory_xact_lock(key))
    FROM (
        SELECT key FROM unnest(CAST('{' || :keys || '}' AS bigint[])) AS printed (key)
        UNION SELECT hashtextextended(name, 0) FROM unnest(CAST(:names AS text[])) AS named (name)
        ORDER BY key
    ) AS hashes
    """
)


def wait_for_copies(
    session: Session, traces: Sequence[PictureTraces], paper: PaperFacts, *, by_print: bool = False
) -> None:
    """Wait until nobody settles a copy of these pictures or this paper; held until the transaction ends.

    A picture holds what it is known by for itself, and what its originals may be known by together with
    others: only two of which one may be a copy of the other wait.

    Args:
        session: The settling transaction, before it looks anything up.
        traces: What was seen of each picture.
        paper: What was read; its identity is locked as `infra.db.lock_key` does.
        by_print: Whether it is looked for by its print though there is no picture.
    """
    pages = [page.probes.lists for page in traces if page.probes]
    keys = paper.keys if pages or by_print else {}
    names = [paper.identity] if paper.identity else []
    if not pages and not names:
        return
    locks = {name: ",".join(lists[f"lock_{name}"] for lists in pages) for name in ("bands", "values", "owns")}
    _LOCK.run(session, {**locks, "keys": ",".join(map(str, keys)), "names": names})

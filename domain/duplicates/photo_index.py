"""The pictures ever sent, and which of them a new one is a copy of (docs/decisions/0050)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import Session

from domain.duplicates.facts import DISTANCE_MAX, PhotoMatch
from infra.statements import Statement
from ocr.traces.codes import Probes, least_distances
from schemas.receipts import STANDING_STATUSES, Receipt

_MATCHES_MAX: Final = 50

# How far from the middle of the codes that share a band a copy's original was seen (73), and a little more.
_MIDDLE_DISTANCE_MAX: Final = 76
# Refused receipts among them don't count: a thousand of their pictures would have to be nearer than a copy.
_NEAR_MAX: Final = 1000
_STANDING_MAX: Final = 100

# Each value of a band is asked for once, though several of the codes looked for have it: what is far from
# their middle is far from each. That is found in the index; no row of the table is read.
_FIND: Final = Statement(
    """
    WITH probe AS (
        SELECT band, value, ('x' || digits)::bit(256) AS bits
        FROM unnest(
            CAST('{' || :bands || '}' AS int[]),
            CAST('{' || :values || '}' AS int[]),
            CAST('{' || :numbers || '}' AS int[])
        ) AS given (band, value, number)
        JOIN unnest(string_to_array(:middles, ',')) WITH ORDINALITY AS middle (digits, position)
            ON position = number + 1
    ),
    found AS (
        SELECT kept.receipt_id, kept.code, bit_count(kept.code # probe.bits) AS distance
        FROM probe JOIN photo_hash AS kept ON kept.band_0 = probe.value WHERE probe.band = 0
        UNION ALL
        SELECT kept.receipt_id, kept.code, bit_count(kept.code # probe.bits)
        FROM probe JOIN photo_hash AS kept ON kept.band_1 = probe.value WHERE probe.band = 1
        UNION ALL
        SELECT kept.receipt_id, kept.code, bit_count(kept.code # probe.bits)
        FROM probe JOIN photo_hash AS kept ON kept.band_2 = probe.value WHERE probe.band = 2
    ),
    near AS (
        SELECT receipt_id, code
        FROM found
        WHERE distance <= :middle_distance_max AND receipt_id <> :receipt_id
        ORDER BY distance
        LIMIT :near_max
    )
    SELECT near.receipt_id, standing.shopper_id, near.code::text
    FROM near CROSS JOIN LATERAL (
        -- OFFSET keeps the planner from reading all receipts to join the few.
        SELECT shopper_id FROM receipt
        WHERE id = near.receipt_id AND status = ANY(CAST(:standing AS text[]))
        OFFSET 0
    ) AS standing
    LIMIT :standing_max
    """,
    standing=list(STANDING_STATUSES),
)


def find_copies(session: Session, receipt: Receipt, probes: Sequence[Probes]) -> list[PhotoMatch]:
    """Return other receipts, not refused, that one of these pictures was sent with; nearest first.

    Receipts that were refused are left out: what an honest owner sends again is no fraud.
    """
    nearest: dict[UUID, PhotoMatch] = {}
    for page in probes:
        asked = {
            "receipt_id": receipt.id,
            "middle_distance_max": _MIDDLE_DISTANCE_MAX,
            "near_max": _NEAR_MAX,
            "standing_max": _STANDING_MAX,
            **page.lists,
        }
        rows = _FIND.rows(session, asked)
        distances = least_distances(page, [code for _, _, code in rows])
        for (receipt_id, shopper_id, _), distance in zip(rows, distances, strict=True):
            known = nearest.get(receipt_id)
            if distance <= DISTANCE_MAX and (known is None or distance < known.distance):
                nearest[receipt_id] = PhotoMatch(receipt_id, shopper_id == receipt.shopper_id, distance)
    return sorted(nearest.values(), key=lambda match: match.distance)[:_MATCHES_MAX]

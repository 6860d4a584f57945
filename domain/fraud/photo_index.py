"""The pictures ever sent, and which of them a new one is a copy of (docs/decisions/0050)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from ocr.traces.codes import BANDS, Code, Probes
from schemas.receipts import Receipt

# Of 256 bits. Copies that were re-encoded, cropped by up to 6 % a side, turned by up to 5 degrees or relit
# differ in 42 (99 of 100) and at most 51; photographs of two papers in 78 or more.
DISTANCE_SURE: Final = 42
DISTANCE_MAX: Final = 56
_MATCHES_MAX: Final = 50

# A probe is (band, value, number of the code it came from). The distance is taken in the index.
_FIND: Final = text(
    """
    WITH probe AS (
        SELECT band, value, bits::bit(256) AS bits
        FROM unnest(
            CAST('{' || :bands || '}' AS int[]),
            CAST('{' || :values || '}' AS int[]),
            CAST('{' || :numbers || '}' AS int[])
        ) AS given (band, value, number)
        JOIN unnest(string_to_array(:codes, ',')) WITH ORDINALITY AS code (bits, place) ON place = number + 1
    ),
    found AS (
        SELECT kept.receipt_id, bit_count(kept.code # probe.bits) AS distance
        FROM probe JOIN photo_hash AS kept ON kept.band_0 = probe.value WHERE probe.band = 0
        UNION ALL
        SELECT kept.receipt_id, bit_count(kept.code # probe.bits)
        FROM probe JOIN photo_hash AS kept ON kept.band_1 = probe.value WHERE probe.band = 1
        UNION ALL
        SELECT kept.receipt_id, bit_count(kept.code # probe.bits)
        FROM probe JOIN photo_hash AS kept ON kept.band_2 = probe.value WHERE probe.band = 2
    ),
    nearest AS (
        SELECT receipt_id, min(distance) AS distance
        FROM found
        WHERE distance <= :distance_max AND receipt_id <> :receipt_id
        GROUP BY receipt_id
    )
    SELECT receipt.id, receipt.shopper_id, nearest.distance
    FROM nearest JOIN receipt ON receipt.id = nearest.receipt_id
    WHERE receipt.status IN ('approved', 'in_review', 'reversed')
    ORDER BY nearest.distance, receipt.received_at
    LIMIT :matches_max
    """
)

_KEEP: Final = text(
    """
    INSERT INTO photo_hash (receipt_id, page, code, band_0, band_1, band_2)
    SELECT :receipt_id, place - 1, bits::bit(256), band_0, band_1, band_2
    FROM unnest(
        CAST(:codes AS text[]), CAST(:band_0 AS int[]), CAST(:band_1 AS int[]), CAST(:band_2 AS int[])
    ) WITH ORDINALITY AS given (bits, band_0, band_1, band_2, place)
    ON CONFLICT DO NOTHING
    """
)


@dataclass(frozen=True, slots=True)
class PhotoMatch:
    """An earlier receipt with a picture alike. `distance` counts the bits, of 256, that differ."""

    receipt_id: UUID
    same_shopper: bool
    distance: int

    @property
    def strength(self) -> float:
        """How surely one picture is a copy of the other, 0 to 1."""
        beyond = max(0, self.distance - DISTANCE_SURE)
        return max(0.0, 1.0 - 0.5 * beyond / (DISTANCE_MAX - DISTANCE_SURE))


def keep_photos(session: Session, receipt_id: UUID, codes: Sequence[Code]) -> None:
    """Remember a receipt's pictures, one code a page in order. Safe to run twice."""
    if not codes:
        return
    bands = {f"band_{band}": [code.bands[band] for code in codes] for band in range(BANDS)}
    session.execute(_KEEP, {"receipt_id": receipt_id, "codes": [code.bits for code in codes], **bands})


def find_copies(session: Session, receipt: Receipt, probes: Sequence[Probes]) -> list[PhotoMatch]:
    """Return other receipts, not refused, that one of these pictures was sent with; nearest first.

    Receipts that were refused are left out: what an honest owner sends again is no fraud.
    """
    nearest: dict[UUID, PhotoMatch] = {}
    for page in probes:
        asked = {
            "receipt_id": receipt.id,
            "distance_max": DISTANCE_MAX,
            "matches_max": _MATCHES_MAX,
            **page.lists,
        }
        for receipt_id, shopper_id, distance in session.execute(_FIND, asked):
            known = nearest.get(receipt_id)
            if known is None or distance < known.distance:
                nearest[receipt_id] = PhotoMatch(receipt_id, shopper_id == receipt.shopper_id, distance)
    return sorted(nearest.values(), key=lambda match: match.distance)

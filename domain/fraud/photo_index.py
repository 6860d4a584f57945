"""The pictures ever sent, and which of them a new one is a copy of (docs/decisions/0050)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from ocr.traces.codes import Sketch, code_of, probes_of
from schemas.duplicates import PhotoHash
from schemas.receipts import Receipt

# Of 256 bits. Copies that were re-encoded, cropped by up to 6 % a side, turned by up to 5 degrees or relit
# differ in 42 (99 of 100) and at most 51; photographs of two papers in 78 or more.
DISTANCE_SURE: Final = 42
DISTANCE_MAX: Final = 56
_MATCHES_MAX: Final = 50

# A probe is (band, value, number of the code it came from). The distance is taken in the index.
_FIND: Final = text(
    """
    WITH code AS (
        SELECT number::int - 1 AS number, bits::bit(256) AS bits
        FROM unnest(CAST(:codes AS text[])) WITH ORDINALITY AS given (bits, number)
    ),
    probe AS (
        SELECT band, value, bits
        FROM unnest(CAST(:bands AS int[]), CAST(:values AS int[]), CAST(:numbers AS int[]))
            AS given (band, value, number)
        JOIN code USING (number)
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


def keep_photos(session: Session, receipt_id: UUID, sketches: Iterable[Sketch]) -> None:
    """Remember a receipt's pictures, one sketch a page in order. Safe to run twice."""
    rows = []
    for page, sketch in enumerate(sketches):
        code = code_of(sketch)
        bands = {f"band_{band}": value for band, value in enumerate(code.bands)}
        rows.append({"receipt_id": receipt_id, "page": page, "code": code.bits, **bands})
    if rows:
        session.execute(insert(PhotoHash).values(rows).on_conflict_do_nothing())


def find_copies(session: Session, receipt: Receipt, sketches: Sequence[Sketch]) -> list[PhotoMatch]:
    """Return other receipts, not refused, that one of these pictures was sent with; nearest first.

    Receipts that were refused are left out: what an honest owner sends again is no fraud.
    """
    codes: list[str] = []
    flat: list[tuple[int, int, int]] = []
    for probes in map(probes_of, sketches):
        flat += [
            (band, value, len(codes) + number)
            for band, probed in enumerate(probes.bands)
            for value, number in probed
        ]
        codes += probes.codes
    if not codes:
        return []
    rows = session.execute(
        _FIND,
        {
            "codes": codes,
            "bands": [band for band, _, _ in flat],
            "values": [value for _, value, _ in flat],
            "numbers": [number for _, _, number in flat],
            "receipt_id": receipt.id,
            "distance_max": DISTANCE_MAX,
            "matches_max": _MATCHES_MAX,
        },
    )
    return [
        PhotoMatch(receipt_id, shopper_id == receipt.shopper_id, found)
        for receipt_id, shopper_id, found in rows
    ]

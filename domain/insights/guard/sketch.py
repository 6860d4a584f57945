"""How far apart two cells' shoppers are, told from sketches of them alone.

Cells that differ by few shoppers never differ in more buckets than that; by many, nearly never in fewer than
the least number that may be told of.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.insights.guard.cells import SKETCH_BUCKETS, Sketch

_BYTES = 8


def is_close(one: Sketch, other: Sketch, shoppers_min: int) -> bool:
    """Say whether two cells differ by some shoppers, but by fewer than may be told of."""
    return any(
        0 < _apart(*pair) < shoppers_min for pair in ((one.members, other.members), (one.parts, other.parts))
    )


def changed(one: Sketch, other: Sketch) -> set[int]:
    """Return the buckets whose shoppers bought otherwise in one cell than in the other."""
    return {place for place, (a, b) in enumerate(zip(one.parts, other.parts, strict=True)) if a != b}


def packed(sketch: Sketch) -> bytes:
    """Return a sketch as 1024 bytes."""
    return b"".join(value.to_bytes(_BYTES, "big") for value in (*sketch.members, *sketch.parts))


def unpacked(data: bytes) -> Sketch:
    """Return the sketch of `packed`."""
    values = [int.from_bytes(data[at : at + _BYTES], "big") for at in range(0, len(data), _BYTES)]
    return Sketch(tuple(values[:SKETCH_BUCKETS]), tuple(values[SKETCH_BUCKETS:]))


def of_buckets(buckets: Mapping[int, tuple[int, int]]) -> Sketch:
    """Return the sketch of (members, parts) by bucket; the other buckets hold nobody."""
    found = [buckets.get(bucket, (0, 0)) for bucket in range(SKETCH_BUCKETS)]
    return Sketch(tuple(member for member, _ in found), tuple(part for _, part in found))


def _apart(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))

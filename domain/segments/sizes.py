"""Which size of a segment is told: the difference of two that were told is never that of a few shoppers.

Of each size that was told a sketch is kept: 64 buckets, each of the keyed hashes of its members. Sets that
differ by few shoppers differ in as few buckets. A set that nearly agrees with an earlier one is told as that
was, so that neither the difference nor whether there is one is known, and it helps nobody to delete a segment
and to make it again one condition narrower.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from infra import clock
from infra.db import lock_key
from infra.secrets import purpose_key
from schemas.segments import Segment, SegmentMember, ToldSegment

BUCKETS: Final = 64
_BYTES: Final = 8
# Conditions look back a year: who answered them before that is told of by none that can be asked now.
KEPT: Final = timedelta(days=400)


def told_size(session: Session, segment: Segment, size: int, shoppers_min: int) -> int:
    """Return the size to be told of a segment of so many members, and note it.

    Args:
        session: Open session; sizes of one brand wait for each other.
        segment: Its members are written.
        size: How many they are.
        shoppers_min: By how many shoppers two told sets must differ, if they do.
    """
    lock_key(session, f"segments|{segment.brand_id}")
    members = select(SegmentMember.shopper_id).where(SegmentMember.segment_id == segment.id)
    own = sketch_of(session.exec(members))
    near = select(ToldSegment).where(
        ToldSegment.brand_id == segment.brand_id,
        col(ToldSegment.size).between(size - shoppers_min + 1, size + shoppers_min - 1),
    )
    for told in session.exec(near.order_by(col(ToldSegment.told_at), col(ToldSegment.id))):
        if _apart(told.sketch, own) < shoppers_min:
            return told.size
    now = clock.now()
    session.execute(
        delete(ToldSegment).where(
            col(ToldSegment.brand_id) == segment.brand_id, col(ToldSegment.told_at) < now - KEPT
        )
    )
    session.add(ToldSegment(brand_id=segment.brand_id, size=size, sketch=own, told_at=now))
    session.flush()
    return size


def sketch_of(shopper_ids: Iterable[UUID]) -> bytes:
    """Return the sketch of a set of shoppers, 512 bytes: by bucket the hashes that fall there, by xor."""
    key, buckets = purpose_key("segment sketch"), [0] * BUCKETS
    for shopper_id in shopper_ids:
        hashed = hashlib.blake2b(shopper_id.bytes, key=key, digest_size=_BYTES + 1).digest()
        buckets[hashed[0] % BUCKETS] ^= int.from_bytes(hashed[1:])
    return b"".join(value.to_bytes(_BYTES) for value in buckets)


def _apart(one: bytes, other: bytes) -> int:
    return sum(one[at : at + _BYTES] != other[at : at + _BYTES] for at in range(0, len(one), _BYTES))

"""Which arm a shopper is drawn for: by a keyed hash of the two, so nothing else can have to do with it."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Final
from uuid import UUID

from domain.journeys.terms import JourneyTerms
from infra.secrets import purpose_key
from schemas.journeys import HELD

_WHOLE: Final = 1 << 64
_PER_CENT: Final = 100


def arm_of(journey_id: UUID, shopper_id: UUID, terms: JourneyTerms) -> str:
    """Return the arm a shopper is drawn for, or `held`.

    Two lots: whether they are held out stays as it is while arms come and go.
    """
    if _lot(journey_id, shopper_id, b"held") * _PER_CENT < terms.hold_out * _WHOLE:
        return HELD
    weights = [arm.weight for arm in terms.arms]
    place = _lot(journey_id, shopper_id, b"arm") * sum(weights) // _WHOLE
    for arm, weight in zip(terms.arms, weights, strict=True):
        place -= weight
        if place < 0:
            return arm.name
    raise AssertionError(place)


def _lot(journey_id: UUID, shopper_id: UUID, of: bytes) -> int:
    """Return any of 2**64 numbers, each as likely."""
    told = journey_id.bytes + shopper_id.bytes + of
    return int.from_bytes(hashlib.blake2b(told, key=_key(), digest_size=8).digest())


@cache
def _key() -> bytes:
    return purpose_key("journey arms")

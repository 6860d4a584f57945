"""Who is held out: a permanent few who get base points and nothing that is meant to move them."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Final
from uuid import UUID

from infra.secrets import purpose_key

# One in twenty: what it costs and what it can prove is in docs/decisions/0201.
SHARE: Final = 0.05
_WHOLE: Final = 1 << 64


def held_out(shopper_id: UUID, year: int) -> bool:
    """Say whether a shopper is held out in a year: by a keyed hash that nobody else can tell."""
    digest = hashlib.blake2b(shopper_id.bytes, key=_key(year), digest_size=8).digest()
    return int.from_bytes(digest) < SHARE * _WHOLE


@cache
def _key(year: int) -> bytes:
    return purpose_key(f"holdout|{year}")

"""Under which numbers shoppers and receipts are known in the columnar store: never under their ids."""

from __future__ import annotations

import hashlib
from functools import cache
from uuid import UUID

from infra.secrets import purpose_key


def number_of(of: UUID) -> int:
    """Return the store's number of a shopper or receipt: 64 bits of a keyed MAC, the same for ever."""
    return int.from_bytes(hashlib.blake2b(of.bytes, key=_key(), digest_size=8).digest())


@cache
def _key() -> bytes:
    return purpose_key("insight store")

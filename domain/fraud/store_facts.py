"""Which of a chain's listed stores a receipt is from, by the words that were read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from rapidfuzz import fuzz
from sqlalchemy import text
from sqlmodel import Session

from domain.fraud.facts import StoreFacts
from domain.text import plain
from ocr.types import Reading

# Of the words that tell a store from the chain's others: misread letters leave the one, another is below
# the other, even in a street of the same name.
_ALIKE_MIN: Final = 85.0
_OTHER_MAX: Final = 65.0
# Words that more stores of a chain carry than this share say which chain it is, not which store.
_COMMON_SHARE: Final = 0.2
# Fewer letters name no store.
_LETTERS_MIN: Final = 5

_SHOPS: Final = text(
    """
    SELECT name, address, opens_at, closes_at, first_on, last_on
    FROM store WHERE retailer_id = :retailer_id
    """
)


def store_facts(session: Session, retailer_id: UUID, reading: Reading) -> StoreFacts | None:
    """Return the listed store that a receipt is from; None where what was read may be of several, or of none.

    Only for chains whose list is complete: others are not asked for. One statement, and some
    milliseconds of comparing for a chain of thousands of stores.
    """
    rows = session.execute(_SHOPS, {"retailer_id": retailer_id})
    return listed_store([StoreFacts(*row) for row in rows], reading)


def listed_store(stores: Sequence[StoreFacts], reading: Reading) -> StoreFacts | None:
    """Return the store whose name or address was read; without a name where surely none was."""
    named = [(store, [_words(said) for said in (store.name, store.address) if said]) for store in stores]
    carried = Counter(word for _, said in named for word in set().union(*said))
    common = {word for word, count in carried.items() if count > max(1, _COMMON_SHARE * len(stores))}
    common |= _words(reading.chain or "")
    read = [_told(_words(said), common) for said in (reading.store, reading.address) if said]
    read = [said for said in read if len(said) >= _LETTERS_MIN]
    if not read:
        return None
    best, found = 0.0, None
    for store, said in named:
        told = [words for one in said if len(words := _told(one, common)) >= _LETTERS_MIN]
        alike = max((fuzz.token_set_ratio(one, other) for one in read for other in told), default=100.0)
        if alike > best:
            best, found = alike, store
    if best >= _ALIKE_MIN:
        return found
    # A heading read as the store's name is no store; an address is hardly anything else.
    return StoreFacts(None) if best <= _OTHER_MAX and reading.address else None


def _words(said: str) -> set[str]:
    return set(re.findall(r"\w+", plain(said)))


def _told(words: set[str], common: set[str]) -> str:
    return " ".join(sorted(words - common))

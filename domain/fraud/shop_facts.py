"""Which of a chain's listed shops a receipt is from, by the words that were read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from rapidfuzz import fuzz
from sqlalchemy import text
from sqlmodel import Session

from domain.fraud.facts import ShopFacts
from domain.text import plain
from ocr.types import Reading

# Of the words that tell a shop from the chain's others: misread letters leave the one, another shop is below
# the other, even in a street of the same name.
_ALIKE_MIN: Final = 85.0
_OTHER_MAX: Final = 65.0
# Words that more shops of a chain carry than this share say which chain it is, not which shop.
_COMMON_SHARE: Final = 0.2
# Fewer letters name no shop.
_LETTERS_MIN: Final = 5

_SHOPS: Final = text(
    """
    SELECT name, address, opens_at, closes_at, first_on, last_on
    FROM shop WHERE retailer_id = :retailer_id
    """
)


def shop_facts(session: Session, retailer_id: UUID, reading: Reading) -> ShopFacts | None:
    """Return the listed shop that a receipt is from; None where what was read may be of several, or of none.

    Only for chains whose list is complete: others are not asked for. One statement, and some
    milliseconds of comparing for a chain of thousands of shops.
    """
    rows = session.execute(_SHOPS, {"retailer_id": retailer_id})
    return listed_shop([ShopFacts(*row) for row in rows], reading)


def listed_shop(shops: Sequence[ShopFacts], reading: Reading) -> ShopFacts | None:
    """Return the shop whose name or address was read; without a name where surely none was."""
    named = [(shop, [_words(said) for said in (shop.name, shop.address) if said]) for shop in shops]
    carried = Counter(word for _, said in named for word in set().union(*said))
    common = {word for word, count in carried.items() if count > max(1, _COMMON_SHARE * len(shops))}
    common |= _words(reading.chain or "")
    read = [_told(_words(said), common) for said in (reading.store, reading.address) if said]
    read = [said for said in read if len(said) >= _LETTERS_MIN]
    if not read:
        return None
    best, found = 0.0, None
    for shop, said in named:
        told = [words for one in said if len(words := _told(one, common)) >= _LETTERS_MIN]
        alike = max((fuzz.token_set_ratio(one, other) for one in read for other in told), default=100.0)
        if alike > best:
            best, found = alike, shop
    if best >= _ALIKE_MIN:
        return found
    # A heading read as the shop's name is no shop; an address is hardly anything else.
    return ShopFacts(None) if best <= _OTHER_MAX and reading.address else None


def _words(said: str) -> set[str]:
    return set(re.findall(r"\w+", plain(said)))


def _told(words: set[str], common: set[str]) -> str:
    return " ".join(sorted(words - common))

"""Whether two readings are of one paper: each printed fact speaks for or against it.

A camera makes a reading lose or change a character; two papers of one till differ in time and
number however alike their baskets are. Weights are log odds to base 2, rounded, from what two
readings of one paper and of two papers share (docs/decisions/0051).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq, Levenshtein

from domain.duplicates.paper import PaperFacts
from domain.text import digits_of, plain

Relation = Literal["same", "slip", "next", "differ"]

# From this sum of evidence on, two readings are of one paper.
ODDS_SAME: Final = 7.0
_WEIGHTS: Final[dict[str, dict[Relation, float]]] = {
    "chain": {"differ": -12},
    "store": {"same": 1, "differ": -3},
    "number": {"same": 6, "slip": -1.5, "next": -4, "differ": -6},
    "time": {"same": 6, "slip": -2, "differ": -7},
    "day": {"same": 1, "slip": -1, "differ": -4},
    "total": {"same": 3, "slip": -1, "differ": -5},
}
# Each bought line that two readings share, in order, and each that one lacks.
_LINE_SAME: Final = 1.2
_LINE_DIFFERS: Final = -0.8
_LINES_MOST: Final = 5.0
_NUMBER_SLIPS_MAX: Final = 2
_NUMBER_LENGTH_MIN: Final = 6
# Tills count up in a number's last digits.
_COUNTER_DIGITS: Final = 4
_STORE_ALIKE: Final = 85
_STORE_OTHER: Final = 50


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two readings agree. `odds` sums the evidence; `facts` says how each fact relates."""

    odds: float
    facts: dict[str, Relation]
    lines_same: int

    @property
    def same(self) -> bool:
        """Whether both readings are of one paper."""
        return self.odds >= ODDS_SAME

    @property
    def other(self) -> bool:
        """Whether both were read well enough to tell two papers whose pictures look alike.

        Scans of one till's receipts do: a reading that failed must not hide a copy.
        """
        apart = ("slip", "next", "differ")
        return self.facts.get("number") in apart and self.facts.get("time") in apart

    @property
    def strength(self) -> float:
        """How surely they are of one paper, 0 to 1: a half where that begins to be said."""
        return min(1.0, max(0.0, 0.5 + (self.odds - ODDS_SAME) / 16))


def compare(one: PaperFacts, other: PaperFacts) -> Likeness:
    """Weigh what two readings share against what they don't. The order of the two does not matter."""
    related = {
        "chain": _chains(one.chain, other.chain),
        "store": _stores(one.store, other.store),
        "number": _numbers(one.number, other.number),
        "time": _times(one.at, other.at),
        "total": _figures(one.total_minor, other.total_minor),
    }
    if related["time"] is None:
        related["day"] = _days(one.on, other.on)
    facts = {fact: relation for fact, relation in related.items() if relation is not None}
    odds = sum(_WEIGHTS[fact].get(relation, 0.0) for fact, relation in facts.items())
    lines_same = int(LCSseq.similarity(one.amounts, other.amounts))
    lines_differ = min(len(one.amounts), len(other.amounts)) - lines_same
    lines = _LINE_SAME * lines_same + _LINE_DIFFERS * lines_differ
    return Likeness(odds + max(-_LINES_MOST, min(_LINES_MOST, lines)), facts, lines_same)


def _chains(one: str | None, other: str | None) -> Relation | None:
    if not one or not other:
        return None
    return "same" if plain(one) == plain(other) else "differ"


def _stores(one: str | None, other: str | None) -> Relation | None:
    if not one or not other:
        return None
    alike = fuzz.token_set_ratio(plain(one), plain(other))
    if alike >= _STORE_ALIKE:
        return "same"
    return "differ" if alike < _STORE_OTHER else None


def _numbers(one: str | None, other: str | None) -> Relation | None:
    first, second = digits_of(one), digits_of(other)
    if first is None or second is None:
        return None
    if first == second:
        return "same"
    short, long = sorted((first, second), key=len)
    if len(short) >= _COUNTER_DIGITS and (long.endswith(short) or long.startswith(short)):
        return None
    if len(first) == len(second) and first[:-_COUNTER_DIGITS] == second[:-_COUNTER_DIGITS]:
        return "next"
    return "slip" if may_be_same_number(first, second) else "differ"


def may_be_same_number(one: str | None, other: str | None) -> bool:
    """Say whether two receipt numbers can be one, misread: unread, or a digit or two apart.

    Short numbers count up from one receipt to the next, so there a digit's difference is real.
    """
    first, second = digits_of(one), digits_of(other)
    if not first or not second or first == second:
        return True
    if min(len(first), len(second)) < _NUMBER_LENGTH_MIN:
        return False
    return Levenshtein.distance(first, second) <= _NUMBER_SLIPS_MAX


def _times(one: datetime | None, other: datetime | None) -> Relation | None:
    if one is None or other is None:
        return None
    return _characters(f"{one:%Y%m%d%H%M}", f"{other:%Y%m%d%H%M}")


def _days(one: date | None, other: date | None) -> Relation | None:
    if one is None or other is None:
        return None
    return _characters(f"{one:%Y%m%d}", f"{other:%Y%m%d}")


def _figures(one: int | None, other: int | None) -> Relation | None:
    if one is None or other is None:
        return None
    return _characters(str(one), str(other))


def _characters(one: str, other: str) -> Relation:
    """How two spellings of equal meaning relate: one misread character is a slip."""
    if one == other:
        return "same"
    slips = sum(first != second for first, second in zip(one, other, strict=False))
    return "slip" if len(one) == len(other) and slips == 1 else "differ"

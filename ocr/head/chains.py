"""Which retail chain printed this paper, told by several fingerprints and never by an address."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from rapidfuzz import fuzz, process

from ocr.text.letters import digits_of, fold, letters, strip_marks
from ocr.text.locales import shop_pattern
from ocr.text.rows import Row

SCORE_MIN = 0.7
HEAD_ROWS = 9
TAX_WEIGHT = 1.0
# A fingerprint that is the chain's own; lighter ones only add to it.
OWN_MIN = 0.5
# Shorter names are taken only as whole words, exactly: GO!, VM, AEON.
FUZZY_NAME_MIN = 6
PHRASE_RATIO_MIN = 88.0
# One wrong letter in six, in as many words as a name has.
NEAR_MIN, SPAN_MAX = 0.84, 4
NOT_NAME = re.compile(r"[^A-Z0-9+!]+")
HOUSE = re.compile(r"^\W*\d+[A-Z]*(?:BIS)?[/, -]|\b[A-Z] ?\d{1,2}\b")


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain's fingerprints: folded phrases with weights, tax codes without branch, number shapes."""

    name: str
    words: tuple[tuple[str, float], ...]
    anywhere: tuple[tuple[str, float], ...]
    tax: tuple[str, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A row of the head as names are looked for in it: folded, with signs, as letters, by runs of words."""

    folded: str
    signed: str
    letters: str
    spans: dict[int, list[str]]
    starts: str

    @classmethod
    def of(cls, row: Row) -> Heading:
        """Prepare a row; `spans` joins every run of up to `SPAN_MAX` words, by length, `starts` all."""
        words = [letters(word) for word in row.words()]
        spans = ("".join(words[k : k + size]) for size in range(1, SPAN_MAX + 1) for k in range(len(words)))
        signed = NOT_NAME.sub(" ", strip_marks(row.text))
        by_length: dict[int, list[str]] = {}
        for span in dict.fromkeys(spans):
            by_length.setdefault(len(span), []).append(span)
        starts = "".join(f"\n{span}" for same in by_length.values() for span in same)
        return cls(f" {row.folded} ", f" {signed} ", "".join(words), by_length, starts)


@lru_cache(maxsize=1)
def chains() -> tuple[Chain, ...]:
    """Load the fingerprints."""
    data = tomllib.loads((files("ocr.head") / "chains.toml").read_text(encoding="utf-8"))
    entries = {entry["name"]: entry for entry in data["chain"]}
    families = {name: entries.get(entry.get("family", ""), {}) for name, entry in entries.items()}
    return tuple(
        Chain(
            name=name,
            words=tuple((word, weight) for word, weight in entry["words"]),
            # What every shop of a family prints tells none of them from another.
            anywhere=(*map(tuple, entry["anywhere"]), *map(tuple, families[name].get("anywhere", ()))),
            tax=(*entry["tax"], *families[name].get("tax", ())),
            numbers=tuple(entry.get("numbers", ())),
        )
        for name, entry in entries.items()
    )


class Print:
    """All rows of a paper: `words` folded, a row a line, and as letters by how many they are at least."""

    def __init__(self, folded: Sequence[str]) -> None:
        """Spell the rows."""
        self.words = "\n".join(f" {line} " for line in folded)
        self._spelled = [letters(line) for line in folded]
        self._by_length: dict[int, list[str]] = {}

    def no_shorter_than(self, length: int) -> list[str]:
        """The rows of so many letters and more, top to bottom."""
        if length not in self._by_length:
            self._by_length[length] = [line for line in self._spelled if len(line) >= length]
        return self._by_length[length]


def find_chain(rows: Sequence[Row], head: int) -> tuple[str | None, float]:
    """The chain whose fingerprints the paper shows.

    Args:
        rows: all rows.
        head: how many rows stand before the items.

    Returns:
        The catalogue's name and a confidence, or None and 0 where no chain shows.
    """
    heading = [Heading.of(row) for row in rows[: max(3, min(head, HEAD_ROWS))] if not is_address(row)]
    everything = Print([row.folded for row in rows])
    digits = [digits_of(row.text) for row in rows]
    scores = {chain.name: score_chain(chain, heading, everything, digits) for chain in chains()}
    name = max(scores, key=lambda chain: scores[chain])
    if scores[name] < SCORE_MIN:
        return None, 0.0
    return name, min(0.99, 0.6 + 0.25 * scores[name])


def is_address(row: Row) -> bool:
    """Whether a head row is an address: house numbers, wards and districts."""
    text = strip_marks(row.text)
    told = HOUSE.search(text) or shop_pattern("address").search(text)
    return (bool(told) and "," in text) or bool(re.match(r"^\W*\d+[A-Z]?(?:BIS)?\s", text))


def score_chain(chain: Chain, heading: Sequence[Heading], everything: Print, digits: Sequence[str]) -> float:
    """The weight of a chain's fingerprints that show; 0 where only words do that any till may print."""
    named = max((weight * shows(word, heading) for word, weight in chain.words), default=0.0)
    found = [weight * shows_anywhere(word, everything, digits) for word, weight in chain.anywhere]
    taxed = TAX_WEIGHT if any(code in line for code in chain.tax for line in digits) else 0.0
    told = max([named, taxed, *found]) >= OWN_MIN
    return named + taxed + sum(found) if told else 0.0


def shows(word: str, heading: Sequence[Heading]) -> float:
    """How well a name shows in the head: 1 where exact, less for each misread letter, else 0."""
    target = letters(word)
    exact = (
        not target.isalpha()
        or "+" in word
        or "!" in word
        or len(target) < FUZZY_NAME_MIN
        or bool(shop_pattern("any").match(word))
    )
    best = 0.0
    for place, row in enumerate(heading):
        found = float(stands_exactly(word, row)) if exact else stands_nearly(target, row)
        best = max(best, found * (1.0 if place < 6 else 0.8))  # noqa: PLR2004 - the name stands on top
    return best


def stands_nearly(target: str, row: Heading) -> float:
    """How well a name fits the row's words: 1 where they begin with it, less for a misread letter, else 0.

    With a misread letter it must fill whole words: MINIMART holds six of the seven letters of WINMART.
    """
    if f"\n{target}" in row.starts:
        return 1.0
    # A letter is misread or lost, seldom made: WINE MART is no WINMART.
    spans = [*row.spans.get(len(target) - 1, ()), *row.spans.get(len(target), ())]
    if not spans:
        return 0.0
    found = process.extractOne(target, spans, scorer=fuzz.ratio, score_cutoff=100 * NEAR_MIN)
    return found[1] / 100 if found else 0.0


def stands_exactly(word: str, row: Heading) -> bool:
    """Whether a short name stands in the row as whole words, signs such as + and ! included."""
    wanted = NOT_NAME.sub(" ", word)
    return f" {wanted} " in row.signed or (
        "+" not in word and "!" not in word and f" {fold(word)} " in row.folded
    )


def shows_anywhere(word: str, everything: Print, digits: Sequence[str]) -> float:
    """Whether a phrase or number shows anywhere on the paper."""
    bare = word.replace(" ", "")
    if bare.isdigit():
        return float(any(bare in line for line in digits))
    target = letters(word)
    if len(target) < FUZZY_NAME_MIN:
        return float(f" {word} " in everything.words)
    long = everything.no_shorter_than(len(target))
    best = process.extractOne(target, long, scorer=fuzz.partial_ratio, score_cutoff=PHRASE_RATIO_MIN)
    if best is None:
        return 0.0
    # The digits of 7REWARDS tell it from anybody's rewards.
    return float(digits_of(target) in digits_of(best[0]))

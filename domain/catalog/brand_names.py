"""Find brands in the folded words of one receipt line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from domain.catalog.folding import Word, skeleton, words
from domain.catalog.snapshot import SHORT_LETTERS_MAX, Catalogue, Spelling, window_key

Kind = Literal["exact", "look_alike", "glued", "cut", "misread"]

# Scores order hits of one line and tell a reader how sure we are; they are no probabilities.
SCORES: dict[Kind, float] = {"exact": 1.0, "look_alike": 0.97, "glued": 0.92, "cut": 0.8, "misread": 0.9}
# Without any word that tells the kind of goods, a misread name must be nearly right.
_UNCUED_SCORE_MIN = 0.76
_UNCUED_LETTERS_MIN = 7
_GLUED_LETTERS_MIN = 6
# A till cuts names at its column's edge, 20 characters at the narrowest; shorter ones are whole.
_CUT_LINE_LETTERS_MIN = 16
# What follows names a scent, a gift or a partner, not who sells the item.
_SECONDARY = {"HUONG", "HG", "TANG", "WITH", "VOI", "MUA", "FREE", "KEM"}
_WINDOW_LETTERS_MAX = 24


@dataclass(frozen=True, slots=True)
class LineText:
    """The folded words of a line and what they tell before any brand is looked for."""

    words: tuple[Word, ...]
    keys: tuple[str, ...]
    """Skeletons of the words."""
    padded: str
    """The skeletons with a space before, between and after."""
    cued: frozenset[str]
    """Brands whose goods the line's words describe."""
    cue_words: frozenset[int]
    """Places of the words that are part of a cue."""
    vetoed: bool
    """Whether its words say it is no packaged consumer good."""

    @property
    def letters(self) -> int:
        """Length of the folded text."""
        return len(self.padded) - 2


@dataclass(frozen=True, slots=True)
class Hit:
    """A brand seen in words `start` to `end` (exclusive) of a line."""

    brand: str
    start: int
    end: int
    kind: Kind
    score: float
    ambiguous: bool
    letters: int


def allowed_misreads(letters: int) -> int:
    """Return how many letters of a spelling may be wrong, missing or too many."""
    if letters <= SHORT_LETTERS_MAX:
        return 0
    return 1 if letters <= 7 else 2 if letters <= 11 else 3  # noqa: PLR2004 - measured (docs/decisions/0031)


def read_line(raw_name: str, catalogue: Catalogue) -> LineText:
    """Fold a printed name and find its cues and general vetoes."""
    found = tuple(words(raw_name))
    keys = tuple(skeleton(word.text) for word in found)
    padded = f" {' '.join(keys)} "
    cued: set[str] = set()
    cue_words: set[int] = set()
    for start in range(len(keys)):
        for end in range(start + 1, min(len(keys), start + catalogue.cue_words_max) + 1):
            brands = catalogue.cues.get(" ".join(keys[start:end]))
            if brands is not None:
                cued |= brands
                cue_words.update(range(start, end))
    rules = catalogue.rules
    vetoed = any(padded.startswith(f" {veto} ") for veto in rules.start_vetoes) or any(
        f" {veto} " in padded for veto in rules.vetoes
    )
    return LineText(found, keys, padded, frozenset(cued), frozenset(cue_words), vetoed)


def find_hits(lines: Sequence[LineText], catalogue: Catalogue) -> list[list[Hit]]:
    """Return every brand that each line may name, unfiltered.

    Misread names are compared for all lines in one call: that is what makes it fast.
    """
    hits: list[list[Hit]] = []
    unknown: list[tuple[int, int, int, str]] = []
    for place, line in enumerate(lines):
        found: list[Hit] = []
        for start, end in _windows(line, catalogue):
            key = window_key(line.words[start:end])
            known = catalogue.spellings.get(key, ())
            found += (_exact_hit(line, spelling, start, end) for spelling in known)
            if not known and _may_be_misread(line, start, end, key):
                unknown.append((place, start, end, key))
        found += _glued_hits(line, catalogue)
        found += _cut_hits(line, catalogue)
        hits.append(found)
    for place, hit in _misread_hits(unknown, catalogue):
        hits[place].append(hit)
    return hits


def choose(hits: Iterable[Hit], line: LineText, maker: str | None, catalogue: Catalogue) -> Hit | None:
    """Return the hit that names who sells the item, or None where no hit can be trusted.

    Args:
        hits: From `find_hits`.
        line: The line they were found in.
        maker: Owner by the first digits of the line's EAN, if known.
        catalogue: For vetoes and owners.
    """
    likely = [hit for hit in hits if _is_likely(hit, line, maker, catalogue)]
    standing = [hit for hit in likely if not any(_covers(other, hit) for other in likely)]
    own = [hit for hit in standing if not _is_secondary(hit, line)]
    if not own:
        return None
    first = min(own, key=lambda hit: (hit.start, -hit.score, -hit.letters))
    if first.brand in catalogue.house_brands:
        owner = catalogue.brands[first.brand].owner
        under = [h for h in own if h.brand != first.brand and catalogue.brands[h.brand].owner == owner]
        first = min(under, key=lambda hit: hit.start, default=first)
    return first


def _windows(line: LineText, catalogue: Catalogue) -> Iterator[tuple[int, int]]:
    for start in range(len(line.words)):
        letters = 0
        for end in range(start + 1, min(len(line.words), start + catalogue.words_max) + 1):
            letters += len(line.words[end - 1].text)
            if letters > _WINDOW_LETTERS_MAX:
                break
            yield start, end


def _exact_hit(line: LineText, spelling: Spelling, start: int, end: int) -> Hit:
    letters = "".join(word.text for word in line.words[start:end])
    kind: Kind = "exact" if letters == spelling.folded else "look_alike"
    return Hit(spelling.brand, start, end, kind, SCORES[kind], spelling.ambiguous, len(letters))


def _may_be_misread(line: LineText, start: int, end: int, key: str) -> bool:
    """Tell whether a window is worth comparing: not too short, no number, no plain word in it."""
    if len(key) < SHORT_LETTERS_MAX or "/" in key or " " in key:
        return False
    if sum(char.isdigit() for char in key) * 2 > len(key):
        return False
    return not all(place in line.cue_words for place in range(start, end))


def _glued_hits(line: LineText, catalogue: Catalogue) -> Iterator[Hit]:
    """Find names that lost the space to their neighbour: `NGOMO`, `CHENSUNLIGHT`."""
    for place, key in enumerate(line.keys):
        if len(key) <= SHORT_LETTERS_MAX or key in catalogue.spellings or place in line.cue_words:
            continue
        for cut in range(2, len(key) - 1):
            for name, rest in ((key[:cut], key[cut:]), (key[cut:], key[:cut])):
                if len(name) < _GLUED_LETTERS_MIN and rest not in catalogue.cues:
                    continue
                for spelling in catalogue.spellings.get(name, ()):
                    yield Hit(
                        spelling.brand,
                        place,
                        place + 1,
                        "glued",
                        SCORES["glued"],
                        spelling.ambiguous,
                        len(name),
                    )


def _cut_hits(line: LineText, catalogue: Catalogue) -> Iterator[Hit]:
    """Find a name that the column's edge cut off: `XUC XICH TIET TRUNG VISS`."""
    if line.letters < _CUT_LINE_LETTERS_MIN:
        return
    for start in range(max(0, len(line.words) - catalogue.words_max), len(line.words)):
        key = window_key(line.words[start:])
        brands = catalogue.cut_spellings.get(key, frozenset()) & line.cued
        if len(brands) == 1 and key not in catalogue.cues:
            (brand,) = brands
            yield Hit(brand, start, len(line.words), "cut", SCORES["cut"], ambiguous=True, letters=len(key))


def _misread_hits(
    unknown: Sequence[tuple[int, int, int, str]], catalogue: Catalogue
) -> Iterator[tuple[int, Hit]]:
    names = [
        key for key in catalogue.spellings if len(key) > SHORT_LETTERS_MAX and not re.search("[/ ]", key)
    ]
    if not unknown or not names:
        return
    keys = list(dict.fromkeys(key for _, _, _, key in unknown))
    distances = cdist(keys, names, scorer=Levenshtein.distance, score_cutoff=3, dtype=np.uint8)
    allowed = np.array([allowed_misreads(len(name)) for name in names], dtype=np.uint8)
    near: dict[str, list[tuple[str, int]]] = {}
    for row, column in zip(*np.nonzero(distances <= allowed), strict=True):
        near.setdefault(keys[row], []).append((names[column], int(distances[row, column])))
    for place, start, end, key in unknown:
        for name, distance in near.get(key, ()):
            score = SCORES["misread"] - distance / len(name)
            for spelling in catalogue.spellings[name]:
                yield place, Hit(spelling.brand, start, end, "misread", score, spelling.ambiguous, len(name))


def _is_likely(hit: Hit, line: LineText, maker: str | None, catalogue: Catalogue) -> bool:
    brand = catalogue.brands[hit.brand]
    if any(f" {veto} " in line.padded for veto in catalogue.vetoes.get(hit.brand, ())):
        return False
    if line.vetoed and hit.brand not in line.cued:
        return False
    by_maker = maker == brand.owner
    cued = hit.brand in line.cued or by_maker
    foreign = not cued and bool(line.cue_words)
    if hit.ambiguous:
        return cued and not _is_lone_end(hit, line)
    if hit.letters <= SHORT_LETTERS_MAX:
        return not foreign or (hit.start == 0 and hit.kind == "exact")
    if hit.kind == "misread":
        sure = hit.score >= _UNCUED_SCORE_MIN and hit.letters >= _UNCUED_LETTERS_MIN
        return cued or (sure and not foreign)
    return True


def _is_lone_end(hit: Hit, line: LineText) -> bool:
    """Tell whether a two-letter spelling ends the line: there it is a cut-off word or size (`C2`)."""
    return hit.letters <= 2 and hit.end == len(line.words) and hit.start > 0  # noqa: PLR2004 - two letters


def _covers(other: Hit, hit: Hit) -> bool:
    """Tell whether `other` explains the words of `hit` better: closer to the ink, or longer."""
    if other.brand == hit.brand or other.start >= hit.end or hit.start >= other.end:
        return False
    as_printed = other.kind in {"exact", "look_alike"}
    if as_printed != (hit.kind in {"exact", "look_alike"}):
        return as_printed
    return (other.letters, other.score) > (hit.letters, hit.score)


def _is_secondary(hit: Hit, line: LineText) -> bool:
    return hit.start > 0 and line.words[hit.start - 1].text in _SECONDARY

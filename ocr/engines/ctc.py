"""Out of the network's steps: characters, where they stand, how sure they are, and what else they may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.float32]

# Place 0 of the network's output is CTC's blank.
_BLANK: Final = 0
# Less likely characters are no reading of the ink.
_OTHER_MIN: Final = 0.02
# Where a character is as sure, no other can be likely.
_ALONE_MIN: Final = float(np.float32(1 - _OTHER_MIN))
_ALTERNATIVES_MAX: Final = 3
# Letters of a word stand no more steps apart: of 46,000 gaps in words that were read surely, three do.
_BLANKS_MAX: Final = 10
# Beyond such a blank so few letters, read with no more confidence than this, are grain.
_GRAIN_GLYPHS_MAX: Final = 2
_GRAIN_MAX: Final = 0.5
_FORMULAS: Final = ("H2O", "CO2", "O2")


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character that was read.

    `first` and `last` are the steps it was seen in, `confidence` its probability where it is likeliest.
    `others` are other characters of the same ink with theirs, likeliest first.
    """

    text: str
    first: int
    last: int
    confidence: float
    others: tuple[tuple[str, float], ...] = ()


def probabilities(scores: Steps) -> Steps:
    """Softmax of (..., places) scores."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


def read_glyphs(scored: Sequence[Steps], charset: str) -> list[list[Glyph]]:
    """Take the likeliest place of each step: repeats are one character, blanks none.

    Args:
        scored: For each strip (steps, places) before softmax. All are looked at together: strips are short.
        charset: The character of place i + 1 at i.

    Returns:
        For each strip its characters from left to right.
    """
    lengths = np.array([len(steps) for steps in scored], np.int64)
    if not lengths.sum():
        return [[] for _ in scored]
    scores = np.concatenate(scored)
    offsets = np.cumsum(lengths) - lengths
    best = scores.argmax(axis=-1)
    changes = np.diff(best, prepend=-1) != 0
    changes[offsets[lengths > 0]] = True
    starts = np.flatnonzero(changes)
    ends = np.append(starts[1:], len(best))
    inked = best[starts] != _BLANK
    starts, ends = starts[inked], ends[inked]
    # Most steps are blank: the others alone are worth their probabilities.
    steps = np.flatnonzero(best != _BLANK)
    rows = probabilities(scores[steps])
    shares = rows[np.arange(len(steps)), best[steps]].tolist()
    firsts = np.searchsorted(steps, starts)
    owners = np.searchsorted(offsets, starts, side="right") - 1
    found: list[list[Glyph]] = [[] for _ in scored]
    spans = (owners, starts - offsets[owners], ends - offsets[owners], firsts, best[starts])
    for owner, first, end, row, place in zip(*(part.tolist() for part in spans), strict=True):
        own = shares[row : row + end - first]
        share = max(own)
        others = () if share > _ALONE_MIN else _others(rows[row + own.index(share)], place, charset)
        found[owner].append(Glyph(charset[place - 1], first, end - 1, share, others))
    return found


def _others(row: Steps, place: int, charset: str) -> tuple[tuple[str, float], ...]:
    likely = np.flatnonzero(row > _OTHER_MIN)
    found = [
        (charset[other - 1], float(row[other])) for other in likely.tolist() if other not in (_BLANK, place)
    ]
    return tuple(sorted(found, key=lambda other: -other[1]))


def words_of(glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    """The glyphs between spaces, without grain that was read as a letter or two far off from a word."""
    words: list[list[Glyph]] = [[]]
    for glyph in glyphs:
        if glyph.text == " ":
            words.append([])
        else:
            words[-1].append(glyph)
    return [part for word in words if word for part in _without_far_grain(word)]


def _without_far_grain(word: list[Glyph]) -> list[list[Glyph]]:
    """The word, parted at blanks in which no space was seen, without what is grain beyond them."""
    cuts = [place for place, (one, two) in enumerate(pairwise(word), 1) if two.first - one.last > _BLANKS_MAX]
    if not cuts:
        return [word]
    parts = [word[start:end] for start, end in pairwise([0, *cuts, len(word)])]
    return [part for part in parts if len(part) > _GRAIN_GLYPHS_MAX or confidence_of(part) > _GRAIN_MAX]


def with_zeros(word: Sequence[Glyph]) -> list[Glyph]:
    """The word with the letters O in it that stand for zeros: tills' fonts hardly tell them apart.

    A letter O beside a digit is one, and an O between marks in a word with digits, but not the one in
    "NO1", in "SO21", nor in "H2O".
    """
    text = [glyph.text for glyph in word]
    if not any(letter in "Oo" for letter in text) or not any(letter.isdigit() for letter in text):
        return list(word)
    if "".join(text).upper() in _FORMULAS:
        return list(word)
    # Once there and once back: in a row of them only the outermost one touches a digit.
    for place in (*range(len(text)), *reversed(range(len(text)))):
        if text[place] in "Oo" and _is_zero(text, place):
            text[place] = "0"
    return [
        glyph if glyph.text == letter else replace(glyph, text=letter)
        for glyph, letter in zip(word, text, strict=True)
    ]


def _is_zero(text: Sequence[str], place: int) -> bool:
    before = text[place - 1] if place else ""
    after = text[place + 1] if place + 1 < len(text) else ""
    if place == 1 and before in "NnSs" and after.isdigit():
        return False
    if text[place] == "o" and before.islower():
        return False
    if before in {".", ","} and place > 1 and text[place - 2].isdigit() and after in {"O", "o"}:
        return True
    return before.isdigit() or after.isdigit() or not (before.isalpha() or after.isalpha())


def confidence_of(word: Sequence[Glyph]) -> float:
    """How sure a word is, 0 to 1: the geometric mean of its glyphs times the square of the worst one.

    Of words from a half up about as many are right as that says. Print that stands on its head stays
    below a half on the whole, which tells it from upright print (docs/decisions/0080).
    """
    values = [max(glyph.confidence, 1e-6) for glyph in word]
    return min(1.0, math.prod(values) ** (1 / len(values)) * min(values) ** 2)


def digit_alternatives(word: Sequence[Glyph]) -> tuple[tuple[str, float], ...]:
    """Other readings of a word with digits, one character exchanged each, likeliest first."""
    text = "".join(glyph.text for glyph in word)
    if not any(character.isdigit() for character in text):
        return ()
    sure = confidence_of(word)
    found = [
        (text[:place] + other + text[place + 1 :], sure * share / max(glyph.confidence, share))
        for place, glyph in enumerate(word)
        for other, share in glyph.others
        if other.isdigit() or other in ".,-"
    ]
    return tuple(sorted(found, key=lambda one: -one[1])[:_ALTERNATIVES_MAX])

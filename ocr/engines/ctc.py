"""Out of the network's steps: characters, where they stand, how sure they are, and what else they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.float32]

# Place 0 of the network's output is CTC's blank.
_BLANK: Final = 0
# Less likely characters are no reading of the ink.
_OTHER_MIN: Final = 0.02
_ALTERNATIVES_MAX: Final = 3


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


def read_glyphs(steps: Steps, charset: str) -> list[Glyph]:
    """Take the likeliest place of each step: repeats are one character, blanks none.

    Args:
        steps: (steps, places) probabilities.
        charset: The character of place i + 1 at i.
    """
    best = steps.argmax(axis=-1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = np.append(starts[1:], len(best))
    glyphs = []
    for first, end in zip(starts.tolist(), ends.tolist(), strict=True):
        place = int(best[first])
        if place == _BLANK:
            continue
        peak = first + int(steps[first:end, place].argmax())
        row = steps[peak]
        glyphs.append(
            Glyph(charset[place - 1], first, end - 1, float(row[place]), _others(row, place, charset))
        )
    return glyphs


def _others(row: Steps, place: int, charset: str) -> tuple[tuple[str, float], ...]:
    if row[place] > 1 - _OTHER_MIN:
        return ()
    likely = np.flatnonzero(row > _OTHER_MIN)
    found = [
        (charset[other - 1], float(row[other])) for other in likely.tolist() if other not in (_BLANK, place)
    ]
    return tuple(sorted(found, key=lambda other: -other[1]))


def words_of(glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    """The glyphs between spaces."""
    words: list[list[Glyph]] = [[]]
    for glyph in glyphs:
        if glyph.text == " ":
            words.append([])
        else:
            words[-1].append(glyph)
    return [word for word in words if word]


def confidence_of(word: Sequence[Glyph]) -> float:
    """How sure a word is, 0 to 1: the geometric mean of its glyphs times the square of the worst one.

    Of words from a half up about as many are right as that says. Print that stands on its head stays
    below a half on the whole, which tells it from upright print (docs/decisions/0080).
    """
    values = np.maximum([glyph.confidence for glyph in word], 1e-6)
    return float(min(1.0, np.exp(np.log(values).mean()) * values.min() ** 2))


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

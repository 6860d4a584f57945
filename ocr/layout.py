"""Words to printed lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ocr.types import TextLine, Word

# Words of one line share this part of the lower one's height.
_OVERLAP_MIN: Final = 0.5
# A word so many heights away stands beside; that is worth so much of what they share.
_BESIDE: Final = 2.0
_BESIDE_WORTH: Final = 0.3
# Words this part of a letter's height apart stand above each other, not side by side.
_CLEARLY: Final = 0.5
# The middles of single words say how their lines stand.
_WORDS_MIN: Final = 2


def lines_of(words: Sequence[Word], page: int = 0) -> list[TextLine]:
    """Group words into printed lines, top to bottom, each left to right.

    A word joins the line whose nearest word to its left it overlaps in height by half: lines may
    slope or curl, and columns stay on the line they belong to.
    """
    ordered = sorted(words, key=lambda word: word.box[0])
    rows: list[list[Word]] = []
    # Top, bottom and right end of each row's last word, as floats: all rows are compared at once.
    ends = np.zeros((3, len(ordered)))
    for word in ordered:
        tops, bottoms, rights = ends[:, : len(rows)]
        left, top, right, bottom = word.box
        shared = np.minimum(bottoms, bottom) - np.maximum(tops, top)
        overlaps = shared / np.maximum(np.minimum(bottoms - tops, bottom - top), 1)
        # Where lines curl, the word right beside tells more than one half a page away.
        beside = left - rights < _BESIDE * (bottom - top)
        number = int((overlaps + _BESIDE_WORTH * beside).argmax()) if rows else 0
        if rows and overlaps[number] >= _OVERLAP_MIN:
            rows[number].append(word)
        else:
            number = len(rows)
            rows.append([word])
        ends[:, number] = top, bottom, right
    lines = [TextLine(tuple(row), page) for row in rows]
    return _from_the_top_down(sorted(lines, key=lambda line: line.box[1] + line.box[3]))


def _from_the_top_down(lines: list[TextLine]) -> list[TextLine]:
    """Lines in the order of their middles, but those that curl put as they stand where they meet.

    A long line that rises or falls has its middle where a short one below or above it may have its own.
    """
    for last in range(len(lines) - 1, 0, -1):
        moved = False
        for number in range(last):
            if _stands_above(lines[number + 1], lines[number]):
                lines[number : number + 2] = lines[number + 1], lines[number]
                moved = True
        if not moved:
            break
    return lines


def _stands_above(line: TextLine, other: TextLine) -> bool:
    """Whether a line stands clearly above another where their words come closest to each other."""
    if line.box[1] >= other.box[3] or len(line.words) + len(other.words) == _WORDS_MIN:
        return False
    gap, word, beside = min(
        (
            (max(one.box[0], two.box[0]) - min(one.box[2], two.box[2]), one, two)
            for one in line.words
            for two in other.words
        ),
        key=lambda pair: pair[0],
    )
    height = min(word.box[3] - word.box[1], beside.box[3] - beside.box[1])
    fall = (beside.box[1] + beside.box[3] - word.box[1] - word.box[3]) / 2
    return gap < height and fall > _CLEARLY * height

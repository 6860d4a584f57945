"""Words to printed lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ocr.types import TextLine, Word

# Words of one line share this part of the lower one's height.
_OVERLAP_MIN: Final = 0.5


def lines_of(words: Sequence[Word], page: int = 0) -> list[TextLine]:
    """Group words into printed lines, top to bottom, each left to right.

    A word joins the line whose nearest word to its left it overlaps in height by half: lines may
    slope or curl, and columns stay on the line they belong to.
    """
    ordered = sorted(words, key=lambda word: word.box[0])
    rows: list[list[Word]] = []
    # Top and bottom of each row's last word, as floats: all rows are compared at once.
    ends = np.zeros((2, len(ordered)))
    for word in ordered:
        tops, bottoms = ends[:, : len(rows)]
        top, bottom = word.box[1], word.box[3]
        shared = np.minimum(bottoms, bottom) - np.maximum(tops, top)
        overlaps = shared / np.maximum(np.minimum(bottoms - tops, bottom - top), 1)
        number = int(overlaps.argmax()) if rows else 0
        if rows and overlaps[number] >= _OVERLAP_MIN:
            rows[number].append(word)
        else:
            number = len(rows)
            rows.append([word])
        ends[:, number] = top, bottom
    lines = [TextLine(tuple(row), page) for row in rows]
    return sorted(lines, key=lambda line: line.box[1] + line.box[3])

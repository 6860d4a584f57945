"""Words to printed lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ocr.text.letters import fold
from ocr.types import TextLine, Word

# Words of one line share this part of the lower one's height.
_OVERLAP_MIN: Final = 0.5
# A word so many heights away stands beside; that is worth so much of what they share.
_BESIDE: Final = 2.0
_BESIDE_WORTH: Final = 0.3
# Words this part of a letter's height apart stand above each other, not side by side.
_CLEARLY: Final = 0.5
# Two words that share this part of the smaller one, across and down, are the same ink; of them the surer
# one is kept, but where both are this sure and say something else.
_SAME_INK: Final = 0.7
_SURE: Final = 0.9
# Words side by side this many heights long tell how their line leans; they do so this many heights up and
# down. A page is thought flat, as firmly as one line so many heights long would say.
_CHAIN_MIN: Final = 6.0
_NEARBY: Final = 10.0
_FLAT: Final = 16.0
# A lean of less than this part of a height from edge to edge changes no line.
_LEANS_MIN: Final = 0.3
# The middles of single words say how their lines stand.
_WORDS_MIN: Final = 2


def lines_of(words: Sequence[Word], page: int = 0) -> list[TextLine]:
    """Group words into printed lines, top to bottom, each left to right.

    A word joins the line whose nearest word to its left it overlaps in height by half: lines may
    slope or curl, and columns stay on the line they belong to.
    """
    ordered = sorted(_read_once(words), key=lambda word: word.box[0])
    rows = _rows(ordered, np.zeros(len(ordered)))
    falls = _falls(ordered, rows)
    if falls is not None:
        # Across the gap between two columns a line goes on as the words around it lean.
        rows = _rows(ordered, falls)
    lines = [TextLine(tuple(row), page) for row in rows]
    return _from_the_top_down(sorted(lines, key=lambda line: line.box[1] + line.box[3]))


def _rows(ordered: Sequence[Word], falls: NDArray[np.float64]) -> list[list[Word]]:
    """Words, left to right, by the line they stand on; each stands `falls` lower than on flat paper."""
    rows: list[list[Word]] = []
    # Top, bottom and right end of each row's last word, as floats: all rows are compared at once.
    ends = np.zeros((3, len(ordered)))
    for word, fall in zip(ordered, falls.tolist(), strict=True):
        tops, bottoms, rights = ends[:, : len(rows)]
        left, top, right, bottom = word.box
        top, bottom = top - fall, bottom - fall
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
    return rows


def _falls(ordered: Sequence[Word], rows: Sequence[Sequence[Word]]) -> NDArray[np.float64] | None:
    """How much lower each word stands than it would if its line did not lean; None where none leans.

    Words that stand side by side tell how lines lean where they stand; further up and down they tell less.
    """
    chains = [chain for row in rows for chain in _chains(row)]
    if not chains:
        return None
    boxes = np.array([word.box for word in ordered], float)
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    ends = np.array([(*_middle(chain[0]), *_middle(chain[-1])) for chain in chains])
    lengths = ends[:, 2] - ends[:, 0]
    apart = (middles[:, None] - (ends[:, 1] + ends[:, 3])[None, :] / 2) / (_NEARBY * height)
    weights = lengths**2 * np.exp(-(apart**2))
    sums = weights.sum(axis=1) + (_FLAT * height) ** 2
    leans = (weights * ((ends[:, 3] - ends[:, 1]) / lengths)[None, :]).sum(axis=1) / sums
    across = (boxes[:, 0] + boxes[:, 2]) / 2
    falls = leans * (across - across.min())
    return falls if np.abs(leans).max() * np.ptp(across) > _LEANS_MIN * height else None


def _chains(row: Sequence[Word]) -> list[list[Word]]:
    """Runs of a line's words that stand side by side, those that are long enough to tell how it leans."""
    chains = [[row[0]]]
    for word, other in pairwise(row):
        if other.box[0] - word.box[2] < _BESIDE * (word.box[3] - word.box[1]):
            chains[-1].append(other)
        else:
            chains.append([other])
    return [
        chain
        for chain in chains
        if chain[-1].box[2] - chain[0].box[0] > _CHAIN_MIN * (chain[0].box[3] - chain[0].box[1])
        and len(chain) >= _WORDS_MIN
    ]


def _middle(word: Word) -> tuple[float, float]:
    left, top, right, bottom = word.box
    return (left + right) / 2, (top + bottom) / 2


def _read_once(words: Sequence[Word]) -> list[Word]:
    """The words without what was read twice, as where two strips of a line cross the same print."""
    if not words:
        return []
    boxes = np.array([word.box for word in words], float)
    shared = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(
        boxes[:, None, :2], boxes[None, :, :2]
    )
    sizes = boxes[:, 2:] - boxes[:, :2]
    smaller = np.maximum(np.minimum(sizes[:, None], sizes[None, :]), 1)
    doubled: set[int] = set()
    for one, two in np.argwhere(np.triu((shared >= _SAME_INK * smaller).all(axis=2), 1)).tolist():
        less, more = sorted((one, two), key=lambda place: (words[place].confidence, len(words[place].text)))
        same = fold(words[less].text) == fold(words[more].text)
        if more not in doubled and (same or words[less].confidence < _SURE):
            doubled.add(less)
    return [word for place, word in enumerate(words) if place not in doubled]


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

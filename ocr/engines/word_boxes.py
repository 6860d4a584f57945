"""Where the words of a piece of text stand, by the characters that were seen and the ink around them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import Final

from ocr.engines.finder import FEET, Piece
from ocr.types import Box

# The network sees a character up to this many capitals off its middle.
_SEEN_OFF: Final = 0.5
_ACCENTS: Final = 0.6


def word_boxes(piece: Piece, spans: Sequence[tuple[float, float]]) -> list[Box]:
    """Boxes around the ink of a piece's words.

    Args:
        piece: Where they stand.
        spans: Columns of the page at which each word's first and last character were seen, left to
            right; the characters may reach beyond.
    """
    if not spans:
        return []
    # Some dozen boxes: plain lists are faster than arrays here.
    ink = piece.ink.tolist()
    blanks = _blanks(ink)
    slack = _SEEN_OFF * piece.capitals
    middles = [_gap_between(blanks, slack, one, other) for one, other in pairwise(spans)]
    edges = [-inf, *middles, inf]
    return [
        _ink_within(piece, ink, *edges_of, span)
        for edges_of, span in zip(pairwise(edges), spans, strict=True)
    ]


def _blanks(ink: Sequence[Sequence[int]]) -> list[tuple[float, int]]:
    """The middle and the width of each blank between ink, from left to right."""
    blanks = []
    end = ink[0][2]
    for left, _, right, _ in ink[1:]:
        if left > end:
            blanks.append(((end + left) / 2, left - end))
        end = max(end, right)
    return blanks


def _gap_between(
    blanks: Sequence[tuple[float, int]], slack: float, one: tuple[float, float], other: tuple[float, float]
) -> float:
    """The middle of the widest blank between one word's last and the next one's first character."""
    last, first = one[1], other[0]
    # A word of one character is narrower than the slack: the blank on its other side is not meant.
    low, high = max(last - slack, one[0]), min(first + slack, other[1])
    near = [blank for blank in blanks if low < blank[0] < high]
    return max(near, key=lambda blank: blank[1])[0] if near else (last + first) / 2


def _ink_within(
    piece: Piece, ink: Sequence[Sequence[int]], left: float, right: float, span: tuple[float, float]
) -> Box:
    """The box around the piece's ink between two columns; a capital's height over the span where none is."""
    inside = [box for box in ink if left <= (box[0] + box[2]) / 2 <= right]
    base = piece.base + piece.slope * (sum(span) / 2 - piece.left)
    if not inside:
        first, last = round(span[0]), round(span[1])
        return first, round(base - piece.capitals), max(first + 1, last), round(base)
    lefts, tops, rights, bottoms = zip(*inside, strict=True)
    top = max(min(tops), round(base - (1 + _ACCENTS) * piece.capitals))
    bottom = min(max(bottoms), round(base + FEET * piece.capitals))
    return min(lefts), top, max(rights), max(top + 1, bottom)

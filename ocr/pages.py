"""Several overlapping pictures of one long receipt, joined into one run of lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, permutations
from typing import Final

from rapidfuzz import fuzz

from ocr.types import TextLine

# Overlapping lines agree this much, misread letters and all.
_ALIKE_MIN: Final = 70.0
# What is taken off for the chance that few lines agree.
_CHANCE: Final = 15.0
# An overlap is this many lines that agree, so that one blank or a repeated heading joins nothing.
_OVERLAP_MIN: Final = 2
_OVERLAP_MAX: Final = 60
_LETTERS_MIN: Final = 4
# The frame's edge cuts lines in half; what is left of one is read with less confidence than this.
_WHOLE_LINE_MIN: Final = 0.6
_NOT_DIGITS: Final = re.compile(r"\D")


def join_pages(pages: Sequence[Sequence[TextLine]]) -> list[TextLine]:
    """Join the lines of pages in the order in which they overlap, overlapping lines once.

    Args:
        pages: Lines of each page, top to bottom, pages in the order they were sent.

    Returns:
        All lines top to bottom, each keeping the number of the page it was read on. Pages that overlap
        nowhere follow each other as they were sent.
    """
    filled = [list(page) for page in pages if page]
    if len(filled) < 2:  # noqa: PLR2004 - one page joins nothing
        return [line for page in filled for line in page]
    numbers = range(len(filled))
    shared = {(a, b): _overlap(filled[a], filled[b]) for a in numbers for b in numbers if a != b}
    # Permutations come in the order sent first, so that without overlaps nothing moves.
    order = max(permutations(numbers), key=lambda order: sum(shared[pair] for pair in pairwise(order)))
    joined = list(filled[order[0]])
    for before, after in pairwise(order):
        joined = _merge(joined, filled[after], shared[before, after])
    return joined


def _overlap(upper: Sequence[TextLine], lower: Sequence[TextLine]) -> int:
    """How many lines at the end of one page stand at the start of the other; 0 when none do."""
    scores = [
        (_agreement(upper[-count:], lower[:count]), count)
        for count in range(_OVERLAP_MIN, min(len(upper), len(lower), _OVERLAP_MAX) + 1)
    ]
    score, count = max(scores, default=(0.0, 0))
    return count if score >= _ALIKE_MIN else 0


def _agreement(tail: Sequence[TextLine], head: Sequence[TextLine]) -> float:
    """How far two runs of lines are the same, up to 100; two lines alike by chance score less."""
    pairs = list(zip(tail, head, strict=True))
    # Half a line says nothing for or against the others.
    if len(pairs) > 1 and _confidence(tail[-1]) < _WHOLE_LINE_MIN:
        pairs.pop()
    if len(pairs) > 1 and _confidence(head[0]) < _WHOLE_LINE_MIN:
        pairs.pop(0)
    alike, letters = 0.0, 0
    for upper, lower in pairs:
        size = max(len(upper.text), len(lower.text))
        alike += _likeness(upper.text, lower.text) * size
        letters += size
    if letters < _LETTERS_MIN * len(pairs):
        return 0.0
    return alike / letters - _CHANCE / len(pairs)


def _likeness(upper: str, lower: str) -> float:
    """How alike two lines read, 0 to 100. Tills repeat words; figures tell their lines apart."""
    whole = fuzz.ratio(upper, lower)
    figures = [_NOT_DIGITS.sub("", text) for text in (upper, lower)]
    if not any(figures):
        return whole
    return (whole + fuzz.ratio(*figures)) / 2


def _merge(upper: list[TextLine], lower: list[TextLine], shared: int) -> list[TextLine]:
    """Both runs of lines, the shared ones as they were read with more confidence."""
    if not shared:
        return upper + lower
    chosen = [max(pair, key=_confidence) for pair in zip(upper[-shared:], lower[:shared], strict=True)]
    return upper[:-shared] + chosen + lower[shared:]


def _confidence(line: TextLine) -> float:
    letters = sum(len(word.text) for word in line.words)
    return sum(len(word.text) * word.confidence for word in line.words) / max(1, letters)

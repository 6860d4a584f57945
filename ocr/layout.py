"""Words to printed lines."""

from __future__ import annotations

from collections.abc import Sequence

from ocr.types import TextLine, Word


def lines_of(words: Sequence[Word], page: int = 0) -> list[TextLine]:
    """Group words into printed lines, top to bottom, each left to right.

    A word joins the line whose nearest word to its left it overlaps in height by half: lines may
    slope or curl, and columns stay on the line they belong to.
    """
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.box[0]):
        row = max(rows, key=lambda row: _overlap(row[-1], word), default=None)
        if row is not None and _overlap(row[-1], word) >= 0.5:  # noqa: PLR2004 - half, as said above
            row.append(word)
        else:
            rows.append([word])
    lines = [TextLine(tuple(row), page) for row in rows]
    return sorted(lines, key=lambda line: line.box[1] + line.box[3])


def _overlap(left: Word, right: Word) -> float:
    """How much of the lower word's height both share, 0 to 1."""
    shared = min(left.box[3], right.box[3]) - max(left.box[1], right.box[1])
    lower = min(left.box[3] - left.box[1], right.box[3] - right.box[1])
    return shared / max(1, lower)

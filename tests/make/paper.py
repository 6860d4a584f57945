"""Papers written down as text: a character is 10 pixels wide, a line 30 high, spaces are gaps."""

from __future__ import annotations

import re

from ocr.types import TextLine, Word

PITCH, HEIGHT, STEP = 10, 20, 30


def make_paper(text: str, *, confidence: float = 0.95) -> list[TextLine]:
    """The text lines of a printed paper, each word where it stands in `text`."""
    lines = []
    for row, line in enumerate(text.strip("\n").split("\n")):
        words = tuple(
            Word(
                match[0],
                (match.start() * PITCH, row * STEP, match.end() * PITCH, row * STEP + HEIGHT),
                confidence,
            )
            for match in re.finditer(r"\S+", line)
        )
        if words:
            lines.append(TextLine(words))
    return lines

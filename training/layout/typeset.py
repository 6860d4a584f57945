"""Rows to words with boxes: a face, a pitch, columns that push each other aside."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from training.layout.grammar import Grammar
from training.layout.rows import Row, Token

_NARROW: Final = frozenset("iljtfrI.,:;'|!()[]1-/")
_WIDE: Final = frozenset("mwMWQ%@&")
_LOW: Final = frozenset(".,-_=")
_DOWN: Final = frozenset("gjpqy,;()[]")


@dataclass(slots=True)
class Printed:
    """One word on paper: box (left, top, right, bottom) in pixels, and its role."""

    text: str
    role: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float = 1.0


@dataclass(slots=True)
class PrintedLine:
    """One printed line; `step` and `section` as in `ocr.tagger.roles`."""

    words: list[Printed]
    step: str
    section: str


def typeset(rows: list[Row], grammar: Grammar, rng: random.Random) -> list[PrintedLine]:
    """Set rows on paper whose usual letters are about 20 px high, as the reader levels it."""
    size = rng.uniform(17, 24)
    face = _Face(grammar, size, rng)
    pitch = size * rng.uniform(1.15, 2.1)
    left, top = rng.uniform(5, 60), rng.uniform(5, 60)
    bend = rng.uniform(-0.6, 0.6)
    lines = []
    for row in rows:
        top += row.gap * pitch
        words = _row_words(row, face, left, top, size * row.size, bend)
        top += pitch * max(1.0, row.size)
        if words:
            lines.append(PrintedLine(words, row.step, row.section))
    return lines


def _row_words(row: Row, face: _Face, left: float, top: float, size: float, bend: float) -> list[Printed]:
    words: list[Printed] = []
    edge = -1e9
    grown = size / face.size
    placed = [(cell, face.span(cell.tokens) * grown) for cell in row.cells if cell.tokens]
    for cell, span in sorted(placed, key=lambda one: _start(one[0].at * face.pitch, one[0].align, one[1])):
        at = _start(cell.at * face.pitch, cell.align, span)
        if words:
            at = max(at, edge + face.pitch * 0.8)
        at = max(at, -face.pitch)
        for text, role in cell.tokens:
            width = face.width(text) * grown
            down = size * 0.25 if any(letter in _DOWN for letter in text) else 0.0
            low = all(letter in _LOW for letter in text)
            y = top + bend * at / 100
            words.append(
                Printed(
                    text,
                    role,
                    left + at,
                    y + (size * 0.55 if low else 0),
                    left + at + width,
                    y + size * 0.95 + down,
                )
            )
            at += width + face.gap * grown
        edge = at - face.gap * grown
    return words


def _start(at: float, align: str, span: float) -> float:
    if align == "r":
        return at - span
    return at - span / 2 if align == "c" else at


class _Face:
    """How wide words are."""

    def __init__(self, grammar: Grammar, size: float, rng: random.Random) -> None:
        self.size = size
        self.pitch = size * rng.uniform(0.42, 0.66)
        self._proportional = grammar.proportional
        # The reader's boxes end a little outside or inside of the ink.
        self._inset = self.pitch * rng.uniform(-0.05, 0.3)
        self.gap = self.pitch * rng.uniform(0.4, 1.0) if grammar.proportional else self.pitch + self._inset

    def width(self, text: str) -> float:
        if not self._proportional:
            return len(text) * self.pitch - self._inset
        narrow = sum(letter in _NARROW for letter in text)
        wide = sum(letter in _WIDE for letter in text)
        return (len(text) - 0.5 * narrow + 0.45 * wide) * self.pitch

    def span(self, tokens: list[Token]) -> float:
        return sum(self.width(text) for text, _ in tokens) + self.gap * max(0, len(tokens) - 1)

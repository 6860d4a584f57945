"""A recogniser of our own: pieces of lines found by OpenCV, read by a small network (docs/decisions/0080)."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final

from ocr.engines.base import Engine, EngineError, Gray
from ocr.engines.ctc import (
    Glyph,
    confidence_of,
    digit_alternatives,
    read_glyphs,
    with_zeros,
    words_of,
)
from ocr.engines.finder import Piece, find_pieces, piece_within
from ocr.engines.merge import certainty
from ocr.engines.model import MODEL_FILE, Model
from ocr.engines.strips import Strip, column_of, cut, to_depth
from ocr.engines.ticks import without_tick
from ocr.engines.word_boxes import word_boxes
from ocr.types import Box, Word

_log = logging.getLogger(__name__)

# A group of digits is read again a little larger and a little smaller: what all agree on is there.
_SIZES: Final = (1.0, 0.9, 1.12)
# Of words read with less confidence one in twenty is right: they are grain, folds and patterns, and say
# nothing of how the page lies.
_PRINT_MIN: Final = 0.08
# Specks are read as lone figures and marks sooner than as words, and sums suffer from them more.
_FIGURE_MIN: Final = 0.16
# A page read with less certainty may lie on its head, which only the whole of it tells.
_UPRIGHT_MIN: Final = 0.5
# A quarter of the letters of Vietnamese print bear accents; of other print, one in two hundred seems to.
_ACCENTS_MIN: Final = 0.02


class RecogniserEngine:
    """Our own network; see `Engine`. Creating it loads the model; a forked child may use its copy."""

    name = "recogniser"
    # Of figures read so, 998 of 1000 are right; below, 9 of 10 (docs/decisions/0023).
    sure_min: float | None = 0.95

    def __init__(self, file: Path = MODEL_FILE, make_second: Callable[[], Engine] | None = None) -> None:
        """Load the model; `make_second` builds the second engine when it is asked for first.

        Raises:
            EngineError: The model is missing or damaged.
        """
        self._model = Model(file)
        self._make_second = make_second

    @cached_property
    def second(self) -> Engine | None:
        """Tesseract where it is installed; see `Engine.second`."""
        try:
            return None if self._make_second is None else self._make_second()
        except (EngineError, ImportError) as error:
            _log.warning("No second opinion: %s", error)
            return None

    def read_words(self, page: Gray) -> list[Word]:
        """Read one upright, level page; see `Engine.read_words`."""
        pieces = find_pieces(page)
        strips = [to_depth(cut(page, piece)) for piece in pieces]
        words: list[Word] = []
        for piece, strip, glyphs in zip(pieces, strips, self._read(strips), strict=True):
            printed = without_tick(strip, glyphs)
            words += self._words(piece, [with_zeros(word) for word in words_of(printed)])
        return without_stray_accents(without_grain(words))

    def read_number(self, page: Gray, box: Box) -> list[tuple[str, float]]:
        """Read one digit group again, alone; see `Engine.read_number`."""
        piece = piece_within(page, box)
        if piece is None:
            return []
        pieces = [replace(piece, capitals=piece.capitals * size) for size in _SIZES]
        found: dict[str, float] = {}
        for read in self._read([to_depth(cut(page, piece)) for piece in pieces]):
            glyphs = with_zeros([glyph for glyph in read if glyph.text != " "])
            text = "".join(glyph.text for glyph in glyphs)
            if not any(character.isdigit() for character in text):
                continue
            for reading, share in ((text, confidence_of(glyphs)), *digit_alternatives(glyphs)):
                found[reading] = found.get(reading, 0.0) + share / len(_SIZES)
        return sorted(found.items(), key=lambda one: -one[1])

    def _read(self, strips: list[Strip]) -> list[list[Glyph]]:
        """The characters of each strip."""
        return read_glyphs(self._model.scores(strips), self._model.charset)

    def _words(self, piece: Piece, words: list[list[Glyph]]) -> list[Word]:
        stride = self._model.stride
        spans = [
            (column_of(piece, word[0].first * stride), column_of(piece, (word[-1].last + 1) * stride))
            for word in words
        ]
        return [
            Word("".join(glyph.text for glyph in word), box, confidence_of(word), digit_alternatives(word))
            for word, box in zip(words, word_boxes(piece, spans), strict=True)
        ]


def without_stray_accents(words: list[Word]) -> list[Word]:
    """On a page that bears next to no accents, take those that were read for specks and drop them."""
    letters = [character for word in words for character in word.text if character.isalpha()]
    accented = sum(_bare(letter) != letter for letter in letters)
    if accented >= _ACCENTS_MIN * len(letters):
        return words
    return [word if word.text.isascii() else replace(word, text=_bare(word.text)) for word in words]


def _bare(text: str) -> str:
    """Without accents; the crossed d stays, since it also stands for the currency."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(character for character in apart if not unicodedata.combining(character))


def without_grain(words: list[Word]) -> list[Word]:
    """On an upright page, without what is no print; on its head a page is judged by all that was read."""
    seen = [word for word in words if word.confidence >= _PRINT_MIN]
    if certainty(seen) < _UPRIGHT_MIN:
        return words
    return [
        word
        for word in seen
        if word.confidence >= _FIGURE_MIN or any(character.isalpha() for character in word.text)
    ]

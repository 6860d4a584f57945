"""Tesseract inside this process, through tesserocr: the models are loaded once and stay.

Pages go to the recogniser as gray pixels; its own threshold finds the lines, its network reads the
gray (docs/decisions/0010).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from tesserocr import OEM, PSM, RIL, PyTessBaseAPI, iterate_level

from ocr.engines.base import Engine, EngineError, Gray
from ocr.engines.merge import DIGITS_MODEL, read_merged
from ocr.types import Box, Word

# What the pages are scaled to is about what a 300 dpi scan of 10 point print gives; Tesseract
# would guess, and complain on stderr, when it isn't told.
_DPI: Final = 300
# The network reads the last stroke of a crop better with a little paper after it.
_MARGIN_PX: Final = 4
# Smaller crops hold no letter, and Tesseract's image library complains about them on stderr.
_SIDE_MIN: Final = 8


class TesserocrEngine:
    """Tesseract's LSTM recogniser with one network per language, for one process and thread.

    Creating it loads the models; a forked child inherits them and may use its copy.
    """

    name = "tesserocr"
    # Dotted zeros are read as other digits with full confidence.
    sure_min: float | None = None
    second: Engine | None = None

    def __init__(self, languages: str, tessdata: Path) -> None:
        """Load the models, `languages` being their names joined by `+`.

        Raises:
            EngineError: A model is not in `tessdata`.
        """
        self._models = {language: _load(language, tessdata) for language in languages.split("+")}
        self._first = DIGITS_MODEL if DIGITS_MODEL in self._models else next(iter(self._models))

    def read_words(self, page: Gray) -> list[Word]:
        """Read one upright block of text; see `Engine.read_words`.

        The page is read by the model that is best at digits, and where it bears accents once more by the
        model that knows them.
        """
        return read_merged(
            tuple(self._models), lambda model: _read(self._models[model], page, PSM.SINGLE_BLOCK)
        )

    def read_number(self, page: Gray, box: Box) -> list[tuple[str, float]]:
        """Read one digit group again, alone; see `Engine.read_number`."""
        left, top, right, bottom = box
        rows = slice(max(0, top - _MARGIN_PX), bottom + _MARGIN_PX)
        crop = page[rows, max(0, left - _MARGIN_PX) : right + _MARGIN_PX]
        words = _read(self._models[self._first], crop, PSM.SINGLE_LINE)
        text = " ".join(word.text for word in words)
        if not any(character.isdigit() for character in text):
            return []
        return [(text, min(word.confidence for word in words))]


def _load(language: str, tessdata: Path) -> PyTessBaseAPI:
    try:
        model = PyTessBaseAPI(path=f"{tessdata}/", lang=language, psm=PSM.SINGLE_BLOCK, oem=OEM.LSTM_ONLY)
    except RuntimeError as error:
        raise EngineError(f"No Tesseract model {language} in {tessdata}.") from error
    # Receipts are dark on light; trying each line inverted as well costs time (docs/decisions/0010).
    model.SetVariable("invert_threshold", "0")
    return model


def _read(model: PyTessBaseAPI, page: Gray, mode: int) -> list[Word]:
    if min(page.shape) < _SIDE_MIN:
        return []
    page = np.ascontiguousarray(page)
    height, width = page.shape
    try:
        model.SetPageSegMode(mode)
        model.SetImageBytes(page.tobytes(), width, height, 1, width)
        model.SetSourceResolution(_DPI)
        if not model.Recognize():
            raise EngineError("Tesseract gave up on the page.")
        return _words(model)
    except RuntimeError as error:
        raise EngineError(f"Tesseract failed: {error}") from error
    finally:
        model.Clear()


def _words(model: PyTessBaseAPI) -> list[Word]:
    iterator = model.GetIterator()
    if iterator is None:
        return []
    words = []
    for item in iterate_level(iterator, RIL.WORD):
        if item.Empty(RIL.WORD):
            continue
        text, box = item.GetUTF8Text(RIL.WORD).strip(), item.BoundingBox(RIL.WORD)
        if text and box is not None:
            words.append(Word(text, box, max(0.0, item.Confidence(RIL.WORD)) / 100))
    return words

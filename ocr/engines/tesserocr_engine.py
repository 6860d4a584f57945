"""Tesseract inside this process, through tesserocr: the models are loaded once and stay.

Pages go to the recogniser as gray pixels; its own threshold finds the lines, its network reads the
gray (docs/decisions/0010).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from tesserocr import OEM, PSM, RIL, PyTessBaseAPI, iterate_level

from ocr.engines.base import EngineError, Gray
from ocr.types import Box, Word

# What the pages are scaled to is about what a 300 dpi scan of 10 point print gives; Tesseract
# would guess, and complain on stderr, when it isn't told.
_DPI: Final = 300
# The network reads the last stroke of a crop better with a little paper after it.
_MARGIN_PX: Final = 4
# Five printed lines tell which model reads a page with more confidence.
_SAMPLE_HEIGHT: Final = 200


class TesserocrEngine:
    """Tesseract's LSTM recogniser with one network per language, for one process and thread.

    Creating it loads the models; a forked child inherits them and may use its copy.
    """

    name = "tesserocr"

    def __init__(self, languages: str, tessdata: Path) -> None:
        """Load the models, `languages` being their names joined by `+`.

        Raises:
            EngineError: A model is not in `tessdata`.
        """
        self._models = {language: _load(language, tessdata) for language in languages.split("+")}
        self._digits = self._models.get("eng", next(iter(self._models.values())))

    def read_words(self, page: Gray) -> list[Word]:
        """Read one upright block of text; see `Engine.read_words`."""
        return _read(self._model_for(page), page, PSM.SINGLE_BLOCK)

    def read_number(self, page: Gray, box: Box) -> list[tuple[str, float]]:
        """Read one digit group again, alone; see `Engine.read_number`."""
        left, top, right, bottom = box
        crop = page[
            max(0, top - _MARGIN_PX) : bottom + _MARGIN_PX, max(0, left - _MARGIN_PX) : right + _MARGIN_PX
        ]
        words = _read(self._digits, crop, PSM.SINGLE_LINE)
        if not words:
            return []
        return [(" ".join(word.text for word in words), min(word.confidence for word in words))]

    def _model_for(self, page: Gray) -> PyTessBaseAPI:
        """The model that reads a few lines of the page with the most confidence."""
        if len(self._models) == 1:
            return self._digits
        top = page.shape[0] // 4
        sample = page[top : top + _SAMPLE_HEIGHT]
        return max(
            self._models.values(), key=lambda model: _certainty(_read(model, sample, PSM.SINGLE_BLOCK))
        )


def _certainty(words: list[Word]) -> float:
    letters = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence for word in words) / max(1, letters)


def _load(language: str, tessdata: Path) -> PyTessBaseAPI:
    try:
        model = PyTessBaseAPI(path=f"{tessdata}/", lang=language, psm=PSM.SINGLE_BLOCK, oem=OEM.LSTM_ONLY)
    except RuntimeError as error:
        raise EngineError(f"No Tesseract model {language} in {tessdata}.") from error
    # Receipts are dark on light; trying each line inverted as well costs time (docs/decisions/0010).
    model.SetVariable("invert_threshold", "0")
    return model


def _read(model: PyTessBaseAPI, page: Gray, mode: int) -> list[Word]:
    if not page.size:
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

"""Tesseract as a command, through pytesseract: a process a page, for machines without tesserocr."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytesseract
from PIL import Image

from ocr.engines.base import Engine, EngineError, Gray
from ocr.engines.merge import DIGITS_MODEL, read_merged
from ocr.types import Box, Word

_BLOCK: Final = 6
_LINE: Final = 7
_SECONDS_MAX: Final = 60
_MARGIN_PX: Final = 4
# Smaller crops hold no letter.
_SIDE_MIN: Final = 8


class PytesseractEngine:
    """The `tesseract` command; see `Engine`. It holds nothing, so threads may share it."""

    name = "pytesseract"
    # Dotted zeros are read as other digits with full confidence.
    sure_min: float | None = None
    second: Engine | None = None

    def __init__(self, languages: str, tessdata: Path) -> None:
        """Check that the command and the models are there.

        Raises:
            EngineError: They are not.
        """
        if shutil.which("tesseract") is None:
            raise EngineError("The tesseract command is not installed.")
        for language in languages.split("+"):
            if not (tessdata / f"{language}.traineddata").is_file():
                raise EngineError(f"No Tesseract model {language} in {tessdata}.")
        self._languages = languages
        self._tessdata = tessdata

    def read_words(self, page: Gray) -> list[Word]:
        """Read one upright block of text; see `Engine.read_words`."""
        return read_merged(self._languages.split("+"), lambda model: self._read(page, _BLOCK, model))

    def read_number(self, page: Gray, box: Box) -> list[tuple[str, float]]:
        """Read one digit group again, alone; see `Engine.read_number`."""
        left, top, right, bottom = box
        crop = page[
            max(0, top - _MARGIN_PX) : bottom + _MARGIN_PX, max(0, left - _MARGIN_PX) : right + _MARGIN_PX
        ]
        language = DIGITS_MODEL if DIGITS_MODEL in self._languages.split("+") else self._languages
        words = self._read(crop, _LINE, language)
        text = " ".join(word.text for word in words)
        if not any(character.isdigit() for character in text):
            return []
        return [(text, min(word.confidence for word in words))]

    def _read(self, page: Gray, mode: int, languages: str) -> list[Word]:
        if min(page.shape) < _SIDE_MIN:
            return []
        config = f'--tessdata-dir "{self._tessdata}" --oem 1 --psm {mode} --dpi 300 -c invert_threshold=0'
        try:
            rows = pytesseract.image_to_data(
                Image.fromarray(page),
                lang=languages,
                config=config,
                timeout=_SECONDS_MAX,
                output_type=pytesseract.Output.DICT,
            )
        except (pytesseract.TesseractError, OSError, RuntimeError) as error:
            raise EngineError(f"Tesseract failed: {error}") from error
        words = []
        boxes = zip(rows["left"], rows["top"], rows["width"], rows["height"], strict=True)
        for text, confidence, (left, top, width, height) in zip(
            rows["text"], rows["conf"], boxes, strict=True
        ):
            if text.strip() and float(confidence) >= 0:
                box = (int(left), int(top), int(left + width), int(top + height))
                words.append(Word(text.strip(), box, float(confidence) / 100))
        return words

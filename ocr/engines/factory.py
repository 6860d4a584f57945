"""Which engine to build, and where its models lie on this machine."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Final, Literal

from ocr.engines.base import Engine, EngineError

EngineName = Literal["recogniser", "tesserocr", "pytesseract"]

_log = logging.getLogger(__name__)

_FOLDERS: Final = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)


def make_engine(name: EngineName, languages: str = "vie+eng", tessdata: Path | None = None) -> Engine:
    """Build an engine with its models loaded.

    Args:
        name: `recogniser` is our own network, with `tesserocr` for a second opinion; where its model or
            onnxruntime is missing, that is logged and `tesserocr` takes its place. `tesserocr` runs in this
            process, `pytesseract` starts the `tesseract` command.
        languages: Tesseract model names joined by `+`.
        tessdata: Folder of the models; the usual system folders when None.

    Raises:
        EngineError: A model, or the `tesseract` command, is missing.
    """
    if name == "recogniser":
        try:
            # Imported here because any of the bindings may be missing where another is used.
            from ocr.engines.recogniser_engine import RecogniserEngine  # noqa: PLC0415

            return RecogniserEngine(
                make_second=lambda: make_engine("tesserocr", languages=languages, tessdata=tessdata)
            )
        except (EngineError, ImportError) as error:
            _log.warning("%s Tesseract reads instead.", error)
    folder = tessdata or find_tessdata(languages)
    if name == "pytesseract":
        from ocr.engines.pytesseract_engine import PytesseractEngine  # noqa: PLC0415 - as above

        return PytesseractEngine(languages, folder)
    from ocr.engines.tesserocr_engine import TesserocrEngine  # noqa: PLC0415 - as above

    return TesserocrEngine(languages, folder)


def find_tessdata(languages: str = "vie+eng") -> Path:
    """The first usual folder that holds all the models.

    Raises:
        EngineError: No folder holds them all.
    """
    wanted = [f"{language}.traineddata" for language in languages.split("+")]
    beside = shutil.which("tesseract")
    near = [str(Path(beside).resolve().parent.parent / "share" / "tessdata")] if beside else []
    for folder in map(Path, (*_FOLDERS, *near)):
        if all((folder / model).is_file() for model in wanted):
            return folder
    raise EngineError(f"No folder holds the Tesseract models {languages}.")

"""One receipt: bytes in, what it says out."""

from __future__ import annotations

from collections.abc import Sequence

from ocr.engines.base import Engine
from ocr.layout import lines_of
from ocr.preprocess.decode import decode
from ocr.preprocess.paper import find_paper, whole_frame
from ocr.preprocess.straighten import Page, straighten
from ocr.types import TextLine


def read_lines(pages: bytes | Sequence[bytes], engine: Engine) -> list[TextLine]:
    """Read pages down to printed lines, boxes in pixels of each straightened page.

    Raises:
        NotAnImageError: A page is no picture.
        EngineError: The engine failed.
    """
    lines: list[TextLine] = []
    for number, data in enumerate([pages] if isinstance(pages, bytes) else pages):
        page = open_page(data)
        if page is not None:
            lines.extend(lines_of(engine.read_words(page.gray), number))
    return lines


def open_page(data: bytes) -> Page | None:
    """Decode and straighten one page; None when there is next to no print on it.

    Raises:
        NotAnImageError: The bytes are no picture.
    """
    photo = decode(data).gray
    return straighten(photo, find_paper(photo) or whole_frame(photo))

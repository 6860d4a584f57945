"""One look at a picture for how it was made: file, colour, letters, edges. About 0.06 CPU seconds."""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from ocr.preprocess.decode import Photo, eight_bits
from ocr.traces.codes import code_of, probes_of
from ocr.traces.drawn import drawing_marks
from ocr.traces.edits import PrintedWord, misfit
from ocr.traces.metadata import file_facts
from ocr.traces.screen import Colour, colour_pattern
from ocr.traces.sketch import sketch_of
from ocr.traces.types import PictureTraces
from ocr.types import Box


def look_at(data: bytes, photo: Photo, words: Sequence[PrintedWord], page: int = 0) -> PictureTraces:
    """Collect what a picture tells of its making.

    Args:
        data: The bytes that were sent.
        photo: The same, decoded.
        words: What was read on it, boxes in pixels of `photo`.
        page: The picture's number, from 0.

    Source: each measure's own page in docs/decisions, 0050 to 0054.
    """
    facts = file_facts(data)
    pattern = colour_pattern(_half_colour(data))
    drawing = drawing_marks(photo.gray)
    edit = misfit(photo.gray, words)
    sketch = sketch_of(photo.gray)
    return PictureTraces(
        page=page,
        camera=facts.camera,
        editor=facts.editor,
        generator=facts.generator,
        pattern_height=round(pattern.height, 3),
        pattern_period=round(pattern.period, 2),
        plain=round(drawing.plain, 4),
        equal=round(drawing.equal, 4),
        level=round(drawing.level, 4),
        edit=0.0 if edit is None else round(edit.strength, 3),
        edit_boxes=() if edit is None else tuple(_full_size(box, photo.scale) for box in edit.boxes),
        code=code_of(sketch),
        probes=probes_of(sketch),
    )


def _half_colour(data: bytes) -> Colour:
    """The picture's light and colour at half its size: a JPEG holds its colour no finer."""
    with Image.open(io.BytesIO(data)) as sent:
        half = (sent.width + 1) // 2, (sent.height + 1) // 2
        # A JPEG shrinks while it is decoded, at a quarter of the cost; it rounds up what it is asked for.
        sent.draft("YCbCr", (sent.width // 2, sent.height // 2))
        image = eight_bits(sent)
        colour = np.asarray(image.convert("RGB").convert("YCbCr") if image.mode != "YCbCr" else image)
    if colour.shape[1] > half[0]:
        colour = np.asarray(cv2.resize(colour, half, interpolation=cv2.INTER_AREA))
    return np.asarray(colour, np.uint8)


def _full_size(box: Box, scale: float) -> Box:
    left, top, right, bottom = (round(side * scale) for side in box)
    return left, top, right, bottom

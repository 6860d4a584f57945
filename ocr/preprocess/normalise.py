"""Even light, and letters of the height the recogniser was trained on (docs/decisions/0010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.preprocess.components import Mask, pieces_of
from ocr.preprocess.shrink import shrunk

# The most common height of connected ink at which Tesseract's fast models read best per second.
LETTER_HEIGHT: Final = 20
# Paper becomes this gray: a little below white, so that bright noise isn't clipped.
PAPER: Final = 235
_LETTER_MIN: Final = 5
_LETTER_MAX: Final = 160
# Dots of one letter are less than this share of the page's width apart.
_JOIN_SHARE: Final = 150
# Paper's own grain is less dark than this.
_INK_DEPTH_MIN: Final = 16
_STROKE_SHARE: Final = 0.4
_NOISE_SIGMA: Final = 0.7
_ENLARGE_MAX: Final = 3.0
# A line of a receipt holds about forty letters, nearly twice as high as wide.
_LETTERS_PER_LINE: Final = 25


@dataclass(frozen=True, slots=True)
class Letters:
    """Connected ink the size of letters.

    `boxes` is (n, 4): left, top, right, bottom. `height` is their most common height in pixels.
    """

    boxes: NDArray[np.float64]
    height: float


def find_ink(page: Gray) -> Mask:
    """The strokes on an evenly lit page, 1 where there is ink."""
    depth = cv2.subtract(np.full_like(page, PAPER), np.asarray(cv2.GaussianBlur(page, (5, 5), 0.8), np.uint8))
    reach = 2 * (page.shape[1] // _LETTERS_PER_LINE) + 1
    # Faint and full print stand on one receipt: a stroke is nearly half as dark as the darkest around.
    around = cv2.dilate(depth, np.ones((reach, reach), np.uint8))
    level = cv2.max(cv2.convertScaleAbs(around, alpha=_STROKE_SHARE), np.full_like(page, _INK_DEPTH_MIN))
    return np.asarray(cv2.compare(depth, level, cv2.CMP_GT), np.uint8)


def join_dots(ink: Mask) -> Mask:
    """Join the dots of needle printers up and down, where no neighbour is near on a level page."""
    upright = np.ones((max(2, ink.shape[1] // _JOIN_SHARE), 1), np.uint8)
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, upright), np.uint8)


def find_letters(ink: Mask) -> Letters:
    """Find the pieces of ink that may be letters."""
    left, top, widths, heights, areas = pieces_of(ink).T
    likely = (heights >= _LETTER_MIN) & (heights <= min(_LETTER_MAX, ink.shape[1] // 12))
    # Thin bars are a barcode's.
    likely &= (widths < 3 * heights) & (8 * widths > heights)
    likely &= (areas > heights) & (areas < 0.9 * widths * heights + 4)
    boxes = np.stack([left, top, left + widths, top + heights], axis=1)[likely].astype(np.float64)
    sizes = heights[likely]
    # Specks outnumber letters on crumpled paper; weighing by height outvotes them.
    counts = np.bincount(sizes, weights=sizes, minlength=_LETTER_MAX + 2)
    usual = int(np.convolve(counts, [0.5, 1, 0.5], "same").argmax())
    return Letters(boxes, float(max(_LETTER_MIN, usual)))


def even_light(page: Gray) -> Gray:
    """Divide the page by its paper's local brightness, so that shadows and folds go.

    Args:
        page: (height, width) uint8, filled by the sheet.

    Returns:
        Same shape; blank paper is near 235 everywhere.

    Source: vn-dev with true corners: words read rise from 0.48 to 0.77 on hard photographs, and stay
    the same on flat ones (docs/decisions/0010).
    """
    height, width = page.shape
    shrink = min(1.0, 250 / width)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = shrunk(page, size)
    reach = max(3, small.shape[1] // _LETTERS_PER_LINE)
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * reach + 1, 2 * reach + 1))
    closed = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, around), np.uint8)
    # So wide a blur leaves nothing that half the pixels don't hold; in whole grays it would cost more.
    coarse = cv2.resize(closed, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)
    paper = cv2.convertScaleAbs(cv2.GaussianBlur(coarse, (0, 0), reach / 2))
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(page, paper, scale=PAPER), np.uint8)


def scale_letters(page: Gray, height: float) -> tuple[Gray, float]:
    """Scale the page so that its letters are `LETTER_HEIGHT` px high.

    Returns:
        The page, and how many of its pixels one given pixel became.
    """
    factor = min(LETTER_HEIGHT / height, _ENLARGE_MAX)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(page, None, fx=factor, fy=factor, interpolation=how), np.uint8), factor


def calm(page: Gray) -> Gray:
    """Smooth the page's noise a little, which the recogniser reads better (docs/decisions/0010)."""
    return np.asarray(cv2.GaussianBlur(page, (0, 0), _NOISE_SIGMA), np.uint8)

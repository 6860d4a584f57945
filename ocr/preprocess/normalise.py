"""Even light, and letters of the height the recogniser was trained on (docs/decisions/0010)."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ocr.engines.base import Gray

# The most common height of connected ink at which Tesseract's fast models read best per second.
LETTER_HEIGHT: Final = 20
# Paper becomes this gray: a little below white, so that bright noise isn't clipped.
PAPER: Final = 235
_LETTER_MIN: Final = 5
_LETTER_MAX: Final = 160
_LETTERS_MIN: Final = 12
_NOISE_SIGMA: Final = 0.7
_ENLARGE_MAX: Final = 3.0


def letter_height(page: Gray) -> float | None:
    """The most common height of connected ink in pixels; None when there is next to no ink."""
    ink = cv2.adaptiveThreshold(page, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 15)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    widths, heights, areas = stats[1:, 2], stats[1:, 3], stats[1:, 4]
    letters = (heights >= _LETTER_MIN) & (heights <= _LETTER_MAX) & (widths < 3 * heights) & (areas > heights)
    if int(letters.sum()) < _LETTERS_MIN:
        return None
    counts = np.bincount(heights[letters], minlength=_LETTER_MAX + 2).astype(np.float64)
    return float(np.convolve(counts, [0.5, 1, 0.5], "same").argmax())


def even_light(page: Gray, height: float) -> Gray:
    """Divide the page by its paper's local brightness, so that shadows and folds go.

    Args:
        page: (height, width) uint8.
        height: Letter height in pixels; the paper is looked for between strokes this far apart.

    Returns:
        Same shape; blank paper is near 235 everywhere.

    Source: vn-dev with true corners: words read rise from 0.48 to 0.77 on hard photographs, and stay
    the same on flat ones (docs/decisions/0010).
    """
    shrink = 0.25
    small = cv2.resize(page, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    reach = max(3, int(height * 1.2 * shrink) | 1)
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * reach + 1, 2 * reach + 1))
    paper = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, around), (0, 0), reach)
    paper = cv2.resize(paper, (page.shape[1], page.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(page, paper, scale=PAPER), np.uint8)


def scale_letters(page: Gray, height: float) -> tuple[Gray, float]:
    """Scale the page so that its letters are `LETTER_HEIGHT` px high, and calm its noise.

    Returns:
        The page, and how many of its pixels one given pixel became.
    """
    factor = min(LETTER_HEIGHT / height, _ENLARGE_MAX)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(page, None, fx=factor, fy=factor, interpolation=how)
    return np.asarray(cv2.GaussianBlur(scaled, (0, 0), _NOISE_SIGMA), np.uint8), factor

"""A receipt drawn by a program, never photographed: letters equal to the pixel on one plain gray.

A camera gives every letter its own noise, blur and slant, a scanner too. Only a drawing repeats a
letter exactly, sets its lines level to the pixel, and leaves its ground one value
(docs/decisions/0053).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.preprocess.components import pieces_of

# Cameras leave at most a quarter of a picture one gray, drawings at least half: letters say nothing where
# the ground isn't plain.
_PLAIN_MIN: Final = 0.2
# Letters of a band of this many pixels are enough.
_PIXELS_MAX: Final = 1_200_000
_LETTERS_MIN: Final = 40
_CLOSE: Final = 15
_DEPTH_MIN: Final = 25
_INK_MIN: Final = 40
_HEIGHTS: Final = (7, 60)
_WIDTHS: Final = (3, 50)
_COMPARED_MAX: Final = 40
# Letters this much alike, as a share of their ink's depth, are equal: compression alone differs.
_EQUAL: Final = 0.03
_EQUAL_HEIGHT_MIN: Final = 9
_LINES_MAX: Final = 80
_LINE_LETTERS_MIN: Final = 6
_LINE_REACH: Final = 4


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks of a drawing, shares of 0 to 1.

    `plain` is the share of pixels that have the commonest gray, `equal` the letters that another one
    repeats exactly, `level` the letters that stand exactly on their line's commonest row. The last two are
    0 where the ground isn't plain.
    """

    plain: float = 0.0
    equal: float = 0.0
    level: float = 0.0


def drawing_marks(photo: Gray) -> Drawing:
    """Measure how much of a picture looks drawn.

    Args:
        photo: (height, width) uint8 at the size it was sent.
    """
    plain = float(cv2.calcHist([photo], [0], None, [256], [0, 256]).max() / photo.size)
    if plain < _PLAIN_MIN:
        return Drawing(plain)
    height, width = photo.shape
    rows = min(height, max(1, _PIXELS_MAX // width))
    top = (height - rows) // 2
    band = photo[top : top + rows]
    depth, letters = _letters(band)
    if len(letters) < _LETTERS_MIN:
        return Drawing(plain)
    return Drawing(plain, _equal_share(depth, letters), _level_share(letters))


def _letters(band: Gray) -> tuple[Gray, NDArray[np.int32]]:
    """How deep the ink is at each pixel, and the letters' boxes: left, top, width, height."""
    ground = cv2.morphologyEx(band, cv2.MORPH_CLOSE, np.ones((_CLOSE, _CLOSE), np.uint8))
    depth = np.asarray(cv2.subtract(ground, band), np.uint8)
    seen = depth[::4, ::4]
    seen = seen[seen > _DEPTH_MIN]
    if seen.size < _LETTERS_MIN:
        return depth, np.empty((0, 4), np.int32)
    ink = (depth > max(_INK_MIN, 0.5 * float(np.percentile(seen, 90)))).astype(np.uint8)
    pieces = pieces_of(ink)
    boxes, areas = pieces[:, :4], pieces[:, 4]
    fits = (boxes[:, 3] >= _HEIGHTS[0]) & (boxes[:, 3] <= _HEIGHTS[1])
    fits &= (boxes[:, 2] >= _WIDTHS[0]) & (boxes[:, 2] <= _WIDTHS[1]) & (areas >= 2 * boxes[:, 3])
    return depth, np.asarray(boxes[fits], np.int32)


def _equal_share(depth: Gray, letters: NDArray[np.int32]) -> float:
    tall = letters[letters[:, 3] >= _EQUAL_HEIGHT_MIN]
    by_size: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for left, top, width, height in tall.tolist():
        by_size.setdefault((width, height), []).append((left, top))
    equal = 0
    for (width, height), places in by_size.items():
        if len(places) < 2:  # noqa: PLR2004 - one letter has nothing to equal
            continue
        drawn = np.array(
            [depth[top : top + height, left : left + width].ravel() for left, top in places[:_COMPARED_MAX]],
            np.float32,
        )
        drawn /= np.maximum(1, drawn.max(axis=1, keepdims=True))
        gaps = np.abs(drawn[:, None] - drawn[None]).mean(axis=2)
        np.fill_diagonal(gaps, 1)
        equal += int((gaps.min(axis=1) < _EQUAL).sum())
    return equal / max(1, len(tall))


def _level_share(letters: NDArray[np.int32]) -> float:
    feet = letters[:, 1] + letters[:, 3]
    counts = np.bincount(feet, minlength=int(feet.max()) + 2).astype(np.float64)
    near = np.convolve(counts, np.ones(2 * _LINE_REACH - 3), "same")
    level = standing = 0
    for _ in range(_LINES_MAX):
        row = int(near.argmax())
        if near[row] < _LINE_LETTERS_MIN:
            break
        line = feet[np.abs(feet - row) <= _LINE_REACH]
        level += int(np.bincount(line).max())
        standing += len(line)
        near[max(0, row - 2 * _LINE_REACH) : row + 2 * _LINE_REACH + 1] = 0
    return level / max(1, standing)

"""White print on dark boxes, as tills print logos and totals, turned into dark print on paper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.preprocess.components import Mask
from ocr.preprocess.quantile import quantile
from ocr.preprocess.shrink import shrunk

# Boxes are looked for on a copy this wide.
_LOOK_WIDTH: Final = 250
# The paper within this share of the page's width around a box says how light it is there.
_PAPER_SHARE: Final = 0.2
# A box is darker than this share of the paper, at least so many pixels of the copy wide and high, and fills
# this share of a rectangle: letters, however bold, leave more of theirs blank.
_DARK_SHARE: Final = 0.5
_SIDES_MIN: Final = (5, 12)
_FILLED_MIN: Final = 0.8
_RAGGED_MIN: Final = 0.88
# Letters leave this much of their box dark.
_DARK_LEFT: Final = (0.45, 0.97)
# Print in a box differs from it by this many gray levels.
_CONTRAST_MIN: Final = 40
_INK_LEFT: Final = 0.2
# The soft edge of a box, in pixels.
_EDGE_PX: Final = 3


def with_dark_print(flat: Gray, table: Mask) -> Gray:
    """The page with white print on dark boxes turned to dark print on paper; itself where it has none.

    Args:
        flat: (height, width) uint8, a sheet as photographed, seen from straight above.
        table: 1 on what lies around the sheet.
    """
    height, width = flat.shape
    scale = max(1.0, width / _LOOK_WIDTH)
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    small = shrunk(flat, size)
    bare = cv2.resize(table, size, interpolation=cv2.INTER_NEAREST) > 0
    reach = 2 * round(_PAPER_SHARE * size[0] / 2) + 1
    small = np.where(bare, np.uint8(0), small)
    paper = np.asarray(
        cv2.blur(cv2.dilate(small, np.ones((reach, reach), np.uint8)), (reach, reach)), np.uint8
    )
    dark = np.asarray((small < _DARK_SHARE * paper.astype(np.float32)) & ~bare, np.uint8)
    turned = flat
    for left, top, right, bottom in _boxes(dark):
        middle = float(paper[(top + bottom) // 2, (left + right) // 2])
        around = [
            round((side + more) * scale)
            for side, more in zip((left, top, right, bottom), (-2, -2, 2, 2), strict=True)
        ]
        columns, rows = slice(max(0, around[0]), around[2]), slice(max(0, around[1]), around[3])
        changed = _turned(flat[rows, columns], middle)
        if changed is not None:
            turned = flat.copy() if turned is flat else turned
            turned[rows, columns] = changed
    return turned


def _boxes(dark: Mask) -> Iterable[tuple[int, int, int, int]]:
    """Places of dark rectangles on the copy that lie apart from its frame."""
    height, width = dark.shape
    outlines, _ = cv2.findContours(dark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for outline in outlines:
        left, top, wide, high = cv2.boundingRect(outline)
        inside = left > 0 and top > 0 and left + wide < width and top + high < height
        if inside and high >= _SIDES_MIN[0] and wide >= _SIDES_MIN[1] and _is_box(outline, _FILLED_MIN):
            yield left, top, left + wide, top + high


def _is_box(outline: NDArray[Any], filled_min: float) -> bool:
    _, (wide, high), _ = cv2.minAreaRect(outline)
    return cv2.contourArea(outline) >= filled_min * wide * high > 0


def _turned(region: Gray, paper: float) -> Gray | None:
    """A region around a dark box with the box's inside turned over; None where it is no box with print."""
    dark = np.asarray(region < _DARK_SHARE * paper, np.uint8)
    outlines, _ = cv2.findContours(dark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    if not _is_box(outline, _RAGGED_MIN):
        return None
    mask = np.zeros(region.shape, np.uint8)
    cv2.drawContours(mask, [outline], -1, 1, cv2.FILLED)
    inner = region[mask > 0]
    low, high = quantile(inner[::3], 0.1), quantile(inner[::3], 0.98)
    share = float(np.mean(inner < (low + high) / 2))
    if high - low < _CONTRAST_MIN or not _DARK_LEFT[0] <= share <= _DARK_LEFT[1]:
        return None
    light = paper * (1 - (1 - _INK_LEFT) * (region.astype(np.float32) - low) / (high - low))
    found = np.where(mask > 0, np.clip(light, 0, paper), region.astype(np.float32))
    # What is left of the box's rim would be read as letters and rules.
    cv2.drawContours(found, [outline], -1, paper, 2 * _EDGE_PX - 1)
    return np.asarray(found, np.uint8)

"""Where the receipt lies in the photograph: the sheet around the densest print (docs/decisions/0011)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.preprocess.components import Mask, connected
from ocr.preprocess.quad import Outline, Quad, box_around, corners_around
from ocr.preprocess.quantile import quantile
from ocr.preprocess.shrink import halved, shrunk
from ocr.types import Box

# Print is looked for on a copy this long, the sheet's edge on one half as long.
_PRINT_SIDE: Final = 1024
_EDGE_SHRINK: Final = 0.5
# Strokes are darker than the paper around them by at least so many 255ths of it, and this many gray
# levels: wood grain and the noise of dark cloth are less.
_INK_CONTRAST: Final = (40, 90)
_PAPER_CONTRAST_MAX: Final = 25
_STROKE_PIXELS_MIN: Final = 100
_INK_DEPTH_MIN: Final = 12
_LETTER_SIDES: Final = (4, 48)
# Where ink covers this share of the surroundings, it is text.
_TEXT_DENSITY: Final = (0.02, 0.06)
_TEXT_REACH: Final = 41
# Every so manieth pixel tells how dense text is on the whole.
_QUANTILE_STRIDE: Final = 16
# Blocks of text this large beside the largest one belong to the same receipt, if their paper is as light.
_BLOCK_SHARE_MIN: Final = 0.08
_BLOCK_LIGHT_SPREAD: Final = 0.4
# Across a sheet's edge the light changes by more than this; inside a sheet by less.
_EDGE_CONTRAST_MIN: Final = 0.04
_EDGE_REACH_PX: Final = 5
_SIDES: Final = ("left", "top", "right", "bottom")
# A table is this much darker than the sheet on it, and bears this much less print: blocks of text reach a
# little beyond the sheet.
_TABLE_LIGHT_MAX: Final = 0.75
_TABLE_PRINT_MAX: Final = 0.2
# A hull hardly larger than the sheet mends what shadows cut off; a much larger one takes in the table.
_HULL_GROWTH_MAX: Final = 1.15
# A second sheet is as large as half the first, and this far from it, in pixels of the edge search: parts
# of one sheet that a fold's shadow cut apart are closer.
_OTHER_SHARE_MIN: Final = 0.5
_OTHER_GAP_PX: Final = 15


@dataclass(frozen=True, slots=True)
class Paper:
    """The sheet found, in pixels of the photograph given.

    `corners` is (4, 2): top left, top right, bottom right, bottom left of a quadrilateral around
    the sheet. `outline` is (n, 2), the sheet's own edge. `coverage` is the sheet's share of the
    frame, 0 to 1. `open_sides` names the sides on which the sheet runs on beyond the frame. `others` are
    boxes of more printed sheets, apart from it and at least half as large.
    """

    corners: Quad
    outline: Outline
    coverage: float
    open_sides: frozenset[str]
    others: tuple[Box, ...] = ()


def whole_frame(photo: Gray) -> Paper:
    """The paper when the photograph shows nothing else."""
    height, width = photo.shape
    frame = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    return Paper(frame, frame, 1.0, frozenset(_SIDES))


def find_paper(photo: Gray) -> Paper | None:
    """Find the printed sheet.

    Args:
        photo: (height, width) uint8.

    Returns:
        The sheet, or None when no print is seen.
    """
    shrink = min(1.0, _PRINT_SIDE / max(photo.shape))
    height, width = photo.shape
    whole = shrunk(photo, (max(1, round(shrink * width)), max(1, round(shrink * height))))
    small = np.asarray(cv2.GaussianBlur(whole, (5, 5), 0.8), np.uint8)
    blank = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)), np.uint8)
    text = _text_core(small, blank)
    if text is None:
        return None
    sheet = np.asarray(cv2.medianBlur(halved(blank), 5), np.uint8)
    mask, open_sides = _grow(sheet, text)
    sheets = _sheets(_without_table(mask, sheet, text))
    if not sheets:
        return None
    grow = 1 / (shrink * _EDGE_SHRINK)
    outline = (_mended(sheets[0]) + 0.5) * grow - 0.5
    corners = None if open_sides & {"left", "right"} else corners_around(outline)
    return Paper(
        corners if corners is not None else box_around(outline, photo.shape),
        outline,
        min(1.0, float(cv2.contourArea(outline)) / photo.size),
        open_sides,
        tuple(_box(sheet, grow) for sheet in sheets[1:] if _is_apart(sheet, sheets[0], text)),
    )


def _text_core(small: Gray, blank: Gray) -> Mask | None:
    """Where letters stand close together, as a mask of `small` at the scale of the edge search."""
    depth = cv2.subtract(blank, small)
    contrast = np.asarray(cv2.divide(depth, cv2.add(blank, np.full_like(blank, 16)), scale=255), np.uint8)
    level = _ink_contrast(contrast)
    ink = np.asarray(cv2.threshold(contrast, level, 1, cv2.THRESH_BINARY)[1], np.uint8)
    ink[depth <= _INK_DEPTH_MIN] = 0
    numbers, stats = connected(ink)
    widths, heights, areas = stats[:, 2:].T
    sides = np.maximum(widths, heights)
    letters = (sides >= _LETTER_SIDES[0]) & (sides <= _LETTER_SIDES[1])
    letters &= (areas >= 6) & (areas < 0.9 * widths * heights + 4)  # noqa: PLR2004 - specks and bars
    letters[0] = False
    printed = np.take(letters.astype(np.uint8), numbers, mode="wrap")
    # Counted in whole numbers, which are half as wide as floats.
    around = cv2.boxFilter(printed, cv2.CV_16U, (_TEXT_REACH, _TEXT_REACH), normalize=False)
    height, width = (side // 2 * 2 for side in blank.shape)
    density = around[:height:2, :width:2].astype(np.float32) / np.float32(_TEXT_REACH**2)
    core = _text_blocks(density, blank[:height:2, :width:2])
    if core is None:
        return None
    inner = np.asarray(cv2.erode(core, np.ones((13, 13), np.uint8)), np.uint8)
    return inner if inner.any() else core


def _text_blocks(density: NDArray[np.float32], blank: Gray) -> Mask | None:
    """The largest block of dense print and those that belong to it; every second pixel tells enough."""
    dense = density[density > _TEXT_DENSITY[0] / 4]
    if not dense.size:
        return None
    usual = 0.45 * quantile(dense[::_QUANTILE_STRIDE], 0.9)
    blocks = np.asarray(density > np.clip(usual, *_TEXT_DENSITY), np.uint8)
    numbers, stats = connected(blocks)
    # What a block weighs and how light it is, one of its pixels of four tells.
    seen = numbers[::2, ::2].ravel()
    mass = np.bincount(seen, density[::2, ::2].ravel(), len(stats))
    # Number 0 is that of what is no block.
    mass[0] = 0
    if mass.max() <= 0:
        return None
    light = np.bincount(seen, blank[::2, ::2].ravel(), len(stats)) / np.maximum(
        1, np.bincount(seen, minlength=len(stats))
    )
    alike = np.abs(light - light[mass.argmax()]) < _BLOCK_LIGHT_SPREAD * light[mass.argmax()]
    core = (mass >= _BLOCK_SHARE_MIN * mass.max()) & alike
    return np.asarray(core[numbers], np.uint8)


def _ink_contrast(contrast: Gray) -> int:
    """How dark strokes are here, 0 to 255, so that grain beside strong print is not taken for letters."""
    seen = contrast[contrast > _PAPER_CONTRAST_MAX]
    if seen.size < _STROKE_PIXELS_MIN:
        return _INK_CONTRAST[0]
    split, _ = cv2.threshold(seen.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return int(np.clip(0.8 * split, *_INK_CONTRAST))


def _grow(sheet: Gray, text: Mask) -> tuple[Mask, frozenset[str]]:
    """Grow from the text to the edge of the sheet; sides without an edge stay open."""
    edges = cv2.morphologyEx(sheet, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    relief = np.asarray(cv2.merge([edges, edges, edges]), np.uint8)
    open_sides: frozenset[str] = frozenset()
    while len(open_sides) < len(_SIDES):
        mask = _flood(relief, text, open_sides)
        contrasts = {side: _contrast(mask, sheet, side) for side in _SIDES if side not in open_sides}
        weak = {side for side, contrast in contrasts.items() if contrast < _EDGE_CONTRAST_MIN}
        if not weak:
            return mask, open_sides
        if weak == set(_SIDES):
            break
        # The weakest goes first: an edge beside it may be found once it is out of the way.
        open_sides |= {min(weak, key=lambda side: contrasts[side])}
    return np.ones_like(text), frozenset(_SIDES)


def _without_table(mask: Mask, sheet: Gray, text: Mask) -> Mask:
    """The mask without what of the table the flood took in: much darker than the rest, and bare of print."""
    inside = sheet[mask > 0]
    if not inside.size:
        return mask
    split, _ = cv2.threshold(inside.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = inside <= split
    if dark.all() or float(inside[dark].mean()) > _TABLE_LIGHT_MAX * float(inside[~dark].mean()):
        return mask
    # In a shadow stands as much print as elsewhere on the sheet, unless nothing is lost with it.
    printed = text[mask > 0] > 0
    if float(np.mean(printed[dark])) > _TABLE_PRINT_MAX * float(np.mean(printed[~dark])):
        return mask
    light = np.asarray((sheet > split) & (mask > 0), np.uint8)
    return np.asarray(cv2.morphologyEx(light, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)


def _flood(relief: NDArray[np.uint8], text: Mask, open_sides: frozenset[str]) -> Mask:
    markers = np.zeros(text.shape, np.int32)
    borders = {"left": markers[:, :2], "top": markers[:2], "right": markers[:, -2:], "bottom": markers[-2:]}
    for side, border in borders.items():
        if side not in open_sides:
            border[:] = 2
    markers[text > 0] = 1
    flooded = cv2.watershed(relief, markers)
    mask = (flooded == 1).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)), np.uint8)


def _contrast(mask: Mask, sheet: Gray, side: str) -> float:
    """How much the light changes across the mask's edge that faces a side of the frame, 0 to 1."""
    if side in {"top", "bottom"}:
        mask, sheet = mask.T, sheet.T
    if side in {"right", "bottom"}:
        mask, sheet = mask[:, ::-1], sheet[:, ::-1]
    rows = np.flatnonzero(mask.any(axis=1))
    rows = rows[len(rows) // 20 : len(rows) - len(rows) // 20]
    if not len(rows):
        return 0.0
    edge = mask[rows].argmax(axis=1)
    seen = edge >= _EDGE_REACH_PX
    if seen.mean() < 0.3:  # noqa: PLR2004 - mostly at the frame
        return 0.0
    rows, edge = rows[seen], edge[seen]
    inside = sheet[rows, np.minimum(edge + _EDGE_REACH_PX, sheet.shape[1] - 1)].astype(np.float32)
    outside = sheet[rows, edge - _EDGE_REACH_PX].astype(np.float32)
    return float(np.median(np.abs(inside - outside) / np.maximum(np.maximum(inside, outside), 8)))


def _sheets(mask: Mask) -> list[Outline]:
    """Outlines of the parts of the mask, largest first, none smaller than half the largest."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    ordered = sorted(contours, key=cv2.contourArea, reverse=True)
    large = [
        part for part in ordered if cv2.contourArea(part) >= _OTHER_SHARE_MIN * cv2.contourArea(ordered[0])
    ]
    return [part.reshape(-1, 2).astype(np.float32) for part in large if cv2.contourArea(part) > 0]


def _mended(sheet: Outline) -> Outline:
    """The hull, where it hardly adds to the sheet."""
    hull = cv2.convexHull(sheet)
    if cv2.contourArea(hull) > _HULL_GROWTH_MAX * cv2.contourArea(sheet):
        return sheet
    return np.asarray(hull.reshape(-1, 2), np.float32)


def _is_apart(sheet: Outline, main: Outline, text: Mask) -> bool:
    """Whether a part of the mask is a printed sheet of its own."""
    inside = np.zeros(text.shape, np.uint8)
    cv2.fillPoly(inside, [sheet.astype(np.int32)], 1)
    if not (text[inside > 0] > 0).any():
        return False
    places = main[:: max(1, len(main) // 200)]
    gaps = np.linalg.norm(sheet[None, ::4] - places[:, None], axis=2)
    return bool(gaps.min() >= _OTHER_GAP_PX)


def _box(sheet: Outline, grow: float) -> Box:
    low, high = sheet.min(axis=0) * grow, (sheet.max(axis=0) + 1) * grow
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])

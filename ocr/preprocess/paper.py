"""Where the receipt lies in the photograph: the sheet around the densest print (docs/decisions/0011)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray

Quad = NDArray[np.float32]
Mask = NDArray[np.uint8]

# Print is looked for on a copy this long, the sheet's edge on one half as long.
_PRINT_SIDE: Final = 1024
_EDGE_SHRINK: Final = 0.5
# Strokes are darker than the paper around them by at least this share, and this many gray levels:
# wood grain and the noise of dark cloth are less.
_INK_CONTRAST_MIN: Final = 40 / 255
_INK_CONTRAST_MAX: Final = 90 / 255
_INK_DEPTH_MIN: Final = 12
_LETTER_SIDES: Final = (4, 48)
# Where ink covers this share of the surroundings, it is text.
_TEXT_DENSITY: Final = (0.02, 0.06)
_TEXT_REACH: Final = 41
# Blocks of text this large beside the largest one belong to the same receipt, if their paper is as light.
_BLOCK_SHARE_MIN: Final = 0.08
_BLOCK_LIGHT_SPREAD: Final = 0.4
# Across a sheet's edge the light changes by more than this; inside a sheet by less.
_EDGE_CONTRAST_MIN: Final = 0.04
_EDGE_REACH_PX: Final = 5
_SIDES: Final = ("left", "top", "right", "bottom")
# A hull hardly larger than the sheet mends what shadows cut off; a much larger one takes in the table.
_HULL_GROWTH_MAX: Final = 1.15
# A flat sheet fills the quadrilateral around it; a curled one nearly does.
_QUAD_FILL_MIN: Final = 0.9
_SIDE_RATIO_MIN: Final = 0.75


@dataclass(frozen=True, slots=True)
class Paper:
    """The sheet found, in pixels of the photograph given.

    `corners` is (4, 2): top left, top right, bottom right, bottom left of a quadrilateral around
    the sheet. `outline` is (n, 2), the sheet's own edge. `coverage` is the sheet's share of the
    frame, 0 to 1. `open_sides` names the sides on which the sheet runs on beyond the frame.
    """

    corners: Quad
    outline: NDArray[np.float32]
    coverage: float
    open_sides: frozenset[str]


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
    small = resize(photo, shrink)
    small = np.asarray(cv2.GaussianBlur(small, (0, 0), 0.8), np.uint8)
    blank = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)), np.uint8)
    text = _text_core(small, blank)
    if text is None:
        return None
    sheet = np.asarray(cv2.medianBlur(resize(blank, _EDGE_SHRINK), 5), np.uint8)
    mask, open_sides = _grow(sheet, text)
    contour = _outline(mask)
    if contour is None:
        return None
    outline = (contour + 0.5) / (shrink * _EDGE_SHRINK) - 0.5
    area = float(cv2.contourArea(contour)) / mask.size
    closed = not open_sides & {"left", "right"}
    corners = _corners_around(outline) if closed else None
    if corners is None:
        corners = _box_around(outline, photo.shape)
    return Paper(corners, outline, min(1.0, area), open_sides)


def resize(gray: Gray, factor: float) -> Gray:
    """Scale down without aliasing."""
    if factor >= 1:
        return gray
    return np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def _text_core(small: Gray, blank: Gray) -> Mask | None:
    """Where letters stand close together, as a mask of `small` at the scale of the edge search."""
    depth = cv2.subtract(blank, small)
    contrast = depth.astype(np.float32) / (blank.astype(np.float32) + 16)
    ink = ((contrast > _ink_contrast(contrast)) & (depth > _INK_DEPTH_MIN)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    widths, heights, areas = (stats[:, column] for column in (2, 3, 4))
    sides = np.maximum(widths, heights)
    letters = (sides >= _LETTER_SIDES[0]) & (sides <= _LETTER_SIDES[1])
    letters &= (areas >= 6) & (areas < 0.9 * widths * heights + 4)  # noqa: PLR2004 - specks and bars
    letters[0] = False
    density = cv2.blur(letters[labels].astype(np.float32), (_TEXT_REACH, _TEXT_REACH))
    if not (density > _TEXT_DENSITY[0] / 4).any():
        return None
    usual = 0.45 * float(np.percentile(density[density > _TEXT_DENSITY[0] / 4], 90))
    blocks = (density > np.clip(usual, *_TEXT_DENSITY)).astype(np.uint8)
    _, labels = cv2.connectedComponents(blocks)
    mass = np.bincount(labels.ravel(), weights=density.ravel())
    mass[0] = 0
    if mass.max() <= 0:
        return None
    area = np.maximum(1, np.bincount(labels.ravel()))
    light = np.bincount(labels.ravel(), weights=blank.ravel().astype(np.float64)) / area
    alike = np.abs(light - light[mass.argmax()]) < _BLOCK_LIGHT_SPREAD * light[mass.argmax()]
    core = ((mass >= _BLOCK_SHARE_MIN * mass.max()) & alike)[labels].astype(np.uint8)
    size = (max(1, round(core.shape[1] * _EDGE_SHRINK)), max(1, round(core.shape[0] * _EDGE_SHRINK)))
    core = np.asarray(cv2.resize(core, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    inner = np.asarray(cv2.erode(core, np.ones((13, 13), np.uint8)), np.uint8)
    return inner if inner.any() else core


def _ink_contrast(contrast: NDArray[np.float32]) -> float:
    """How dark strokes are here, so that grain beside strong print is not taken for letters."""
    seen = contrast[contrast > 0.1]  # noqa: PLR2004 - below it is paper
    if seen.size < 100:  # noqa: PLR2004 - too little to split
        return _INK_CONTRAST_MIN
    levels = np.clip(seen * 255, 0, 255).astype(np.uint8).reshape(-1, 1)
    split, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(np.clip(0.8 * split / 255, _INK_CONTRAST_MIN, _INK_CONTRAST_MAX))


def _grow(sheet: Gray, text: Mask) -> tuple[Mask, frozenset[str]]:
    """Grow from the text to the edge of the sheet; sides without an edge stay open."""
    edges = cv2.morphologyEx(sheet, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    relief = cv2.merge([edges, edges, edges])
    open_sides: frozenset[str] = frozenset()
    mask = text
    for _ in range(len(_SIDES)):
        mask = _flood(relief, text, open_sides)
        weak = {
            side
            for side in _SIDES
            if side not in open_sides and _contrast(mask, sheet, side) < _EDGE_CONTRAST_MIN
        }
        if not weak:
            break
        # The weakest goes first: an edge beside it may be found once it is out of the way.
        open_sides |= {min(weak, key=lambda side: _contrast(mask, sheet, side))}
    if len(open_sides) == len(_SIDES):
        mask = np.ones_like(mask)
    return mask, open_sides


def _flood(relief: NDArray[np.uint8], text: Mask, open_sides: frozenset[str]) -> Mask:
    markers = np.zeros(text.shape, np.int32)
    borders = {"left": np.s_[:, :2], "top": np.s_[:2], "right": np.s_[:, -2:], "bottom": np.s_[-2:]}
    for side, border in borders.items():
        if side not in open_sides:
            markers[border] = 2
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


def _outline(mask: Mask) -> NDArray[np.float32] | None:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    hull = cv2.convexHull(contour)
    own, mended = cv2.contourArea(contour), cv2.contourArea(hull)
    if own <= 0:
        return None
    chosen = hull if mended <= _HULL_GROWTH_MAX * own else contour
    return np.asarray(chosen.reshape(-1, 2), np.float32)


def _corners_around(outline: NDArray[np.float32]) -> Quad | None:
    """The quadrilateral whose sides follow the outline; None when the outline is too ragged for one.

    A ragged outline says where the sheet is, not how it is tilted: the print itself tells that.
    """
    hull = cv2.convexHull(outline)
    length = cv2.arcLength(hull, closed=True)
    for tolerance in (0.01, 0.02, 0.03, 0.05):
        rough = cv2.approxPolyDP(hull, tolerance * length, closed=True)
        if len(rough) != 4:  # noqa: PLR2004 - a sheet has four corners
            continue
        quad = _push_out(clockwise(np.asarray(rough.reshape(4, 2), np.float32)), hull.reshape(-1, 2))
        if _is_sheet(quad) and cv2.contourArea(outline) >= _QUAD_FILL_MIN * cv2.contourArea(quad):
            return quad
    return None


def _box_around(outline: NDArray[np.float32], frame: tuple[int, ...]) -> Quad:
    left, top = np.maximum(outline.min(axis=0), 0)
    right, bottom = np.minimum(outline.max(axis=0), [frame[1] - 1, frame[0] - 1])
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _is_sheet(quad: Quad) -> bool:
    """Whether a rectangle seen from above at a slant can look like this."""
    sides = [float(np.linalg.norm(quad[number] - quad[number - 1])) for number in range(4)]
    wide, high = sorted(sides[0::2]), sorted(sides[1::2])
    return wide[0] >= _SIDE_RATIO_MIN * wide[1] and high[0] >= _SIDE_RATIO_MIN * high[1]


def _push_out(quad: Quad, hull: NDArray[np.float32]) -> Quad:
    """Move each side outward, in parallel, until the hull lies inside."""
    sides = []
    for start, end in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        along = (end - start) / max(1e-6, float(np.linalg.norm(end - start)))
        outward = np.array([along[1], -along[0]], np.float32)
        beyond = max(0.0, float(((hull - start) @ outward).max()))
        sides.append((start + beyond * outward, along))
    corners = [_crossing(sides[number - 1], sides[number]) for number in range(4)]
    return quad if any(corner is None for corner in corners) else np.array(corners, np.float32)


def _crossing(
    first: tuple[NDArray[np.float32], NDArray[np.float32]],
    second: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> NDArray[np.float32] | None:
    (point, along), (other, across) = first, second
    turn = float(along[0] * across[1] - along[1] * across[0])
    if abs(turn) < 0.1:  # noqa: PLR2004 - the sides are all but parallel
        return None
    gap = other - point
    return np.asarray(point + along * float(gap[0] * across[1] - gap[1] * across[0]) / turn, np.float32)


def clockwise(points: Quad) -> Quad:
    """Order four points top left, top right, bottom right, bottom left."""
    centre = points.mean(axis=0)
    angles = np.arctan2(points[:, 1] - centre[1], points[:, 0] - centre[0])
    ring = points[np.argsort(angles)]
    return np.asarray(np.roll(ring, -int(np.argmin(ring.sum(axis=1))), axis=0), np.float32)

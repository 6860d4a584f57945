"""Where the receipt lies in the photograph: four corners of the bright sheet with the print on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray

Quad = NDArray[np.float32]

# The sheet is searched on a copy this long: print becomes texture, the sheet one bright region.
_SEARCH_SIDE: Final = 512
_COVERAGE_MIN: Final = 0.04
# A sheet is nearly as large as the quadrilateral around it; wood grain and cloth are not.
_FILL_MIN: Final = 0.8


@dataclass(frozen=True, slots=True)
class Paper:
    """The sheet found.

    `corners` is (4, 2) float32: top left, top right, bottom right, bottom left, in pixels of the
    photograph given. `coverage` is its share of the frame, 0 to 1. `found` is False when no
    sheet stood out and the corners are those of the frame.
    """

    corners: Quad
    coverage: float
    found: bool


def find_paper(photo: Gray) -> Paper:
    """Find the printed sheet.

    Args:
        photo: (height, width) uint8.
    """
    height, width = photo.shape
    shrink = min(1.0, _SEARCH_SIDE / max(height, width))
    small = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    sheet = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    print_mass = _print_mass(small, sheet)
    best, best_score = None, 0.0
    for level in _levels(sheet):
        quad, score = _best_region(sheet >= level, print_mass)
        if quad is not None and score > best_score:
            best, best_score = quad, score
    if best is None:
        return Paper(_frame(width, height), 1.0, found=False)
    corners = (best + 0.5) / shrink - 0.5
    corners = np.clip(corners, [0, 0], [width - 1, height - 1]).astype(np.float32)
    return Paper(corners, float(cv2.contourArea(corners)) / (width * height), found=True)


def _print_mass(small: Gray, sheet: Gray) -> NDArray[np.float32]:
    """How much finer dark detail there is around each pixel, relative to the paper's light."""
    detail = cv2.divide(cv2.subtract(sheet, small).astype(np.float32), sheet.astype(np.float32) + 16)
    return np.asarray(cv2.blur(detail, (9, 9)), np.float32)


def _levels(sheet: Gray) -> list[int]:
    otsu, _ = cv2.threshold(sheet, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    low, high = float(sheet.min()), float(sheet.max())
    steps = [otsu, (otsu + low) / 2, (otsu + high) / 2, otsu * 0.85, otsu * 1.15]
    return sorted({int(step) for step in steps if low < step < high})


def _best_region(bright: NDArray[np.bool_], print_mass: NDArray[np.float32]) -> tuple[Quad | None, float]:
    mask = cv2.morphologyEx(bright.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    best, best_score = None, 0.0
    for contour in contours:
        hull = cv2.convexHull(contour)
        quad = corners_of(hull)
        around = float(cv2.contourArea(quad))
        if around < _COVERAGE_MIN * mask.size:
            continue
        fill = float(cv2.contourArea(contour)) / around
        if fill < _FILL_MIN:
            continue
        inside = np.zeros(mask.shape, np.uint8)
        cv2.fillConvexPoly(inside, quad.astype(np.int32), 1)
        score = float(print_mass[inside > 0].sum()) * fill**3
        if score > best_score:
            best, best_score = quad, score
    return best, best_score


def corners_of(hull: NDArray[np.int32]) -> Quad:
    """The four corners that describe a convex outline best, clockwise from top left."""
    length = cv2.arcLength(hull, closed=True)
    for tolerance in (0.01, 0.02, 0.03, 0.05, 0.08):
        outline = cv2.approxPolyDP(hull, tolerance * length, closed=True)
        if len(outline) == 4:  # noqa: PLR2004 - a sheet has four corners
            return clockwise(outline.reshape(4, 2).astype(np.float32))
    return clockwise(cv2.boxPoints(cv2.minAreaRect(hull)).astype(np.float32))


def clockwise(points: Quad) -> Quad:
    """Order four points top left, top right, bottom right, bottom left."""
    centre = points.mean(axis=0)
    angles = np.arctan2(points[:, 1] - centre[1], points[:, 0] - centre[0])
    ring = points[np.argsort(angles)]
    return np.asarray(np.roll(ring, -int(np.argmin(ring.sum(axis=1))), axis=0), np.float32)


def _frame(width: int, height: int) -> Quad:
    return np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)

"""Four corners around an outline."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Quad = NDArray[np.float32]
Outline = NDArray[np.float32]
# A point of a side, and its direction.
Side = tuple[NDArray[np.float32], NDArray[np.float32]]

# A flat sheet fills the quadrilateral around it; a curled one nearly does.
_QUAD_FILL_MIN: Final = 0.9
_SIDE_RATIO_MIN: Final = 0.75
# A sheet lies askew where its own box is so much smaller than the upright one; it fills so much of it.
_ASKEW_SHARE_MAX: Final = 0.85
_ASKEW_FILL_MIN: Final = 0.8


def corners_around(outline: Outline) -> Quad | None:
    """The quadrilateral whose sides follow the outline; None when the outline is too ragged for one.

    A ragged outline says where the sheet is, not how it is tilted: the print itself tells that.
    """
    hull = cv2.convexHull(outline)
    length = cv2.arcLength(hull, closed=True)
    for tolerance in (0.01, 0.02, 0.03, 0.05):
        rough = cv2.approxPolyDP(hull, tolerance * length, closed=True)
        if len(rough) != 4:  # noqa: PLR2004 - a sheet has four corners
            continue
        start = clockwise(np.asarray(rough.reshape(4, 2), np.float32))
        quad = _push_out(start, np.asarray(hull.reshape(-1, 2), np.float32))
        if _is_sheet(quad) and cv2.contourArea(outline) >= _QUAD_FILL_MIN * cv2.contourArea(quad):
            return quad
    return None


def box_around(outline: Outline, frame: tuple[int, ...]) -> Quad:
    """The box of the outline: one that lies askew where that is much smaller, else the upright one.

    The upright one stays inside a frame of that shape (height, width).
    """
    _, (wide, high), _ = askew = cv2.minAreaRect(outline)
    upright = float(np.prod(np.ptp(outline, axis=0)))
    filled = cv2.contourArea(outline) >= _ASKEW_FILL_MIN * wide * high
    if filled and wide * high < _ASKEW_SHARE_MAX * upright:
        return clockwise(np.asarray(cv2.boxPoints(askew), np.float32))
    left, top = np.maximum(outline.min(axis=0), 0)
    right, bottom = np.minimum(outline.max(axis=0), [frame[1] - 1, frame[0] - 1])
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _is_sheet(quad: Quad) -> bool:
    """Whether a rectangle seen from above at a slant can look like this."""
    sides = [float(np.linalg.norm(quad[number] - quad[number - 1])) for number in range(4)]
    wide, high = sorted(sides[0::2]), sorted(sides[1::2])
    return wide[0] >= _SIDE_RATIO_MIN * wide[1] and high[0] >= _SIDE_RATIO_MIN * high[1]


def _push_out(quad: Quad, hull: Outline) -> Quad:
    """Move each side outward, in parallel, until the hull lies inside."""
    sides = []
    for start, end in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        along = (end - start) / max(1e-6, float(np.linalg.norm(end - start)))
        outward = np.array([along[1], -along[0]], np.float32)
        beyond = max(0.0, float(((hull - start) @ outward).max()))
        sides.append((start + beyond * outward, along))
    corners = [_crossing(sides[number - 1], sides[number]) for number in range(4)]
    return quad if any(corner is None for corner in corners) else np.array(corners, np.float32)


def _crossing(first: Side, second: Side) -> NDArray[np.float32] | None:
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

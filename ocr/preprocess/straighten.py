"""From a photograph with a sheet in it to a level, flat, evenly lit page."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.preprocess.level import Bend, bend, skew
from ocr.preprocess.normalise import (
    LETTER_HEIGHT,
    PAPER,
    Letters,
    calm,
    even_light,
    find_letters,
    scale_letters,
)
from ocr.preprocess.paper import Paper, Quad
from ocr.types import Box

Homography = NDArray[np.float64]

# The bend is smooth: it is worked out on a grid this coarse and interpolated.
_GRID_PX = 16


@dataclass(frozen=True, slots=True)
class Page:
    """A straightened page.

    `gray` is what the engine reads. `bend` says how its lines ran before they were levelled, then
    the (3, 3) homography `to_photo` leads to pixels of the photograph. `letter_height` is the
    print's height in pixels of that photograph.
    """

    gray: Gray
    bend: Bend | None
    to_photo: Homography
    letter_height: float

    def photo_box(self, box: Box) -> Box:
        """The box in the photograph around a box of this page."""
        left, top, right, bottom = box
        xs = np.array([left, right, right, left], np.float64)
        ys = np.array([top, top, bottom, bottom], np.float64)
        if self.bend is not None:
            ys = ys + self.bend.rise(xs, ys)
        there = cv2.perspectiveTransform(np.stack([xs, ys], axis=1)[None], self.to_photo)[0]
        low, high = np.floor(there.min(axis=0)), np.ceil(there.max(axis=0))
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def straighten(photo: Gray, paper: Paper) -> Page | None:
    """Cut the sheet out, flatten it, even its light, scale and level its print.

    Returns:
        The page, or None when there is next to no print on it.
    """
    flat, to_flat = _flatten(photo, paper.corners)
    lit = even_light(flat)
    lit[_table(paper, to_flat, lit.shape) > 0] = PAPER
    letters = find_letters(lit)
    if letters is None:
        return None
    scaled, factor = scale_letters(lit, letters.height)
    to_scaled = np.diag([factor, factor, 1.0]) @ to_flat
    level, lines_bend, to_level = _level(scaled, letters, factor)
    return Page(calm(level), lines_bend, np.linalg.inv(to_level @ to_scaled), letters.height)


def _table(paper: Paper, to_flat: Homography, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """What lies around the sheet, as a mask of the flattened page."""
    outline = cv2.perspectiveTransform(paper.outline.reshape(-1, 1, 2).astype(np.float64), to_flat)
    table = np.ones(shape, np.uint8)
    cv2.fillPoly(table, [np.asarray(np.round(outline), np.int32)], 0)
    return np.asarray(cv2.dilate(table, np.ones((7, 7), np.uint8)), np.uint8)


def _level(page: Gray, letters: Letters, factor: float) -> tuple[Gray, Bend | None, Homography]:
    """Turn and unbend the page so that its lines are level."""
    height, width = page.shape
    middles = (letters.boxes[:, 0] + letters.boxes[:, 2]) / 2
    bottoms = np.stack([middles, letters.boxes[:, 3]], axis=1) * factor
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -skew(letters), 1.0)
    turned = bottoms @ turn[:, :2].T + turn[:, 2]
    lines_bend = bend(turned, LETTER_HEIGHT, (width, height))
    to_level = np.vstack([turn, [0, 0, 1]])
    columns = np.arange(0, width + _GRID_PX, _GRID_PX, dtype=np.float64)
    rows = np.arange(0, height + _GRID_PX, _GRID_PX, dtype=np.float64)
    xs, ys = np.meshgrid(columns, rows)
    if lines_bend is not None:
        ys = ys + lines_bend.rise(xs, ys)
    back = cv2.invertAffineTransform(turn)
    maps = [
        cv2.warpAffine(
            (back[axis, 0] * xs + back[axis, 1] * ys + back[axis, 2]).astype(np.float32),
            np.array([[_GRID_PX, 0, 0], [0, _GRID_PX, 0]], np.float32),
            (width, height),
        )
        for axis in (0, 1)
    ]
    level = cv2.remap(
        page, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=PAPER
    )
    return np.asarray(level, np.uint8), lines_bend, to_level


def _flatten(photo: Gray, corners: Quad) -> tuple[Gray, Homography]:
    top_left, top_right, bottom_right, bottom_left = corners
    width = round(max(np.linalg.norm(top_right - top_left), np.linalg.norm(bottom_right - bottom_left)))
    height = round(max(np.linalg.norm(bottom_left - top_left), np.linalg.norm(bottom_right - top_right)))
    width, height = max(width, LETTER_HEIGHT), max(height, LETTER_HEIGHT)
    flat_corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    to_flat = cv2.getPerspectiveTransform(corners, flat_corners)
    flat = cv2.warpPerspective(photo, to_flat, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8), to_flat

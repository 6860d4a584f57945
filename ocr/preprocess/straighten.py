"""From a photograph with a sheet in it to a level, flat, evenly lit page."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.preprocess.normalise import LETTER_HEIGHT, PAPER, even_light, letter_height, scale_letters
from ocr.preprocess.paper import Paper, Quad
from ocr.types import Box

Homography = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Page:
    """A straightened page.

    `gray` is what the engine reads. `to_photo` is a (3, 3) homography from its pixels to those of
    the photograph it came from. `letter_height` is the print's height in pixels of that photograph.
    """

    gray: Gray
    to_photo: Homography
    letter_height: float

    def photo_box(self, box: Box) -> Box:
        """The box in the photograph around a box of this page."""
        left, top, right, bottom = box
        corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float64)
        there = cv2.perspectiveTransform(corners, self.to_photo)[0]
        low, high = np.floor(there.min(axis=0)), np.ceil(there.max(axis=0))
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def straighten(photo: Gray, paper: Paper) -> Page | None:
    """Cut the sheet out, flatten it, even its light and scale its print.

    Returns:
        The page, or None when there is next to no print on it.
    """
    flat, to_flat = _flatten(photo, paper.corners)
    height = letter_height(flat)
    if height is None:
        return None
    lit = even_light(flat, height)
    outline = cv2.perspectiveTransform(paper.outline.reshape(-1, 1, 2).astype(np.float64), to_flat)
    table = np.full(lit.shape, 1, np.uint8)
    cv2.fillPoly(table, [np.int32(np.round(outline))], 0)
    table=cv2.dilate(table,np.ones((7,7),np.uint8))
    lit[table > 0] = PAPER
    gray, factor = scale_letters(lit, height)
    grow = np.diag([factor, factor, 1.0])
    return Page(gray, np.linalg.inv(grow @ to_flat), height)


def _flatten(photo: Gray, corners: Quad) -> tuple[Gray, Homography]:
    top_left, top_right, bottom_right, bottom_left = corners
    width = round(max(np.linalg.norm(top_right - top_left), np.linalg.norm(bottom_right - bottom_left)))
    height = round(max(np.linalg.norm(bottom_left - top_left), np.linalg.norm(bottom_right - top_right)))
    width, height = max(width, LETTER_HEIGHT), max(height, LETTER_HEIGHT)
    flat_corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    to_flat = cv2.getPerspectiveTransform(corners, flat_corners)
    flat = cv2.warpPerspective(photo, to_flat, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8), to_flat

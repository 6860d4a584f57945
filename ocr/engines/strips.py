"""The picture of one piece of a text line as the recogniser's network takes it.

A strip is (HEIGHT, width) uint8 of ink depth: 0 is blank paper, 255 the darkest ink of this very
strip. Capitals are about CAPITALS rows high and stand on row BASELINE; the room above holds two
accents, the room below the feet of letters (docs/decisions/0080).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.engines.finder import Piece
from ocr.preprocess.normalise import PAPER

Strip = NDArray[np.uint8]

HEIGHT: Final = 32
CAPITALS: Final = 15.6
BASELINE: Final = 25.0
# Widths come in these steps, so that strips of about one width go through the network together.
STEP: Final = 16
# Paper to the left and right of the ink.
MARGIN: Final = 6
# Pages shrunk more than this lose strokes when they are only interpolated.
_AVERAGED_MIN: Final = 1.6
# Fainter print is not raised to full depth: it would be paper's grain that is raised.
_DEPTH_MIN: Final = 28.0


def to_depth(gray: Gray) -> Strip:
    """Turn a cut of an evenly lit page, blank at `PAPER`, into ink depth."""
    depth = cv2.subtract(np.full_like(gray, PAPER), gray)
    # One dark speck isn't ink.
    darkest = float(cv2.blur(depth, (3, 3))[2:-2].max(initial=0))
    return np.asarray(cv2.convertScaleAbs(depth, alpha=255 / max(_DEPTH_MIN, 1.1 * darkest)), np.uint8)


def cut(page: Gray, piece: Piece, around: int = 0) -> Gray:
    """Cut a piece of a line out of its page, level and scaled to the network's height.

    Args:
        page: The page that the piece was found on.
        piece: Where it stands.
        around: Paper to leave around the strip, in its pixels.

    Returns:
        (HEIGHT + 2 * around, width) uint8, gray.
    """
    scale = CAPITALS / piece.capitals
    width = round((piece.right - piece.left) * scale + 2 * (MARGIN + around))
    back = 1 / scale
    column = -(MARGIN + around) * back
    row = piece.base - (BASELINE + around) * back + piece.slope * column
    place = np.array([[back, 0, piece.left + column], [piece.slope * back, back, row]], np.float64)
    if back > _AVERAGED_MIN:
        # Warping only interpolates: what shrinks is averaged first, no more of the page than is cut out.
        reach = round(2 * back)
        first, last = sorted((row, row + piece.slope * width * back))
        top, bottom = max(0, int(first) - reach), int(last + (HEIGHT + 2 * around) * back) + reach
        left, right = max(0, int(piece.left + column) - reach), int(piece.left + width * back) + reach
        page = np.asarray(cv2.GaussianBlur(page[top:bottom, left:right], (0, 0), 0.4 * back), np.uint8)
        place -= np.array([[0, 0, left], [0, 0, top]], np.float64)
    strip = cv2.warpAffine(
        page,
        place,
        (width, HEIGHT + 2 * around),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=PAPER,
    )
    return np.asarray(strip, np.uint8)


def column_of(piece: Piece, x: float) -> float:
    """The page's column at column `x` of the piece's strip."""
    return piece.left + (x - MARGIN) * piece.capitals / CAPITALS


def padded(strips: list[Strip]) -> NDArray[np.uint8]:
    """Strips of one width class as (count, HEIGHT, width), blank paper to the right of each."""
    width = width_class(max(strip.shape[1] for strip in strips))
    batch = np.zeros((len(strips), HEIGHT, width), np.uint8)
    for row, strip in zip(batch, strips, strict=True):
        row[:, : strip.shape[1]] = strip
    return batch


def width_class(width: int) -> int:
    """The width that strips of this width are filled up to."""
    return max(3 * STEP, -(-width // STEP) * STEP)

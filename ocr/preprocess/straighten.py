"""From a photograph with a sheet in it to a level, flat, evenly lit page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.preprocess.level import Bend, Pairs, Points, bend, in_lines, lies_sideways, neighbours, skew
from ocr.preprocess.normalise import (
    LETTER_HEIGHT,
    PAPER,
    Letters,
    calm,
    even_light,
    find_ink,
    find_letters,
    join_dots,
    scale_letters,
)
from ocr.preprocess.paper import Paper
from ocr.preprocess.quad import Quad
from ocr.preprocess.reverse import with_dark_print
from ocr.types import Box

Homography = NDArray[np.float64]

# The bend is smooth: it is worked out on a grid this coarse and interpolated.
_GRID_PX: Final = 16
# Eighty letters on a line of this many pixels are 20 px high; receipts hold fewer.
_WIDTH_MAX: Final = 1400
# Paper left around the print, in letter heights.
_MARGIN_LETTERS: Final = 1.5
_QUARTER_TURNS: Final = 4
# Fewer letters that stand beside another are grain, leaves or fur, not lines of print.
_LETTERS_IN_LINES_MIN: Final = 30
# Of print, however blurred, two letters of five or more stand beside another; of the grain of a table or of
# blank paper one in three at most (400 receipts, and 24 photographs whose print was painted over).
_IN_LINES_SHARE_MIN: Final = 0.36
# The longest receipts have 3000 letters in a picture; more pieces of ink are a dark picture's noise.
_LETTERS_MAX: Final = 6000
_LONG_MIN: Final = 1.5
_FINE_LETTERS_MIN: Final = 10
# Corners this little off a pixel's middle lie there.
_PIXEL_OFF_MAX: Final = 0.5


@dataclass(frozen=True, slots=True)
class Page:
    """A straightened page.

    `gray` is what the engine reads; it is a cut at `origin` (left, top) of the levelled sheet, whose lines
    ran as `bend` says. From there the (3, 3) homography `to_photo` leads to pixels of the photograph.
    `on_head` says that the sheet lay on its head: `gray` is that cut turned by half.
    """

    gray: Gray
    origin: tuple[int, int]
    bend: Bend | None
    to_photo: Homography
    on_head: bool = False

    def turned(self) -> Page:
        """The page the other way up."""
        return replace(self, gray=np.ascontiguousarray(self.gray[::-1, ::-1]), on_head=not self.on_head)

    def photo_box(self, box: Box) -> Box:
        """The box in the photograph around a box of this page."""
        return self.photo_boxes([box])[0]

    def photo_boxes(self, boxes: Sequence[Box]) -> list[Box]:
        """The boxes in the photograph around boxes of this page, in their order."""
        if not boxes:
            return []
        sides = np.array(boxes, np.float64)
        if self.on_head:
            height, width = self.gray.shape
            sides = np.array([width, height, width, height]) - sides[:, [2, 3, 0, 1]]
        xs = sides[:, [0, 2, 2, 0]] + self.origin[0]
        ys = sides[:, [1, 1, 3, 3]] + self.origin[1]
        if self.bend is not None:
            ys = ys + self.bend.rise(xs, ys)
        there = cv2.perspectiveTransform(np.stack([xs, ys], axis=2), self.to_photo)
        around = np.concatenate([np.floor(there.min(axis=1)), np.ceil(there.max(axis=1))], axis=1)
        return [(left, top, right, bottom) for left, top, right, bottom in around.astype(int).tolist()]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet seen from straight above, its lines running roughly from left to right.

    `flat` is (height, width) uint8 as photographed, `lit` the same in even light with what lies around
    the sheet turned to blank paper. `pairs` says which of `letters` stand beside which. `to_flat` leads
    from pixels of the photograph to theirs. `quarter_turns` says how often the photograph was turned by 90
    degrees, counter-clockwise, `shrink` how many pixels of the sheet one of the photograph's became.
    """

    flat: Gray
    lit: Gray
    letters: Letters
    pairs: Pairs
    letters_in_lines: int
    to_flat: Homography
    quarter_turns: int
    shrink: float


def lay_flat(photo: Gray, paper: Paper, quarter_turns: int = 0) -> Sheet | None:
    """Cut the sheet out, undo its perspective and even its light.

    Args:
        photo: (height, width) uint8.
        paper: Where the sheet lies in it.
        quarter_turns: How often to turn it by 90 degrees, counter-clockwise; once more if its lines
            turn out to run up or down.

    Returns:
        The sheet, or None when there are next to no lines of print on it.
    """
    flat, to_flat, shrink = _flatten(photo, np.roll(paper.corners, -quarter_turns % _QUARTER_TURNS, axis=0))
    table = _table(paper, to_flat, flat.shape)
    lit = even_light(with_dark_print(flat, table))
    lit[table > 0] = PAPER
    ink = find_ink(lit)
    # A receipt is longer than wide: only one that isn't, as it lies, may lie on its side.
    broad = lit.shape[0] < _LONG_MIN * lit.shape[1]
    if broad and quarter_turns % 2 == 0 and lies_sideways(find_letters(ink)):
        return lay_flat(photo, paper, quarter_turns + 1)
    letters = find_letters(join_dots(ink))
    if len(letters.boxes) > _LETTERS_MAX:
        return None
    pairs = neighbours(letters)
    in_line = int(np.count_nonzero(in_lines(letters, pairs)))
    if in_line < max(_LETTERS_IN_LINES_MIN, _IN_LINES_SHARE_MIN * len(letters.boxes)):
        return None
    return Sheet(flat, lit, letters, pairs, in_line, to_flat, quarter_turns % _QUARTER_TURNS, shrink)


def straighten(sheet: Sheet) -> Page:
    """Scale the sheet's print to the engine's liking and level its lines."""
    scaled, factor = scale_letters(sheet.lit, sheet.letters.height)
    level, origin, lines_bend, to_level = _level(scaled, sheet, factor)
    to_page = to_level @ np.diag([factor, factor, 1.0]) @ sheet.to_flat
    to_photo = np.asarray(np.linalg.inv(to_page), np.float64)
    return Page(calm(level), origin, lines_bend, to_photo)


def _table(paper: Paper, to_flat: Homography, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """What lies around the sheet, as a mask of the flattened page."""
    outline = cv2.perspectiveTransform(paper.outline.reshape(-1, 1, 2).astype(np.float64), to_flat)
    table = np.ones(shape, np.uint8)
    cv2.fillPoly(table, [np.asarray(np.round(outline), np.int32)], 0)
    return np.asarray(cv2.dilate(table, np.ones((7, 7), np.uint8)), np.uint8)


def _level(page: Gray, sheet: Sheet, factor: float) -> tuple[Gray, tuple[int, int], Bend | None, Homography]:
    """Turn and unbend the page so that its lines are level, and cut it to its print."""
    height, width = page.shape
    angle = -skew(sheet.letters, sheet.pairs)
    turn = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), np.float64)
    turned = _turned(sheet.letters, turn, factor)
    pairs = neighbours(turned)
    lines_bend = bend(turned, pairs, (width, height))
    left, top, right, bottom = _print_box(turned, pairs, lines_bend, (width, height))
    xs, ys = np.meshgrid(_middles(left, right), _middles(top, bottom))
    if lines_bend is not None:
        ys = ys + lines_bend.rise(xs, ys)
    back = cv2.invertAffineTransform(turn)
    # The middle of each grid cell is exact, the pixels between are interpolated.
    size = (_GRID_PX * xs.shape[1], _GRID_PX * xs.shape[0])
    columns, rows = (
        cv2.resize((back[axis, 0] * xs + back[axis, 1] * ys + back[axis, 2]).astype(np.float32), size)[
            _GRID_PX : _GRID_PX + bottom - top, _GRID_PX : _GRID_PX + right - left
        ]
        for axis in (0, 1)
    )
    level = cv2.remap(
        page, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=PAPER
    )
    return np.asarray(level, np.uint8), (left, top), lines_bend, np.vstack([turn, [0, 0, 1]])


def _middles(start: int, end: int) -> Points:
    """The middles of grid cells from one before `start` to one past `end`."""
    return np.arange(start - (_GRID_PX + 1) / 2, end + _GRID_PX, _GRID_PX, dtype=np.float64)


def _turned(letters: Letters, turn: Homography, factor: float) -> Letters:
    """The letters on the scaled and turned page; boxes keep their size and move with their bottoms."""
    boxes = letters.boxes * factor
    bottoms = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
    moved = bottoms @ turn[:, :2].T + turn[:, 2] - bottoms
    return Letters(boxes + np.tile(moved, 2), letters.height * factor)


def _print_box(letters: Letters, pairs: Pairs, lines_bend: Bend | None, size: tuple[int, int]) -> Box:
    """Around all letters that stand in lines; the whole page when hardly any do."""
    boxes = letters.boxes[in_lines(letters, pairs)]
    if not len(boxes):
        return 0, 0, size[0], size[1]
    boxes = np.concatenate([boxes, _fine_print(letters, boxes)])
    if lines_bend is not None:
        middles = (boxes[:, 0] + boxes[:, 2]) / 2
        rise = lines_bend.rise(middles, boxes[:, 3])
        boxes = boxes - np.stack([0 * rise, rise, 0 * rise, rise], axis=1)
    margin = _MARGIN_LETTERS * letters.height
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    # A turn takes the ends of a long page out of its frame: there is no margin, but print is never cut.
    left, top = np.minimum(low, np.maximum(0, low - margin)).astype(int).tolist()
    right, bottom = np.maximum(high, np.minimum(size, high + margin)).astype(int).tolist()
    return left, top, right, bottom


def _fine_print(letters: Letters, boxes: Points) -> Points:
    """Letters beyond those boxes that stand in lines of print half as high."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    outside = ((letters.boxes[:, :2] < low) | (letters.boxes[:, 2:] > high)).any(axis=1)
    fine = Letters(letters.boxes[outside], letters.height / 2)
    if len(fine.boxes) < _FINE_LETTERS_MIN:
        return fine.boxes[:0]
    inside = in_lines(fine, neighbours(fine))
    # Two specks side by side are no line.
    return fine.boxes[inside] if np.count_nonzero(inside) >= _FINE_LETTERS_MIN else fine.boxes[:0]


def _flatten(photo: Gray, corners: Quad) -> tuple[Gray, Homography, float]:
    top_left, top_right, bottom_right, bottom_left = corners
    width = round(max(np.linalg.norm(top_right - top_left), np.linalg.norm(bottom_right - bottom_left)))
    height = round(max(np.linalg.norm(bottom_left - top_left), np.linalg.norm(bottom_right - top_right)))
    # The width is across the lines or along them; either way letters stay large enough.
    shrink = min(1.0, _WIDTH_MAX / max(1, min(width, height)))
    width, height = max(round(width * shrink), LETTER_HEIGHT), max(round(height * shrink), LETTER_HEIGHT)
    flat_corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    if shrink == 1 and (whole := _upright_box(corners, photo.shape)) is not None:
        left, top, right, bottom = whole
        moved = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], np.float64)
        return np.ascontiguousarray(photo[top:bottom, left:right]), moved, 1.0
    to_flat = cv2.getPerspectiveTransform(corners.astype(np.float32), flat_corners)
    if shrink < 1:
        # Averaged first: the warp itself only interpolates, and noise would come through.
        photo = np.asarray(cv2.blur(photo, (round(1 / shrink), round(1 / shrink))), np.uint8)
    flat = cv2.warpPerspective(photo, to_flat, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8), np.asarray(to_flat, np.float64), shrink


def _upright_box(corners: Quad, frame: tuple[int, ...]) -> Box | None:
    """The pixels inside corners, where those are an upright box's of some size: nothing is to be warped."""
    (left, top), (right, bottom) = np.asarray(np.round(corners[[0, 2]]), np.int64).tolist()
    box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    inside = min(left, top) >= 0 and right < frame[1] and bottom < frame[0]
    large = min(right - left, bottom - top) >= LETTER_HEIGHT
    if not inside or not large or np.abs(corners - box).max() > _PIXEL_OFF_MAX:
        return None
    return left, top, right + 1, bottom + 1

"""Level print: which way printed lines run, and how they bend (docs/decisions/0012)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.preprocess.normalise import Letters

Points = NDArray[np.float64]
# Numbers of letters, and of the one to the right of each.
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]

# A letter's right neighbour starts within this many letter heights, and stands level with it within
# so many: half a line's pitch is more.
_NEIGHBOUR_GAP_MAX: Final = 1.5
_NEIGHBOUR_STEP_MAX: Final = 0.6
_LETTER_SHARE_MIN: Final = 0.6
_LIKENESS: Final = 0.5
_SOURCES_MAX: Final = 700
# Letters stand above each other by chance too, but not this much more often than side by side.
_SIDEWAYS_MIN: Final = 1.5
_SLOPE_MAX: Final = 0.35
# Once lines are roughly level, letters follow each other across wider gaps and closer to level.
_GAP_MAX: Final = 4.0
_STEP_MAX: Final = 0.35
_LINE_LETTERS_MIN: Final = 5
_FIT_LETTERS_MIN: Final = 40
_FIT_ROUNDS: Final = 3
_PAIRS_MAX: Final = 1500
_STRIDES: Final = (3, 8)
# A knot row for so many letter heights: folds are not closer.
_KNOT_LETTERS: Final = 7
_KNOT_ROWS_MAX: Final = 16
_KNOT_COLUMNS: Final = 7
# Pairs of letters further off than this share of a letter's height are no neighbours.
_PAIR_TOLERANCE: Final = 0.12
_LINE_TOLERANCE: Final = 0.1
_STRAIGHT: Final = 5e-4
_ALIKE: Final = 1e-3
_STILL: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Bend:
    """How printed lines bend: what belongs at (x, y) of a level page was printed `rise` lower.

    `knots` is (rows, columns): that rise in pixels at points spread evenly over the page of `size`
    (width, height), corner to corner; between them it is interpolated.
    """

    knots: Points
    size: tuple[int, int]

    def rise(self, xs: Points, ys: Points) -> Points:
        """Pixels by which print that belongs at (x, y) lies below it."""
        numbers, weights = _places(xs.ravel(), ys.ravel(), self.knots.shape, self.size)
        return np.asarray((self.knots.ravel()[numbers] * weights).sum(axis=1).reshape(xs.shape))


def _places(
    x: Points, y: Points, shape: tuple[int, ...], size: tuple[int, int]
) -> tuple[NDArray[np.int64], Points]:
    """The four knots around each point and their weights, each (n, 4)."""
    rows, columns = shape
    across = np.clip(x / size[0], 0, 1) * (columns - 1)
    down = np.clip(y / size[1], 0, 1) * (rows - 1)
    column = np.minimum(across.astype(np.int64), columns - 2)
    row = np.minimum(down.astype(np.int64), rows - 2)
    right, low = across - column, down - row
    first = row * columns + column
    numbers = np.stack([first, first + 1, first + columns, first + columns + 1], axis=1)
    weights = np.stack([(1 - right) * (1 - low), right * (1 - low), (1 - right) * low, right * low], axis=1)
    return numbers, weights


def skew(letters: Letters, pairs: Pairs) -> float:
    """The angle of the printed lines in degrees, counter-clockwise as seen; 0 when unclear.

    Source: the median direction from a letter to its right neighbour, `pairs` of which are given.
    """
    first, second = pairs
    if len(first) < _FIT_LETTERS_MIN // 2:
        return 0.0
    ends = _bottoms(letters)
    step = ends[second] - ends[first]
    return float(-np.degrees(np.median(np.arctan2(step[:, 1], step[:, 0]))))


def bend(letters: Letters, pairs: Pairs, size: tuple[int, int]) -> Bend | None:
    """Fit how the lines bend.

    Args:
        letters: Letters in pixels of a page that was turned level.
        pairs: Their `neighbours`.
        size: Width and height of that page in pixels.

    Returns:
        The bend, or None when there are too few letters in lines to tell.
    """
    first, second = pairs
    if len(first) < _FIT_LETTERS_MIN:
        return None
    rows = max(3, round(size[1] / (_KNOT_LETTERS * letters.height)))
    flat = Bend(np.zeros((min(rows, _KNOT_ROWS_MAX), _KNOT_COLUMNS)), size)
    ends = _bottoms(letters)
    beside = np.stack([first, second], axis=1)
    rough = _fit(ends, beside, flat, _PAIR_TOLERANCE * letters.height)
    level = np.stack([ends[:, 0], ends[:, 1] - rough.rise(ends[:, 0], ends[:, 1])], axis=1)
    lines = [line for line in _chains(level, letters.height) if len(line) >= _LINE_LETTERS_MIN]
    if sum(map(len, lines)) < _FIT_LETTERS_MIN:
        return rough
    # Letters a few places apart on a line say more about its run than neighbours do.
    far = [
        np.stack([line[:-step], line[step:]], axis=1)
        for line in lines
        for step in _STRIDES
        if len(line) > step
    ]
    return _fit(ends, np.concatenate([beside, *far]), rough, _LINE_TOLERANCE * letters.height)


def in_lines(letters: Letters, pairs: Pairs) -> NDArray[np.bool_]:
    """Which letters have a neighbour beside them, by `pairs` of those."""
    inside = np.zeros(len(letters.boxes), np.bool_)
    inside[np.concatenate(pairs)] = True
    return inside


def lies_sideways(letters: Letters) -> bool:
    """Whether the lines run up or down the page."""
    turned = Letters(letters.boxes[:, [1, 0, 3, 2]], letters.height)
    return _followers(turned) > _SIDEWAYS_MIN * max(_followers(letters), _FIT_LETTERS_MIN // 2)


def _followers(letters: Letters) -> int:
    """How many letters are closely followed by one that stands level with them."""
    boxes, height = letters.boxes, letters.height
    sources = np.arange(len(boxes))[:: max(1, len(boxes) // _SOURCES_MAX)]
    gap = boxes[None, :, 0] - boxes[sources, None, 2]
    fall = np.abs(boxes[None, :, 3] - boxes[sources, None, 3])
    near = (gap > -0.1 * height) & (gap < 0.4 * height) & (fall < 0.2 * height)
    return int(near.any(axis=1).sum())


def _bottoms(letters: Letters) -> Points:
    boxes = letters.boxes.astype(np.float64)
    return np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)


def neighbours(letters: Letters) -> Pairs:
    """Pairs of letters of like height beside each other: numbers of the left and the right one."""
    boxes, height = letters.boxes.astype(np.float32), letters.height
    large = np.flatnonzero(boxes[:, 3] - boxes[:, 1] > _LETTER_SHARE_MIN * height)
    if not len(large):
        return large, large
    boxes = boxes[large]
    own, bottoms = boxes[:, 3] - boxes[:, 1], boxes[:, 3]
    sources = np.arange(len(boxes))[:: max(1, len(boxes) // _SOURCES_MAX)]
    step = _NEIGHBOUR_STEP_MAX * height
    # Only letters that stand about as low are compared: by their bottoms they lie side by side.
    order = np.argsort(bottoms, kind="stable")
    first = np.searchsorted(bottoms[order], bottoms[sources] - step)
    last = np.searchsorted(bottoms[order], bottoms[sources] + step, side="right")
    places = first[:, None] + np.arange(int((last - first).max()))
    others = order[np.minimum(places, len(order) - 1)]
    gap = boxes[others, 0] - boxes[sources, None, 2]
    fall = np.abs(bottoms[others] - bottoms[sources, None])
    near = (places < last[:, None]) & (gap > -0.2 * height) & (gap < _NEIGHBOUR_GAP_MAX * height)
    near &= (fall < step) & (np.abs(own[others] - own[sources, None]) < _LIKENESS * own[sources, None])
    near &= others != sources[:, None]
    gap[~near] = np.inf
    nearest = gap.min(axis=1)
    # Of several that start in one column the first letter is taken.
    chosen = np.where(gap == nearest[:, None], others, len(boxes)).min(axis=1)
    found = np.flatnonzero(np.isfinite(nearest))
    return large[sources[found]], large[chosen[found]]


def _fit(ends: Points, pairs: NDArray[np.int64], start: Bend, tolerance: float) -> Bend:
    """The smoothest bend by which each pair of letters stands level; odd pairs hardly count."""
    rows, columns = start.knots.shape
    count = rows * columns
    pairs = pairs[:: max(1, len(pairs) // _PAIRS_MAX)]
    # Where a letter belongs depends on the bend itself: the start is close enough.
    level = ends[:, 1] - start.rise(ends[:, 0], ends[:, 1])
    numbers, weights = _places(ends[:, 0], level, (rows, columns), start.size)
    places = np.concatenate([numbers[pairs[:, 1]], numbers[pairs[:, 0]]], axis=1)
    shares = np.concatenate([weights[pairs[:, 1]], -weights[pairs[:, 0]]], axis=1)
    fall = ends[pairs[:, 1], 1] - ends[pairs[:, 0], 1]
    cells = (places[:, :, None] * count + places[:, None, :]).ravel()
    products = shares[:, :, None] * shares[:, None, :]
    smooth = _stiffness(rows, columns) * len(pairs)
    knots = start.knots.ravel()
    for _ in range(_FIT_ROUNDS):
        off = np.abs(fall - (knots[places] * shares).sum(axis=1))
        trust = 1 / np.maximum(1, off / tolerance) ** 2
        normal = np.bincount(cells, (products * trust[:, None, None]).ravel(), count * count)
        target = np.bincount(places.ravel(), (shares * (trust * fall)[:, None]).ravel(), count)
        # OpenCV solves on this thread alone; numpy's library would wake a thread per core for it.
        matrix = normal.reshape(count, count) + smooth
        _, solved = cv2.solve(matrix, target[:, None], flags=cv2.DECOMP_CHOLESKY)
        knots = np.asarray(solved, np.float64).ravel()
    return Bend(knots.reshape(rows, columns), start.size)


@cache
def _stiffness(rows: int, columns: int) -> Points:
    """What bending costs: lines stay straight, the lines below run alike, nothing moves without need."""
    across = np.kron(np.eye(rows), np.diff(np.eye(columns), 2, axis=0))
    down = np.kron(np.diff(np.eye(rows), axis=0), np.diff(np.eye(columns), axis=0))
    # Pairs say how lines run, not where they are: in each row of knots the rises sum to nothing.
    sums = np.kron(np.eye(rows), np.ones((columns, columns)))
    bending = _STRAIGHT * _square(across) + _ALIKE * _square(down)
    return np.asarray(bending + sums + _STILL * np.eye(rows * columns), np.float64)


def _square(rows: NDArray[Any]) -> Points:
    return np.asarray(cv2.mulTransposed(rows, aTa=True), np.float64)


def _chains(bottoms: Points, height: float) -> list[list[int]]:
    """Follow letters from left to right into lines; numbers of `bottoms`."""
    # Ends of lines by their height in steps, so that only neighbours are compared.
    open_ends: dict[int, list[int]] = {}
    chains: list[list[int]] = []
    places = bottoms.tolist()
    reach, step = _GAP_MAX * height, _STEP_MAX * height
    for letter in np.argsort(bottoms[:, 0]).tolist():
        x, y = places[letter]
        row = int(y // height)
        best, best_cost = -1, 1.0
        for near in (row - 1, row, row + 1):
            passed = False
            for chain in open_ends.get(near, ()):
                end_x, end_y = places[chains[chain][-1]]
                gap, fall = x - end_x, abs(y - end_y)
                if gap > reach:
                    passed = True
                    continue
                cost = fall / step + 0.25 * gap / reach
                if fall <= step and cost < best_cost:
                    best, best_cost = chain, cost
            if passed:
                # What is out of reach now stays so, since letters come from left to right.
                open_ends[near] = [
                    chain for chain in open_ends[near] if x - places[chains[chain][-1]][0] <= reach
                ]
        if best < 0:
            best = len(chains)
            chains.append([])
        else:
            open_ends[int(places[chains[best][-1]][1] // height)].remove(best)
        chains[best].append(letter)
        open_ends.setdefault(row, []).append(best)
    return chains

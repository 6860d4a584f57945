"""Level print: how far, and which way, printed lines bend away from the horizontal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ocr.preprocess.normalise import Letters

Points = NDArray[np.float64]

_ANGLE_MAX: Final = 20.0
# Letters follow each other within this many letter heights, and rise or fall by less than that many.
_GAP_MAX: Final = 4.0
_STEP_MAX: Final = 0.35
_LINE_LETTERS_MIN: Final = 5
_FIT_LETTERS_MIN: Final = 40
_FIT_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True)
class Bend:
    """How printed lines bend: at (x, y) of a level page the print lay `rise` lower.

    `terms` weighs x, x y, x y^2, x^2, x^2 y, x^2 y^2, x^3, x^3 y with x and y from -1 to 1 over
    the page of `size` (width, height); the result is in pixels.
    """

    terms: NDArray[np.float64]
    size: tuple[int, int]

    def rise(self, xs: Points, ys: Points) -> Points:
        """Pixels by which print at level position (x, y) lay below it."""
        return _powers(self._unit(xs, 0), self._unit(ys, 1)) @ self.terms

    def _unit(self, values: Points, axis: int) -> Points:
        half = self.size[axis] / 2
        return (values - half) / half


def _powers(x: Points, y: Points) -> Points:
    return np.stack([x, x * y, x * y * y, x * x, x * x * y, x * x * y * y, x**3, x**3 * y], axis=-1)


def skew(letters: Letters) -> float:
    """The angle of the printed lines in degrees, counter-clockwise as seen; 0 when unclear.

    Source: the projection whose histogram of baselines is the most peaked.
    """
    boxes = letters.boxes
    x = (boxes[:, 0] + boxes[:, 2]) / 2
    y = boxes[:, 3].astype(np.float64)
    step = max(1.0, letters.height / 4)
    angle, width = 0.0, _ANGLE_MAX
    for fine in (0.5, 0.1):
        tries = np.arange(angle - width, angle + width + fine / 2, fine)
        angle = float(tries[int(np.argmax([_peakedness(x, y, degrees, step) for degrees in tries]))])
        width = fine
    return angle


def _peakedness(x: Points, y: Points, degrees: float, step: float) -> float:
    level = y + x * np.tan(np.radians(degrees))
    counts = np.bincount(((level - level.min()) / step).astype(np.int64)).astype(np.float64)
    smooth = np.convolve(counts, [0.5, 1, 0.5])
    return float((smooth**2).sum())


def bend(bottoms: Points, height: float, size: tuple[int, int]) -> Bend | None:
    """Fit how the lines bend.

    Args:
        bottoms: (n, 2) middle and bottom of each letter, in pixels, roughly level.
        height: Letter height in pixels.
        size: Width and height of the page in pixels.

    Returns:
        The bend, or None when there are too few letters in lines to tell.
    """
    lines = [line for line in _chains(bottoms, height) if len(line) >= _LINE_LETTERS_MIN]
    if sum(map(len, lines)) < _FIT_LETTERS_MIN:
        return None
    members = np.concatenate(lines)
    number = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    x, y = bottoms[members, 0], bottoms[members, 1]
    half_width, half_height = size[0] / 2, size[1] / 2
    powers = _powers((x - half_width) / half_width, (y - half_height) / half_height)
    weights = np.ones(len(x))
    terms = np.zeros(powers.shape[1])
    for _ in range(_FIT_ROUNDS):
        # Each line keeps a height of its own: what is fitted is how it runs, not where it is.
        shape = powers - _line_means(powers, number, weights)
        run = y - _line_means(y[:, None], number, weights)[:, 0]
        by_weight = shape * weights[:, None]
        terms = np.linalg.solve(by_weight.T @ shape + 0.5 * np.eye(shape.shape[1]), by_weight.T @ run)
        off = np.abs(run - shape @ terms)
        weights = 1 / np.maximum(1, off / (0.08 * height)) ** 2
    return Bend(terms, size)


def _line_means(values: Points, number: NDArray[np.int64], weights: Points) -> Points:
    total = np.bincount(number, weights)
    means = np.stack([np.bincount(number, weights * column) / total for column in values.T], axis=1)
    return np.asarray(means[number])


def _chains(bottoms: Points, height: float) -> list[list[int]]:
    """Follow letters from left to right into lines; numbers of `bottoms`."""
    order = np.argsort(bottoms[:, 0])
    # Ends of lines by their height in steps, so that only neighbours are compared.
    open_ends: dict[int, list[int]] = {}
    chains: list[list[int]] = []
    places = bottoms.tolist()
    reach, step = _GAP_MAX * height, _STEP_MAX * height
    for letter in order.tolist():
        x, y = places[letter]
        row = int(y // height)
        best, best_cost = -1, 1.0
        for near in (row - 1, row, row + 1):
            for chain in open_ends.get(near, ()):
                end_x, end_y = places[chains[chain][-1]]
                gap, fall = x - end_x, abs(y - end_y)
                if gap <= reach and fall <= step:
                    cost = fall / step + 0.25 * gap / reach
                    if cost < best_cost:
                        best, best_cost = chain, cost
        if best < 0:
            best = len(chains)
            chains.append([])
        else:
            open_ends[int(places[chains[best][-1]][1] // height)].remove(best)
        chains[best].append(letter)
        open_ends.setdefault(row, []).append(best)
    return chains

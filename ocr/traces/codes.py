"""A photograph in 256 bits, and the bits that re-encoded, cropped or turned copies of it may have.

Each bit is the sign of one frequency of the picture's light, weighed toward its middle so that
what a crop or a turn changes at the border hardly counts. No OpenCV here: look-ups in the
database work out bits too. Figures in docs/decisions/0050.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SKETCH_SIDE: Final = 48
CODE_BITS: Final = 256
BANDS: Final = 3
BAND_BITS: Final = 24
# Copies that people make cut off up to about this share of a side, and turn by up to these degrees.
_CROPS: Final = (0.035, 0.06)
_TURNS: Final = (-4.5, -3.0, -1.5, 0.0, 1.5, 3.0, 4.5)
# Frames less elongated than this may lie either way once cropped.
_SQUARE: Final = 1.25
# The signs nearest to flipping in each band are tried both ways.
_FLIPS: Final = 2
_GRID: Final = 32
_WAVES: Final = 16

_bow = np.cos(np.pi * ((np.arange(_GRID) + 0.5) / _GRID - 0.5))
_WINDOW: Final = np.outer(_bow, _bow) / np.outer(_bow, _bow).mean()
_COSINES: Final = np.cos(np.pi * np.outer(np.arange(_WAVES), 2 * np.arange(_GRID) + 1) / (2 * _GRID))
# Coarse frequencies first: they change least between copies, so bands are drawn from them.
_ORDER: Final = [
    *sorted(list(product(range(_WAVES), repeat=2))[1:], key=lambda wave: (sum(wave), wave)),
    (0, 0),
]
_ROWS: Final = np.array([row for row, _ in _ORDER])
_COLUMNS: Final = np.array([column for _, column in _ORDER])
_POWERS: Final = 1 << np.arange(BAND_BITS, dtype=np.int64)

_Crop = tuple[float, float, float, float]
_CHANGES: Final[list[tuple[_Crop, float]]] = [((0.0, 0.0, 0.0, 0.0), turn) for turn in _TURNS] + [
    ((left, top, right, bottom), 0.0)
    for share in _CROPS
    for left, top, right, bottom in product((0.0, share), repeat=4)
    if left + top + right + bottom
]

# A picture on its head shows the same frequencies, every odd one with its sign turned, and what a crop
# took from one of its sides was taken from the opposite one.
_HALF_TURN: Final = 1.0 - 2.0 * ((_ROWS + _COLUMNS) % 2)
_OPPOSITE: Final = np.array(
    [_CHANGES.index(((right, bottom, left, top), turn)) for (left, top, right, bottom), turn in _CHANGES]
)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A photograph without its uniform border, long side upright, shrunk to a square.

    `pixels` is (48, 48) uint8; `aspect` is the long side over the short one before that.
    """

    pixels: NDArray[np.uint8]
    aspect: float


@dataclass(frozen=True, slots=True)
class Code:
    """What is kept of a picture: 256 signs as '0' and '1', and three bands of 24 bits to find it by."""

    bits: str
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Probes:
    """What a picture is looked up by: codes its originals may have, and values that their bands may have.

    `lists` are written with commas between, ready to be asked with: `codes`; and `bands`, `values` and
    `numbers`, columns of one table (a band, what it may be, and the place in `codes`, from 0, of the code
    that it is of).
    """

    codes: tuple[str, ...]
    lists: Mapping[str, str]


def code_of(sketch: Sketch) -> Code:
    """Return the code under which a picture is kept."""
    waves = _waves(sketch.pixels, [((0.0, 0.0, 0.0, 0.0), 0.0)], sketch.aspect)
    return Code(_bits(waves)[0], tuple(int(_band(waves, band)[0]) for band in range(BANDS)))


def probes_of(sketch: Sketch) -> Probes:
    """Return what to look for to find pictures of which this one is a copy."""
    ways = [sketch.pixels]
    if sketch.aspect < _SQUARE:
        ways.append(np.rot90(sketch.pixels))
    upright = [_waves(way, _CHANGES, sketch.aspect) for way in ways]
    waves = np.concatenate([part for found in upright for part in (found, found[_OPPOSITE] * _HALF_TURN)])
    rows = [
        (band, value, number) for band in range(BANDS) for value, number in sorted(_band_probes(waves, band))
    ]
    columns = dict(zip(("bands", "values", "numbers"), zip(*rows, strict=True), strict=True))
    codes = tuple(_bits(waves))
    lists = {"codes": codes, **columns}
    return Probes(codes, {name: ",".join(map(str, values)) for name, values in lists.items()})


def distance(one: str, other: str) -> int:
    """Return how many of two codes' bits differ, 0 to 256."""
    return (int(one, 2) ^ int(other, 2)).bit_count()


def least_distance(probes: Probes, code: str) -> int:
    """Return how far a kept code is from the nearest of those a copy's original may have."""
    return min(distance(mine, code) for mine in probes.codes)


def _waves(pixels: NDArray[np.uint8], changes: Sequence[tuple[_Crop, float]], aspect: float) -> Floats:
    """Frequencies of the picture undone of each change, (changes, 256), coarse first."""
    views = _views(pixels.astype(np.float64), changes, aspect)
    views = (views - (views * _WINDOW).mean(axis=(1, 2), keepdims=True)) * _WINDOW
    waves = _COSINES @ views @ _COSINES.T
    return np.asarray(waves[:, _ROWS, _COLUMNS], np.float64)


def _views(pixels: Floats, changes: Sequence[tuple[_Crop, float]], aspect: float) -> Floats:
    steps = (np.arange(_GRID) + 0.5) / _GRID
    down, across = np.meshgrid(steps, steps, indexing="ij")
    numbers = np.array([(*crop, np.radians(turn)) for crop, turn in changes])
    left, top, right, bottom, turn = numbers.T[:, :, None, None]
    x = across * (1 + left + right) - left - 0.5
    y = (down * (1 + top + bottom) - top - 0.5) * aspect
    cos, sin = np.cos(turn), np.sin(turn)
    return _between(pixels, cos * x - sin * y + 0.5, (sin * x + cos * y) / aspect + 0.5)


def _between(pixels: Floats, x: Floats, y: Floats) -> Floats:
    """The picture at shares `x` and `y` of its sides, linear between pixels, its edge repeated beyond."""
    side = pixels.shape[0]
    x, y = np.clip(x * side - 0.5, 0, side - 1), np.clip(y * side - 0.5, 0, side - 1)
    column, row = np.minimum(x.astype(int), side - 2), np.minimum(y.astype(int), side - 2)
    right, low = x - column, y - row
    above = pixels[row, column] * (1 - right) + pixels[row, column + 1] * right
    below = pixels[row + 1, column] * (1 - right) + pixels[row + 1, column + 1] * right
    return np.asarray(above * (1 - low) + below * low, np.float64)


def _bits(waves: Floats) -> list[str]:
    signs = (waves > 0).astype(np.uint8) + ord("0")
    return [row.tobytes().decode() for row in signs]


def _columns(band: int) -> slice:
    """Which of the coarsest frequencies make a band: every third, so that bands are equally sure."""
    return slice(band, BANDS * BAND_BITS, BANDS)


def _band(waves: Floats, band: int) -> NDArray[np.int64]:
    return np.asarray((waves[:, _columns(band)] > 0) @ _POWERS, np.int64)


def _band_probes(waves: Floats, band: int) -> set[tuple[int, int]]:
    values = _band(waves, band)
    unsure = np.argsort(np.abs(waves[:, _columns(band)]), axis=1)[:, :_FLIPS]
    probes = set(zip(values.tolist(), range(len(values)), strict=True))
    for count in range(1, _FLIPS + 1):
        for chosen in combinations(range(_FLIPS), count):
            flipped = values ^ _POWERS[unsure[:, chosen]].sum(axis=1)
            probes.update(zip(flipped.tolist(), range(len(flipped)), strict=True))
    return probes

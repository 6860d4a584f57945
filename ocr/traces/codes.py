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
# Measured among ten million (docs/decisions/0050): with 24 a value is found twice as often, with 28 copies
# are missed.
BAND_BITS: Final = 27
# So many of a band's coarsest bits tell which pictures may not be settled at one time (docs/decisions/0077).
_LOCK_BITS: Final = 16
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
_UNCHANGED: Final[tuple[_Crop, float]] = ((0.0, 0.0, 0.0, 0.0), 0.0)
_CHANGES: Final[list[tuple[_Crop, float]]] = [((0.0, 0.0, 0.0, 0.0), turn) for turn in _TURNS] + [
    ((left, top, right, bottom), 0.0)
    for share in _CROPS
    for left, top, right, bottom in product((0.0, share), repeat=4)
    if left + top + right + bottom
]
# Where among the changes, of the picture as it lies, that is which changes nothing.
_OWN: Final = _CHANGES.index(_UNCHANGED)

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
class Probes:
    """What a picture is looked up by: codes its originals may have, and values that their bands may have.

    `lists` are written with commas between, ready to be asked with: `bands`, `values` and `numbers` are
    columns of one table (a band, what it may be, and a place, from 0, in `middles`); `middles` are codes
    in hexadecimal, each the middle of those that have such a band. `lock_bands`, `lock_values` and
    `lock_owns` are columns too (a band, the coarsest bits that it may have, and whether the picture itself
    has them): of two copies of one picture, one may have what is the other's own.
    """

    codes: tuple[str, ...]
    lists: Mapping[str, str]


def code_of(sketch: Sketch) -> str:
    """Return the code under which a picture is kept: 256 signs as '0' and '1'."""
    return _bits(_waves(sketch.pixels, [_UNCHANGED], sketch.aspect))[0]


def probes_of(sketch: Sketch) -> Probes:
    """Return what to look for to find pictures of which this one is a copy."""
    ways = [sketch.pixels]
    if sketch.aspect < _SQUARE:
        ways.append(np.rot90(sketch.pixels))
    upright = [_waves(way, _CHANGES, sketch.aspect) for way in ways]
    waves = np.concatenate([part for found in upright for part in (found, found[_OPPOSITE] * _HALF_TURN)])
    number_by_middle: dict[str, int] = {}
    rows = [
        (band, value, number_by_middle.setdefault(middle, len(number_by_middle)))
        for band in range(BANDS)
        for value, middle in _band_probes(waves, band)
    ]
    locks = [lock for band in range(BANDS) for lock in _locks(waves, band)]
    lists = {
        "middles": number_by_middle,
        **dict(zip(("bands", "values", "numbers"), zip(*rows, strict=True), strict=True)),
        **dict(zip(("lock_bands", "lock_values", "lock_owns"), zip(*locks, strict=True), strict=True)),
    }
    # Written out here, where no transaction waits: the driver takes a millisecond for lists.
    return Probes(tuple(_bits(waves)), {name: ",".join(map(str, values)) for name, values in lists.items()})


def least_distances(probes: Probes, codes: Sequence[str]) -> list[int]:
    """Return how far each kept code is from the nearest of those a copy's original may have, 0 to 256."""
    if not codes:
        return []
    apart = _words(codes)[:, None] ^ _words(probes.codes)[None]
    return [int(least) for least in np.bitwise_count(apart).sum(axis=2).min(axis=1)]


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


def _words(codes: Sequence[str]) -> NDArray[np.uint64]:
    """Codes as (codes, 4) words of 64 bits."""
    bits = np.frombuffer("".join(codes).encode(), np.uint8) - ord("0")
    return np.packbits(bits).view(np.uint64).reshape(len(codes), -1)


def _steady(waves: Floats, band: int) -> Floats:
    """Every third of the coarsest frequencies, so that bands are equally sure."""
    return waves[:, band : BANDS * BAND_BITS : BANDS]


def _band_probes(waves: Floats, band: int) -> list[tuple[int, str]]:
    """Values that a band may have, and the middle of the codes that have it, in hexadecimal."""
    steady = _steady(waves, band)
    values = np.asarray((steady > 0) @ _POWERS, np.int64)
    unsure = _POWERS[np.argsort(np.abs(steady), axis=1)[:, :_FLIPS]]
    flips = [flip for count in range(_FLIPS + 1) for flip in combinations(range(_FLIPS), count)]
    tried = np.concatenate([values ^ unsure[:, list(flip)].sum(axis=1, dtype=np.int64) for flip in flips])
    order = np.argsort(tried, kind="stable")
    distinct, starts, counts = np.unique(tried[order], return_index=True, return_counts=True)
    # Flips of one code stand behind each other, so a place modulo the codes is the code.
    signs = (waves > 0)[order % len(waves)]
    middles = 2 * np.add.reduceat(signs, starts, axis=0, dtype=np.int64) > counts[:, None]
    digits = np.packbits(middles, axis=1).tobytes().hex()
    width = CODE_BITS // 4
    return [(value, digits[width * n : width * (n + 1)]) for n, value in enumerate(distinct.tolist())]


def _locks(waves: Floats, band: int) -> list[tuple[int, int, bool]]:
    values = (_steady(waves, band)[:, :_LOCK_BITS] > 0) @ _POWERS[:_LOCK_BITS]
    return [(band, value, value == values[_OWN]) for value in np.unique(values).tolist()]

"""Tables a receipt may lie on: wood, cloth, stone, tiles and plain tops, drawn from noise."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.noise import Field, clouds

Picture = NDArray[np.uint8]
Colour = tuple[float, float, float]
# Blue, green, red.
WOODS: tuple[Colour, ...] = ((60, 98, 142), (42, 66, 100), (96, 138, 176), (36, 48, 66))
CLOTHS: tuple[Colour, ...] = ((120, 84, 60), (70, 90, 60), (60, 60, 150), (150, 140, 120), (80, 70, 74))
STONES: tuple[Colour, ...] = ((120, 124, 128), (74, 76, 80), (150, 156, 164), (52, 52, 54))
PLAINS: tuple[Colour, ...] = ((168, 172, 174), (96, 74, 48), (58, 60, 120), (60, 92, 70), (44, 42, 42))


def draw_background(rng: np.random.Generator, height: int, width: int) -> tuple[Picture, str]:
    """Draw a table top.

    Returns:
        (height, width, 3) uint8 in blue, green, red, and what it is.
    """
    kind = str(rng.choice(list(KINDS)))
    # Half the resolution is enough for what lies behind the paper, and four times as fast.
    small = ((height + 1) // 2, (width + 1) // 2)
    colours, pattern = KINDS[kind]
    colour = np.array(colours[rng.integers(len(colours))], np.float32)
    tone = pattern(rng, small)
    picture = cv2.resize(tone, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray((picture[..., None] * colour).clip(0, 255), np.uint8), kind


def _wood(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Long fibres, rings that bend along them, and the gaps between boards."""
    fibres = clouds(rng, shape, (4, shape[1] // 3))
    rings = np.sin(
        np.linspace(0, rng.uniform(20, 60), shape[1], dtype=np.float32)[None]
        + 5 * clouds(rng, shape, (2, 3), octaves=2)
    )
    tone = 1 + 0.14 * fibres + 0.09 * rings + 0.06 * clouds(rng, shape, (3, 3))
    board = int(rng.integers(shape[1] // 3, shape[1]))
    tone[:, :: max(board, 2)] *= 0.45
    return np.asarray(tone if rng.random() < 0.5 else _turned(tone, shape), np.float32)  # noqa: PLR2004  (even chance)


def _cloth(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """A weave with checks, and wide waves."""
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[None]
    check = int(rng.integers(30, 110))
    squares = ((rows // check) % 2 + (columns // check) % 2) * rng.uniform(0, 0.4)
    threads = 0.06 * np.sin(rows * 2.1) * np.sin(columns * 2.1)
    return np.asarray(0.8 + squares + threads + 0.15 * clouds(rng, shape, (4, 4)), np.float32)


def _stone(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Grains, stains and veins."""
    veins = np.exp(-np.abs(clouds(rng, shape, (2, 3), octaves=6)) * rng.uniform(12, 30))
    return np.asarray(1 + 0.1 * clouds(rng, shape, (6, 6), octaves=6) - 0.16 * veins, np.float32)


def _tiles(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Floor tiles with dark joints."""
    tone = 1 + 0.06 * clouds(rng, shape, (8, 8), octaves=3)
    side, joint = int(rng.integers(200, 420)), 3
    first = rng.integers(0, side, 2)
    for offset in range(joint):
        tone[(first[0] + offset) % side :: side] *= 0.6
        tone[:, (first[1] + offset) % side :: side] *= 0.6
    return np.asarray(tone, np.float32)


def _plain(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """A painted or laminated top."""
    return np.asarray(1 + 0.05 * clouds(rng, shape, (3, 3), octaves=2), np.float32)


def _turned(tone: Field, shape: tuple[int, int]) -> Field:
    return np.asarray(cv2.resize(np.ascontiguousarray(tone.T), shape[::-1]), np.float32)


Pattern = Callable[[np.random.Generator, tuple[int, int]], Field]
KINDS: dict[str, tuple[tuple[Colour, ...], Pattern]] = {
    "wood": (WOODS, _wood),
    "cloth": (CLOTHS, _cloth),
    "stone": (STONES, _stone),
    "tiles": (STONES, _tiles),
    "plain": (PLAINS, _plain),
}

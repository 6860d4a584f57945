"""Soft random fields that wood, cloth, stone, light and crumpled paper are made of."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def clouds(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int], octaves: int = 1
) -> Field:
    """Draw a smooth field.

    Args:
        rng: Where the chance comes from.
        shape: (height, width) in pixels.
        cells: Bumps down and across in the coarsest octave.
        octaves: Each next one has twice the bumps and half the height.

    Returns:
        float32 of `shape`, about -1 to 1.
    """
    field = np.zeros(shape, np.float32)
    for octave in range(octaves):
        grid = rng.uniform(-1, 1, (cells[0] * 2**octave + 2, cells[1] * 2**octave + 2)).astype(np.float32)
        field += cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC) / 2**octave
    return field


def slope(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Draw a plane of random direction, -1 at one corner and 1 at the other."""
    angle = rng.uniform(0, 2 * np.pi)
    down = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    plane = np.cos(angle) * across + np.sin(angle) * down
    return np.asarray(plane / np.abs(plane).max(), np.float32)

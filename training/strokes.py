"""Lines across print: rules and frames of tables, and the pen of whoever ticked or circled a sum."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.strips import BASELINE, CAPITALS

Gray = NDArray[np.uint8]
Rng = np.random.Generator


def crossed(gray: Gray, rng: Rng) -> Gray:
    """A line's gray strip, (HEIGHT, width), with a rule or a pen's stroke on it."""
    depth = np.zeros_like(gray)
    if rng.random() < 0.5:
        _rule(depth, rng)
    else:
        _pen(depth, rng)
    depth = np.asarray(cv2.GaussianBlur(depth, (0, 0), float(rng.uniform(0.4, 0.9))), np.uint8)
    return np.asarray(cv2.subtract(gray, depth), np.uint8)


def _rule(depth: Gray, rng: Rng) -> None:
    """A line above the capitals or below the base line, whole or dashed."""
    above = rng.random() < 0.5
    row = BASELINE - CAPITALS - rng.uniform(1, 8) if above else BASELINE + rng.uniform(1, 6)
    slope = float(rng.normal(0, 1.0))
    ends = np.sort(rng.uniform(-0.3, 1.3, 2)) * depth.shape[1]
    shade, thick = int(rng.integers(40, 200)), int(rng.integers(1, 3))
    rows = round(row), round(row + slope)
    cv2.line(depth, (round(ends[0]), rows[0]), (round(ends[1]), rows[1]), shade, thick, cv2.LINE_AA)
    if rng.random() < 0.3:
        dash = int(rng.integers(2, 7))
        gaps = np.arange(depth.shape[1]) // dash % 2 == 0
        depth[:, gaps] = 0


def _pen(depth: Gray, rng: Rng) -> None:
    """A part of a circle around the print, or of a stroke through it."""
    height, width = depth.shape
    shade, thick = int(rng.integers(60, 220)), int(rng.integers(1, 4))
    middle = round(width * rng.uniform(0, 1)), round(height * rng.uniform(0, 1))
    sizes = round(rng.uniform(8, max(9, width))), round(rng.uniform(8, 2 * height))
    start = float(rng.uniform(0, 360))
    cv2.ellipse(
        depth,
        middle,
        sizes,
        float(rng.uniform(-30, 30)),
        start,
        start + float(rng.uniform(40, 240)),
        shade,
        thick,
        cv2.LINE_AA,
    )

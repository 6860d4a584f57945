"""A photograph shrunk to what stays the same when it is sent on: no border, long side upright."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ocr.engines.base import Gray
from ocr.preprocess.shrink import halved
from ocr.traces.codes import SKETCH_SIDE, Sketch

_LOOK_SIDE: Final = 256
# A bar that an app puts round a picture is one gray, give or take a few levels of compression, over
# most of each row: a clock or a caption may stand on it.
_BAR_LEVELS: Final = 6
_BAR_SHARE: Final = 0.8
_BAR_NOISE_MAX: Final = 1.5
_BAR_LENGTH_MIN: Final = 0.01
_BAR_LENGTH_MAX: Final = 0.45


def sketch_of(photo: Gray) -> Sketch:
    """Shrink a photograph to its sketch.

    Args:
        photo: (height, width) uint8.
    """
    small = photo
    while max(small.shape) >= 2 * _LOOK_SIDE and min(small.shape) > 1:
        small = halved(small)
    shrink = min(1.0, _LOOK_SIDE / max(small.shape))
    small = np.asarray(cv2.resize(small, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    whole = _without_bars(small)
    if whole.shape[1] > whole.shape[0]:
        whole = np.ascontiguousarray(np.rot90(whole))
    pixels = cv2.resize(whole, (SKETCH_SIDE, SKETCH_SIDE), interpolation=cv2.INTER_AREA)
    return Sketch(np.asarray(pixels, np.uint8), whole.shape[0] / whole.shape[1])


def _without_bars(small: Gray) -> Gray:
    top, bottom = _bar_length(small), _bar_length(small[::-1])
    kept = small[top : len(small) - bottom]
    left, right = _bar_length(kept.T), _bar_length(kept.T[::-1])
    return kept[:, left : kept.shape[1] - right]


def _bar_length(rows: Gray) -> int:
    """How many of the first rows are a uniform bar; 0 unless the bar ends where the picture begins."""
    gap = np.abs(rows.astype(np.int16) - np.int16(np.median(rows[:2])))
    share = (gap <= _BAR_LEVELS).mean(axis=1)
    length = int(np.argmin(np.append(share >= _BAR_SHARE, False)))
    length = min(length, int(len(rows) * _BAR_LENGTH_MAX))
    if length < max(2, len(rows) * _BAR_LENGTH_MIN) or length + 1 >= len(rows):
        return 0
    bar = rows[:length][gap[:length] <= _BAR_LEVELS]
    # A plain table top fades into the picture and has a camera's noise; a bar does neither.
    sudden = share[length + 1] <= 0.5  # noqa: PLR2004 - half of the row
    return length if sudden and float(bar.std()) <= _BAR_NOISE_MAX else 0

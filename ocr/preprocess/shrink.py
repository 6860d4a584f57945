"""Smaller copies of pictures."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.engines.base import Gray


def halved(gray: Gray) -> Gray:
    """Half as many pixels each way, each the mean of four; an odd last row or column is left out.

    Ten times as cheap as shrinking by any other factor.
    """
    height, width = gray.shape
    even = gray[: height // 2 * 2, : width // 2 * 2]
    return np.asarray(cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)

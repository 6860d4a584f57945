"""Real lines: cuts of scanned receipts with their transcripts, shaken as the line finder would shake them.

The transcripts are in capitals, whatever the print is: training folds their case.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.strips import BASELINE, HEIGHT, Strip, to_depth
from ocr.preprocess.normalise import PAPER

# A kept cut has this much paper around the strip that the finder would cut, on each side, in its pixels.
AROUND: Final = 8
_WIDTH_MAX: Final = 416


class RealLines:
    """Lines of a file that `training.cuts` wrote, drawn at random."""

    def __init__(self, file: Path, seed: int) -> None:
        """Load the lines of the training part.

        Raises:
            OSError: The file cannot be read.
        """
        self._cuts, self._texts = load(file, "train")
        self._rng = np.random.Generator(np.random.PCG64([seed, 2]))

    def draw(self) -> tuple[Strip, str]:
        """Draw a line, moved and worn a little."""
        number = int(self._rng.integers(len(self._texts)))
        return shaken(self._cuts[number], self._rng), self._texts[number]


def load(file: Path, part: str) -> tuple[list[NDArray[np.uint8]], list[str]]:
    """The cuts and texts of one part: `train`, `validation` or `test`.

    Raises:
        OSError: The file cannot be read.
    """
    with np.load(file, allow_pickle=False) as kept:
        widths, pixels = kept[f"{part}_widths"], kept[f"{part}_pixels"]
        texts = [str(text) for text in kept[f"{part}_texts"]]
    ends = np.cumsum(widths)
    cuts = [pixels[:, end - width : end] for end, width in zip(ends.tolist(), widths.tolist(), strict=True)]
    return cuts, texts


def plain(cut: NDArray[np.uint8]) -> Strip:
    """The strip as the line finder cuts it."""
    return to_depth(np.ascontiguousarray(cut[AROUND:-AROUND, AROUND:-AROUND]))


def shaken(cut: NDArray[np.uint8], rng: np.random.Generator) -> Strip:
    """The strip moved, scaled, tilted and worn a little."""
    scale, stretch = np.exp(rng.normal(0, [0.07, 0.09])).tolist()
    width = max(8, round((cut.shape[1] - 2 * AROUND) * scale * stretch))
    if width > _WIDTH_MAX:
        return plain(cut)
    left, down = rng.normal(0, [2.0, 1.2]).tolist()
    slope, slant = rng.normal(0, [0.008, 0.04]).tolist()
    middle = width / 2
    move = np.array(
        [
            [scale * stretch, -slant, slant * (BASELINE + AROUND) - AROUND * scale * stretch + left],
            [slope, scale, BASELINE - scale * (BASELINE + AROUND) + down - slope * middle],
        ]
    )
    gray = cv2.warpAffine(cut, move, (width, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    wear = rng.random()
    if wear < 0.2:
        gray = cv2.GaussianBlur(gray, (0, 0), float(rng.uniform(0.4, 1.0)))
    elif wear < 0.3:
        gray = cv2.addWeighted(gray, 1.6, cv2.GaussianBlur(gray, (0, 0), 1.0), -0.6, 0)
    if rng.random() < 0.4:
        noise = float(rng.uniform(1, 14)) * rng.standard_normal(gray.shape, np.float32)
        gray = np.asarray(np.clip(gray + noise, 0, 255), np.uint8)
    if rng.random() < 0.3:
        # Fainter print: nearer to the paper.
        gray = cv2.addWeighted(
            np.asarray(gray, np.uint8), float(rng.uniform(0.3, 0.9)), np.full_like(gray, PAPER), 0, 0
        )
        gray = np.asarray(gray, np.uint8) + np.uint8(max(0, PAPER - int(np.percentile(gray, 90))))
    return to_depth(np.asarray(gray, np.uint8))

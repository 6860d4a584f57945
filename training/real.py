"""Real lines: cuts of scanned receipts with their transcripts, shaken as the line finder would shake them.

The transcripts are in capitals, whatever the print is: training folds their case.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.strips import BASELINE, HEIGHT, Strip, to_depth
from ocr.preprocess.normalise import PAPER
from training.recombine import Recombiner
from training.strokes import crossed

# A kept cut has this much paper around the strip that the finder would cut, on each side, in its pixels.
AROUND: Final = 8
_WIDTH_MAX: Final = 416
# Bounds of how lines are drawn: as they are, with other characters of their receipt, of its words.
_AS_IT_IS, _OTHER_CHARACTERS = 0.4, 0.75
_NEIGHBOURS_SHARE: Final = 0.15


class RealLines:
    """Lines of a file that `training.cuts` wrote, drawn at random."""

    def __init__(self, file: Path, seed: int) -> None:
        """Load the lines of the training part.

        Raises:
            OSError: The file cannot be read.
        """
        self._cuts, self._texts = load(file, "train")
        self._rng = np.random.Generator(np.random.PCG64([seed, 2]))
        with np.load(file, allow_pickle=False) as kept:
            ends = np.cumsum(kept["train_edge_counts"])
            edges = np.split(kept["train_edges"], ends[:-1])
            receipts = kept["train_receipts"].tolist()
        self._recombiner = Recombiner(self._cuts, self._texts, receipts, edges, AROUND)
        # What stands on every receipt is drawn less often than that makes it, what is rare more often.
        counts = Counter(self._texts)
        weights = np.array([counts[text] ** -0.5 for text in self._texts])
        self._bounds = np.cumsum(weights / weights.sum())

    def draw(self) -> tuple[Strip, str]:
        """Draw a line, as it is or joined anew, moved and worn."""
        rng = self._rng
        kind = rng.random() if self._recombiner.usable else 0.0
        if kind < _AS_IT_IS:
            number = min(int(np.searchsorted(self._bounds, rng.random())), len(self._texts) - 1)
            gray, text = self._cuts[number], self._texts[number]
        elif kind < _OTHER_CHARACTERS:
            gray, text = self._recombiner.with_others(rng)
        else:
            gray, text = self._recombiner.of_words(rng)
        if rng.random() < _NEIGHBOURS_SHARE:
            gray = _with_neighbour(gray, self._cuts[int(rng.integers(len(self._cuts)))], rng)
        return shaken(gray, rng), text


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
    """The strip moved, scaled, tilted and worn."""
    scale, stretch = np.exp(rng.normal(0, [0.08, 0.11])).tolist()
    width = max(8, round((cut.shape[1] - 2 * AROUND) * scale * stretch))
    if width > _WIDTH_MAX:
        return plain(cut)
    left, down = rng.normal(0, [2.0, 1.3]).tolist()
    slope = float(rng.normal(0, 0.008))
    # Now and then print in italics.
    slant = float(rng.normal(0, 0.04) if rng.random() < 0.9 else rng.uniform(-0.3, 0.1))
    middle = width / 2
    move = np.array(
        [
            [scale * stretch, slant, -slant * (BASELINE + AROUND) - AROUND * scale * stretch + left],
            [slope, scale, BASELINE - scale * (BASELINE + AROUND) + down - slope * middle],
        ]
    )
    gray = cv2.warpAffine(cut, move, (width, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.1:
        gray = crossed(np.asarray(gray, np.uint8), rng)
    gray = _blurred(_inked(np.asarray(gray, np.uint8), rng), rng)
    if rng.random() < 0.4:
        noise = float(rng.uniform(1, 16)) * rng.standard_normal(gray.shape, np.float32)
        gray = np.asarray(np.clip(gray + noise, 0, 255), np.uint8)
    if rng.random() < 0.12:
        gray = _clouded(np.asarray(gray, np.uint8), rng)
    if rng.random() < 0.3:
        # Fainter print: nearer to the paper.
        gray = cv2.addWeighted(
            np.asarray(gray, np.uint8), float(rng.uniform(0.3, 0.9)), np.full_like(gray, PAPER), 0, 0
        )
        gray = np.asarray(gray, np.uint8) + np.uint8(max(0, PAPER - int(np.percentile(gray, 90))))
    return to_depth(np.asarray(gray, np.uint8))


def _with_neighbour(
    cut: NDArray[np.uint8], other: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """With the feet or the heads of another line so near that they show above or below."""
    pitch = int(rng.integers(19, 27)) * (1 if rng.random() < 0.5 else -1)
    width = min(cut.shape[1], other.shape[1])
    left = int(rng.integers(0, cut.shape[1] - width + 1))
    moved = np.full_like(cut, 255)
    rows = cut.shape[0] - abs(pitch)
    if pitch > 0:
        moved[pitch:, left : left + width] = other[:rows, :width]
    else:
        moved[:rows, left : left + width] = other[-pitch:, :width]
    return np.asarray(np.minimum(cut, moved), np.uint8)


def _inked(gray: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """With more ink or less: bled, thinned, or as a scanner in black and white leaves it."""
    kind = rng.random()
    if kind < 0.14:
        kernel = np.ones(((1, 2), (2, 1), (2, 2))[int(rng.integers(3))], np.uint8)
        worn = cv2.erode(gray, kernel) if rng.random() < 0.6 else cv2.dilate(gray, kernel)
        share = float(rng.uniform(0.4, 1.0))
        return np.asarray(cv2.addWeighted(worn, share, gray, 1 - share, 0), np.uint8)
    if kind < 0.24:
        dark, light = (float(part) for part in np.percentile(gray, (2, 80)))
        middle = dark + (light - dark) * rng.uniform(0.35, 0.7)
        steep = float(rng.uniform(0.04, 0.2))
        raised = 1 / (1 + np.exp(-steep * (gray.astype(np.float32) - middle)))
        return np.asarray(dark + (light - dark) * raised, np.uint8)
    return gray


def _blurred(gray: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blurred, sharpened, coarser, or compressed."""
    wear = rng.random()
    if wear < 0.2:
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), float(rng.uniform(0.4, 1.1))), np.uint8)
    elif wear < 0.3:
        gray = np.asarray(cv2.addWeighted(gray, 1.6, cv2.GaussianBlur(gray, (0, 0), 1.0), -0.6, 0), np.uint8)
    elif wear < 0.5:
        share = float(rng.uniform(0.45, 0.85))
        coarse = cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        gray = np.asarray(cv2.resize(coarse, gray.shape[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)
    if rng.random() < 0.2:
        _, coded = cv2.imencode(".jpg", gray, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(18, 75))))
        gray = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return gray


def _clouded(gray: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """With dark patches of dirty paper, or light ones where the print has faded."""
    coarse = rng.random((int(rng.integers(3, 9)), max(2, gray.shape[1] // int(rng.integers(5, 40)))))
    patches = cv2.resize(coarse.astype(np.float32), gray.shape[::-1], interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.5:
        darker = gray - float(rng.uniform(10, 70)) * patches
        return np.asarray(np.clip(darker, 0, 255), np.uint8)
    fading = float(rng.uniform(0.3, 0.85)) * patches.clip(0, 1)
    return np.asarray(np.clip(gray + fading * (PAPER - gray.astype(np.float32)), 0, 255), np.uint8)

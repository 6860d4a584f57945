"""Words put onto a photograph later: sharper than all the print around them.

A camera blurs all print of one paper alike, changing slowly over the frame. What is painted over
and typed anew has a program's edges (docs/decisions/0054).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.preprocess.quantile import quantile
from ocr.types import Box

Floats = NDArray[np.float64]

_WORDS_MIN: Final = 12
_WORDS_MAX: Final = 160
_LETTERS_MIN: Final = 3
_CONFIDENCE_MIN: Final = 0.5
# Logos, headings and large totals are printed by other means: only words of the usual height compare.
_HEIGHTS: Final = (0.6, 1.6)
_GROUND: Final = np.ones((21, 21), np.uint8)
_RIM: Final = np.ones((3, 3), np.uint8)
_NEAR: Final = np.ones((5, 5), np.uint8)
_PIXELS_MIN: Final = 100
_INK: Final = 0.25
_MARGIN: Final = 3
_HARDLY_SEEN: Final = 16
_LIGHT_BOX: Final = (17, 17)
_PAPER: Final = 200.0
# Spread of edges, in natural logarithms, below which differences are chance.
_SPREAD_MIN: Final = 0.03
# Changed words are few, but a changed figure stands in several places.
_CHANGED_MIN: Final = 3
_CHANGED_SHARE_MAX: Final = 0.12
_SCORE_MIN: Final = 1.5
# Gaps, in spreads, between the changed words and the rest: half sure, sure.
_GAPS: Final = (0.7, 1.4)


@dataclass(frozen=True, slots=True)
class PrintedWord:
    """A word that was read, its box in pixels of the photograph as it is given here."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Misfit:
    """Words that were made otherwise than the rest of the print. `strength` is 0 to 1."""

    boxes: tuple[Box, ...]
    strength: float


def misfit(photo: Gray, words: Sequence[PrintedWord]) -> Misfit | None:
    """Find the words that are sharper than the rest, with a gap to it.

    Args:
        photo: (height, width) uint8.
        words: What was read from it.

    Returns:
        None where all fit, or too few words were read to compare.
    """
    compared = []
    edges = []
    for word in _comparable(words):
        edge = _edge(photo, word.box)
        if edge is not None:
            compared.append(word)
            edges.append(edge)
    if len(edges) < _WORDS_MIN:
        return None
    scores = _scores(np.array(edges), _surface(compared))
    order = np.argsort(-scores)
    ranked = scores[order]
    most = max(_CHANGED_MIN, round(_CHANGED_SHARE_MAX * len(ranked)))
    count = max(range(_CHANGED_MIN, most + 1), key=lambda count: float(ranked[count - 1] - ranked[count]))
    gap = float(ranked[count - 1] - ranked[count])
    if ranked[count - 1] < _SCORE_MIN or gap < _GAPS[0]:
        return None
    strength = min(1.0, 0.5 + 0.5 * (gap - _GAPS[0]) / (_GAPS[1] - _GAPS[0]))
    return Misfit(tuple(compared[int(number)].box for number in order[:count]), strength)


def _comparable(words: Sequence[PrintedWord]) -> list[PrintedWord]:
    sure = [
        word
        for word in words
        if word.confidence >= _CONFIDENCE_MIN and sum(map(str.isalnum, word.text)) >= _LETTERS_MIN
    ]
    if not sure:
        return []
    usual = float(np.median([_height(word) for word in sure]))
    fitting = [word for word in sure if _HEIGHTS[0] * usual < _height(word) < _HEIGHTS[1] * usual]
    # Cheats change figures, so where words are many, those without any go first.
    fitting.sort(key=lambda word: not any(map(str.isdigit, word.text)))
    return fitting[:_WORDS_MAX]


def _height(word: PrintedWord) -> int:
    return word.box[3] - word.box[1]


def _edge(photo: Gray, box: Box) -> float | None:
    """Log of how steep a word's edges are, as a share of its contrast."""
    left, top = max(0, box[0] - _MARGIN), max(0, box[1] - _MARGIN)
    word = photo[top : box[3] + _MARGIN, left : box[2] + _MARGIN]
    if word.size < _PIXELS_MIN:
        return None
    ground = cv2.morphologyEx(word, cv2.MORPH_CLOSE, _GROUND)
    # Ink is darker than its ground by a share of that and of what is hardly seen.
    lightest = cv2.convertScaleAbs(ground, alpha=1 - _INK, beta=-_INK * _HARDLY_SEEN)
    ink = np.asarray(cv2.compare(word, lightest, cv2.CMP_LT), np.uint8)
    blank = np.asarray(cv2.dilate(ink, _NEAR) == 0, np.uint8)
    if cv2.countNonZero(ink) < 15 or cv2.countNonZero(blank) < 25:  # noqa: PLR2004 - too little to measure
        return None
    # A shadow's rim across a word is no edge of its letters: print is measured as a share of its ground. Two
    # boxes come to a Gaussian, at less than half its cost.
    around = cv2.blur(cv2.blur(ground.astype(np.float32), _LIGHT_BOX), _LIGHT_BOX)
    light = cv2.divide(word.astype(np.float32), around + 1, scale=_PAPER)
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    steepness = cv2.magnitude(across, down)
    # Blank pixels are many and alike: every second one tells their middle.
    contrast = quantile(light[blank > 0][::2], 0.5) - quantile(light[ink > 0], 0.15)
    steep = quantile(steepness[cv2.dilate(ink, _RIM) > 0], 0.9) / 8
    return log(steep / max(8.0, contrast) + 1e-3)


def _surface(words: Sequence[PrintedWord]) -> Floats:
    """What blur over a frame may follow: place down, bent, and across; and whether figures are meant."""
    boxes = np.array([word.box for word in words], np.float64)
    across, down = boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)
    across, down = ((place - place.mean()) / (np.ptp(place) + 1) for place in (across, down))
    figures = [sum(map(str.isdigit, word.text)) >= _LETTERS_MIN for word in words]
    return np.stack([np.ones(len(words)), down, down * down, across, np.array(figures, np.float64)], axis=1)


def _scores(values: Floats, surface: Floats) -> Floats:
    """How many spreads each value lies off the surface that fits most of them."""
    weights = np.ones(len(values))
    rest, spread = values, _SPREAD_MIN
    for _ in range(5):
        fit, *_ = np.linalg.lstsq(surface * weights[:, None], values * weights, rcond=None)
        rest = values - surface @ fit
        spread = 1.48 * float(np.median(np.abs(rest))) + _SPREAD_MIN
        weights = np.clip(2 * spread / np.maximum(np.abs(rest), 1e-9), 0, 1)
    return np.asarray(rest / spread, np.float64)

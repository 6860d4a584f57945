"""A photograph of a screen: its pixels' colours beat against the camera's (docs/decisions/0052).

Paper is one colour and print another, so what their colour does follows what their light does. A
screen shows every colour by stripes of red, green and blue: a fine, regular pattern of colour that
follows no light, alike all over the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Colour = NDArray[np.uint8]

PATCH: Final = 128
# Rows of a patch's waves of which the other rows hold the other ends; of the last row one half does.
_HALF: Final = PATCH // 2 + 1
_PATCHES: Final = 10
_PATCHES_MIN: Final = 4
_LOOK: Final = 16
# Coarser patterns than this, in waves a patch, are folds, shadows and cloth.
_WAVES_MIN: Final = 8
# A pattern weaker than this, in levels of colour, is the noise of compression.
_AMPLITUDE_MIN: Final = 0.15
_SMOOTH: Final = (9, 11, 11)
_AROUND: Final = 15
# How many waves of a patch must stand out: one alone may be chance. Each is seen at both its ends.
_PEAKS: Final = 4
# Paper's patches stay below this: once most of a picture's do, it shows no screen, and no more are looked at.
_PAPER_MAX: Final = 4.0

_ramp = np.hanning(PATCH).astype(np.float32)
_WINDOW: Final = np.outer(_ramp, _ramp).astype(np.float32)
_offsets = np.arange(PATCH) - PATCH // 2
_RADIUS: Final = np.hypot(_offsets[:, None], _offsets[None, :])
# Both ends of a wave are alike, and the finest cannot be told from its neighbour.
_SEEN: Final = (
    (_RADIUS >= _WAVES_MIN) & (_offsets[:, None] > -PATCH // 2 + 1) & (_offsets[None, :] > -PATCH // 2 + 1)
)[:_HALF]
_SEEN[-1, PATCH // 2 :] = False
# The power of the weakest pattern that counts.
_STRONG: Final = 2 * (_AMPLITUDE_MIN * float(_WINDOW.sum()) / 2) ** 2


@dataclass(frozen=True, slots=True)
class Pattern:
    """The regular colour in a picture.

    `height` is how far its power stands above that of its surroundings, in natural logarithms, in
    the middle one of `patches` patches; `period` is in pixels of the colour picture given.
    """

    height: float
    period: float
    patches: int


def colour_pattern(colour: Colour) -> Pattern:
    """Look for the regular colour of a screen.

    Args:
        colour: (height, width, 3) uint8, light first, then two colour differences (YCbCr).

    Returns:
        The pattern; of no height where the picture is too small to tell.
    """
    light = np.ascontiguousarray(colour[..., 0])
    if min(light.shape) < PATCH:
        return Pattern(0.0, 0.0, 0)
    corners = _bright(light)
    if len(corners) < _PATCHES_MIN:
        return Pattern(0.0, 0.0, len(corners))
    found: list[tuple[float, float]] = []
    for top, left in corners:
        found.append(_patch_pattern(colour[top : top + PATCH, left : left + PATCH]))
        if sum(height < _PAPER_MAX for height, _ in found) > len(corners) / 2:
            break
    heights = [height for height, _ in found]
    height = float(np.median(heights))
    middle = int(np.argmin(np.abs(np.array(heights) - height)))
    return Pattern(height, found[middle][1], len(found))


def _bright(light: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Corners of the lightest patches that don't lie on each other: paper, or what shows it."""
    height, width = light.shape
    small = cv2.resize(light, (width // _LOOK, height // _LOOK), interpolation=cv2.INTER_AREA)
    reach = PATCH // _LOOK
    mean = cv2.blur(small, (reach, reach)).astype(np.float32)
    border = reach // 2
    mean[:border] = mean[-border:] = mean[:, :border] = mean[:, -border:] = 0
    corners = []
    for _ in range(_PATCHES):
        row, column = np.unravel_index(int(mean.argmax()), mean.shape)
        if mean[row, column] <= 0:
            break
        top = int(np.clip(row * _LOOK - PATCH // 2, 0, height - PATCH))
        left = int(np.clip(column * _LOOK - PATCH // 2, 0, width - PATCH))
        corners.append((top, left))
        mean[max(0, row - reach + 1) : row + reach, max(0, column - reach + 1) : column + reach] = 0
    return corners


def _patch_pattern(patch: Colour) -> tuple[float, float]:
    """How far the strongest regular colour stands out, and its period in pixels."""
    light, *tints = cv2.split(_detail(patch))
    # Coloured ink on tinted paper: the part of the colour that follows the light is no pattern.
    lit = float((light * light).sum()) + 1
    owns = [(tint - float((light * tint).sum()) / lit * light) * _WINDOW for tint in tints]
    # Both at once, as real and imaginary part of one picture: a wave's two ends hold the power of both.
    waves = cv2.dft(cv2.merge(owns), flags=cv2.DFT_COMPLEX_OUTPUT)
    power = waves[..., 0] ** 2 + waves[..., 1] ** 2
    power = (power + np.roll(power[::-1, ::-1], (1, 1), (0, 1))) / 2
    # The waves of one half are those of the other again: only what lies around the first half's is needed.
    power = np.fft.fftshift(power)[: _HALF + _AROUND // 2]
    strong = _SEEN & (power[:_HALF] > _STRONG)
    if np.count_nonzero(strong) < _PEAKS // 2:
        return 0.0, 0.0
    level = np.asarray(cv2.log(power + np.float32(1e-3)), np.float32)
    low, high = float(level.min()), float(level.max())
    scaled = np.asarray((level - low) * (255 / max(1e-6, high - low)), np.uint8)
    around = cv2.medianBlur(scaled, _AROUND).astype(np.float32) * ((high - low) / 255) + low
    standing = np.where(strong, (level - around)[:_HALF], 0.0)
    peak = int(standing.argmax())
    height = float(np.partition(standing.ravel(), -_PEAKS // 2)[-_PEAKS // 2])
    return height, PATCH / float(_RADIUS.ravel()[peak]) if height else 0.0


def _detail(patch: Colour) -> Floats:
    """What is finer than some pixels; three boxes in turn come to a Gaussian, at half its cost."""
    around = planes = patch.astype(np.float32)
    for side in _SMOOTH:
        around = np.asarray(cv2.blur(around, (side, side)), np.float32)
    return np.asarray(planes - around, np.float32)

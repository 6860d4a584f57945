"""Ticks of a pen before print: who checks a receipt at home ticks its lines off, and `✓OMO` is no `VOMO`."""

from __future__ import annotations

from typing import Final

import numpy as np

from ocr.engines.ctc import Glyph
from ocr.engines.strips import CAPITALS, MARGIN, Strip
from ocr.preprocess.components import connected

# What a tick is read as.
_READ_AS: Final = frozenset("Vv/√")
# A pen's ink is fainter than print: what is this share of the darkest at the strip's beginning is ink.
_INK: Final = 0.27
# A tick is about as large as a capital; what goes on to the right of that is print that it touches.
_WIDTH_MAX: Final = round(1.3 * CAPITALS)
_HEIGHT_MIN: Final = round(0.6 * CAPITALS)
# The letter's arms begin at one height. A tick's left arm begins so far down, as a share of its height,
# and not at its foot, where a slash does.
_LEFT_ARM: Final = (0.2, 0.75)
_HOOK_MIN: Final = 0.08
# The columns of the left arm's beginning, as a share of its width.
_BEGINNING: Final = 0.2


def without_tick(strip: Strip, glyphs: list[Glyph]) -> list[Glyph]:
    """What was read of a strip, without a tick that stands first.

    Args:
        strip: The strip as the network took it.
        glyphs: What was read of it, from left to right.
    """
    if not glyphs or glyphs[0].text not in _READ_AS or not is_tick(strip):
        return glyphs
    rest = glyphs[1:]
    return rest[1:] if rest and rest[0].text == " " else rest


def is_tick(strip: Strip) -> bool:
    """Whether the ink that stands first in a strip is a pen's tick rather than a letter."""
    begun = strip[:, : MARGIN + _WIDTH_MAX // 2]
    first = strip[:, : 2 * MARGIN + 2 * _WIDTH_MAX] > _INK * int(begun.max(initial=0))
    numbers, stats = connected(first.view(np.uint8))
    tall = [number for number in range(1, len(stats)) if stats[number][3] >= _HEIGHT_MIN]
    if not tall:
        return False
    number = min(tall, key=lambda one: int(stats[one][0]))
    left, top, width, height, _ = stats[number].tolist()
    ink = numbers[top : top + height, left : left + min(width, _WIDTH_MAX)] == number
    rows = np.flatnonzero(ink[:, : max(1, round(_BEGINNING * ink.shape[1]))].any(axis=1))
    foot = np.flatnonzero(ink.any(axis=1))[-1]
    begins, ends = rows[0] / height, (foot - rows[-1]) / height
    return bool(_LEFT_ARM[0] <= begins <= _LEFT_ARM[1] and ends >= _HOOK_MIN)

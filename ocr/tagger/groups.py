"""Figures that a till parts with spaces, as 12 500, are one figure in several words."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ocr.tagger.letters import Letters

# Groups of one figure stand nearer to each other than this, in heights of the print.
_GAP_MAX: Final = 0.75
# A till that parts figures so does it more than once, and hardly prints them otherwise.
_PAIRS_MIN: Final = 3
_OTHERS_MAX: Final = 0.25
_GROUP: Final = 3
_DIGITS_MAX: Final = 9


def with_joined_groups(
    letters: Letters, boxes: NDArray[np.float64], line_of: NDArray[np.intp]
) -> tuple[Letters, NDArray[np.bool_]]:
    """The letters with every part of such a figure worth the whole; and which words go on with one.

    Args:
        letters: Of all words.
        boxes: (words, 4) in heights of the print.
        line_of: Each word's line.
    """
    whole = letters.figure & (letters.decimals == 0)
    gap = np.concatenate(([np.inf], boxes[1:, 0] - boxes[:-1, 2]))
    same = np.concatenate(([False], line_of[1:] == line_of[:-1]))
    before = np.concatenate(([False], whole[:-1] & (letters.digits[:-1] <= _GROUP)))
    group = (
        letters.figure
        & (letters.digits == _GROUP)
        & ((letters.decimals == 0) | (letters.decimals == _GROUP - 1))
    )
    goes_on = group & (letters.value >= 0) & before & same & (gap < _GAP_MAX)
    parted = int((letters.figure & (letters.decimals == _GROUP)).sum())
    pairs = int(goes_on.sum())
    if pairs < _PAIRS_MIN or parted > _OTHERS_MAX * pairs:
        return letters, np.zeros(len(line_of), np.bool_)
    value, digits = letters.value.copy(), letters.digits.copy()
    for word in np.flatnonzero(goes_on).tolist():
        joined = abs(value[word - 1]) * 1000 + letters.value[word]
        value[word] = -joined if value[word - 1] < 0 else joined
        digits[word] += digits[word - 1]
    for word in np.flatnonzero(goes_on)[::-1].tolist():
        value[word - 1], digits[word - 1] = value[word], digits[word]
    digits = np.minimum(digits, max(_DIGITS_MAX, int(letters.digits.max())))
    return replace(
        letters, value=value, measure=np.where(value == letters.value, letters.measure, value), digits=digits
    ), goes_on

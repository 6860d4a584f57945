"""Which figures of a receipt sum up with which: q x p = a, a - d = n, sums of a column, equal figures.

These are hints for the network, not proofs: only figures near each other are tried.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ocr.tagger.letters import Letters

RELATIONS: Final = 17
# Figures this many places before and behind are tried.
_REACH: Final = 7
_LINES_MAX: Final = 4
_DIGITS_MAX: Final = 10
# A printed amount is rounded to its last place; money without decimals to one unit.
_ROUNDED: Final = 0.51


def relations_of(
    letters: Letters, goes_on: NDArray[np.bool_], line_of: NDArray[np.intp], near: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(words, RELATIONS): flags of the sums that each word's figure takes part in.

    A word that `goes_on` belongs to the figure of the word before and shares its flags.
    """
    found = np.zeros((len(line_of), RELATIONS))
    chosen = np.flatnonzero(letters.figure & ~goes_on & (letters.digits <= _DIGITS_MAX))
    if not len(chosen):
        return found
    value, measure = letters.value[chosen], letters.measure[chosen]
    line = line_of[chosen]
    around = _around(line)
    own = np.zeros((len(chosen), RELATIONS))
    _products(own, value, measure, letters.decimals[chosen], around)
    _differences(own, value, around)
    _equals(own, value, line, around)
    _sums(own, value, line)
    found[chosen] = own
    heads = np.maximum.accumulate(np.where(goes_on, 0, np.arange(len(goes_on))))
    found = found[heads]
    # Whether the neighbours right and left are figures, and so which sums can stand in the line at all.
    figure = np.concatenate(([False], letters.figure))
    found[:, 15] = figure[near[:, 0]]
    found[:, 16] = figure[near[:, 2]]
    return found


def _around(line: NDArray[np.intp]) -> NDArray[np.intp]:
    """(figures, 2 x reach): the figures near each, -1 where there is none."""
    steps = np.concatenate((np.arange(-_REACH, 0), np.arange(1, _REACH + 1)))
    other = np.arange(len(line))[:, None] + steps
    there = (other >= 0) & (other < len(line))
    other = np.clip(other, 0, len(line) - 1)
    there &= np.abs(line[other] - line[:, None]) <= _LINES_MAX
    return np.where(there, other, -1)


def _products(
    own: NDArray[np.float64],
    value: NDArray[np.float64],
    measure: NDArray[np.float64],
    decimals: NDArray[np.intp],
    around: NDArray[np.intp],
) -> None:
    """Columns 0 to 2: quantity, price, amount of a product."""
    there = around >= 0
    quantity = np.where(there & (measure[around] > 0) & (measure[around] != 1), measure[around], np.nan)
    price = np.where(there & (value[around] != 1), value[around], np.nan)
    whole = quantity == np.floor(quantity)
    place = np.where(decimals == 2, 0.01, 1.0)  # noqa: PLR2004 - cents
    slack = np.where(whole, 1e-6, _ROUNDED)[:, :, None] * place[:, None, None] + 1e-6
    product = quantity[:, :, None] * price[:, None, :]
    hit = np.abs(product - np.abs(value)[:, None, None]) <= slack
    hit &= (np.abs(value) > 0)[:, None, None]
    hit[:, np.arange(around.shape[1]), np.arange(around.shape[1])] = False
    amount, first, second = np.nonzero(hit)
    own[amount, 2] = 1
    own[around[amount, first], 0] = 1
    own[around[amount, second], 1] = 1


def _differences(own: NDArray[np.float64], value: NDArray[np.float64], around: NDArray[np.intp]) -> None:
    """Columns 3 to 5: whole, what goes off, what is left. Half of the whole is no news: a price twice."""
    size = np.abs(value)
    there = (around >= 0) & (size[around] > 0)
    other = np.where(there, size[around], np.nan)
    hit = np.abs(size[:, None, None] - other[:, :, None] - other[:, None, :]) <= 1e-6 * size[:, None, None]
    hit &= other[:, :, None] <= other[:, None, :]
    hit &= (size > 0)[:, None, None]
    hit[:, np.arange(around.shape[1]), np.arange(around.shape[1])] = False
    whole, small, large = np.nonzero(hit)
    own[whole, 3] = 1
    own[around[whole, small], 4] = 1
    own[around[whole, large], 5] = 1


def _equals(
    own: NDArray[np.float64], value: NDArray[np.float64], line: NDArray[np.intp], around: NDArray[np.intp]
) -> None:
    """Columns 6 to 11: the same figure left, right, above, below; how often; whether it is negative."""
    same = (around >= 0) & (value[around] == value[:, None]) & (value != 0)[:, None]
    apart = line[around] - line[:, None]
    before = np.arange(around.shape[1]) < _REACH
    own[:, 6] = (same & (apart == 0) & before).any(axis=1)
    own[:, 7] = (same & (apart == 0) & ~before).any(axis=1)
    own[:, 8] = (same & (apart < 0)).any(axis=1)
    own[:, 9] = (same & (apart > 0)).any(axis=1)
    _, inverse, counts = np.unique(np.abs(value), return_inverse=True, return_counts=True)
    own[:, 10] = np.minimum(counts[inverse], 6) / 3
    own[:, 11] = value < 0


def _sums(own: NDArray[np.float64], value: NDArray[np.float64], line: NDArray[np.intp]) -> None:
    """Columns 12 to 14: the sum of a run of last figures above, of the whole run, of their counts."""
    last = np.concatenate((line[1:] != line[:-1], [True]))
    column, rows = value[last], line[last]
    total = np.concatenate(([0.0], np.cumsum(column)))
    position = np.searchsorted(rows, line)
    for back in range(3):
        end = position - back
        usable = end >= 2  # noqa: PLR2004 - a sum has two parts
        run = total[np.maximum(end, 0)][:, None] - total[None, :]
        longer = np.arange(len(total))[None, :] <= (end - 2)[:, None]
        hit = usable[:, None] & longer & (np.abs(run - value[:, None]) <= 1e-6 * np.abs(value)[:, None])
        hit &= (value > 0)[:, None]
        own[:, 12] = np.maximum(own[:, 12], hit.any(axis=1))
        own[:, 13] = np.maximum(
            own[:, 13], (np.where(hit, end[:, None] - np.arange(len(total)), 0)).max(axis=1) / 20
        )
    own[:, 14] = (value == np.floor(value)) & (value > 0) & (value <= 60)  # noqa: PLR2004 - a count

"""Where each character of a known text stands on a strip, and which words of a text a piece shows.

The network that already reads a little says it: the likeliest path of its steps through the known text.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from ocr.engines.ctc import Steps
from ocr.engines.strips import Strip
from training.charset import BLANK, case_pairs, places
from training.measure import alphanumeric

# A piece's words must be this alike what was read of it (0 to 100).
_ALIKE_MIN: Final = 62
# Columns with this little of the ink that columns full of it have are a gap.
_CLEAR_SHARE: Final = 0.1
_FULL_PERCENTILE: Final = 85
# Where letters without accents stand; neighbouring lines reach in above and below.
_ROWS: Final = slice(7, 27)
_NEVER: Final = -1e9


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where characters end: `edges` (characters + 1,) columns of the strip; `sure` (characters,) 0 to 1."""

    edges: NDArray[np.int16]
    sure: NDArray[np.float32]


def align(strip: Strip, steps: Steps, text: str, stride: int) -> Alignment | None:
    """Find the columns at which a text's characters part, the case of letters aside.

    Args:
        strip: (HEIGHT, width) uint8, ink depth.
        steps: (steps, places) probabilities that the network gave for it.
        text: What stands on it.
        stride: Columns a step.

    Returns:
        None where the text has more characters than the strip has steps.
    """
    used = min(len(steps), -(-strip.shape[1] // stride))
    shares = _folded(steps[:used])
    wanted = places(text.upper())
    path = _path(np.log(np.maximum(shares, 1e-8)), wanted)
    if path is None:
        return None
    peaks, sure = [], []
    for number, place in enumerate(wanted):
        seen = np.flatnonzero(path == 2 * number + 1)
        peak = int(seen[shares[seen, place].argmax()])
        peaks.append(min(strip.shape[1] - 1, peak * stride + stride // 2))
        sure.append(float(shares[peak, place]))
    ink = _ink(strip)
    between = [_clearest(ink, one, other) for one, other in pairwise(peaks)]
    edges = np.array([0, *between, strip.shape[1]], np.int16)
    return Alignment(edges, np.array(sure, np.float32))


def clear_edges(strip: Strip, edges: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which edges cross no ink."""
    ink = np.append(_ink(strip), 0)
    return np.asarray(ink[edges] <= _CLEAR_SHARE * np.percentile(ink, _FULL_PERCENTILE))


def words_shown(read: str, text: str) -> str | None:
    """The run of a text's words that a piece shows of which this was read; None where none is alike.

    Args:
        read: What the network read of the piece.
        text: What stands on the whole line.
    """
    words = text.split()
    bare = alphanumeric(read)
    best, best_alike = None, float(_ALIKE_MIN)
    for first in range(len(words)):
        for end in range(first + 1, len(words) + 1):
            shown = " ".join(words[first:end])
            alike = fuzz.ratio(bare, alphanumeric(shown))
            if alike > best_alike:
                best, best_alike = shown, alike
    return best


def _folded(steps: Steps) -> Steps:
    """With a letter's capital bearing its small form's probability too."""
    folded = steps.copy()
    for upper, lower in case_pairs():
        folded[:, upper] = steps[:, upper] + steps[:, lower]
    return folded


def _path(logs: Steps, wanted: list[int]) -> NDArray[np.int64] | None:
    """The likeliest state of each step: 2 i + 1 is character i, even states are blank between them."""
    states = np.full(2 * len(wanted) + 1, BLANK)
    states[1::2] = wanted
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    score = np.full(len(states), _NEVER)
    score[:2] = logs[0, states[:2]]
    came = np.zeros((len(logs), len(states)), np.int64)
    for step in range(1, len(logs)):
        one = np.concatenate([[_NEVER], score[:-1]])
        two = np.where(skips, np.concatenate([[_NEVER, _NEVER], score[:-2]]), _NEVER)
        choices = np.stack([score, one, two])
        came[step] = choices.argmax(axis=0)
        score = choices.max(axis=0) + logs[step, states]
    state = int(score[-2:].argmax()) + len(states) - 2
    if score[state] < _NEVER / 2:
        return None
    path = np.zeros(len(logs), np.int64)
    for step in range(len(logs) - 1, -1, -1):
        path[step] = state
        state -= int(came[step, state])
    return path


def _ink(strip: Strip) -> NDArray[np.int32]:
    return np.asarray(strip[_ROWS].astype(np.int32).sum(axis=0), np.int32)


def _clearest(ink: NDArray[np.int32], one: int, other: int) -> int:
    """The column with the least ink between two characters' middles, the middlemost of several."""
    first, last = one + 1, max(one + 2, other)
    part = ink[first:last]
    if not len(part):
        return first
    # Noise apart, the gap's columns are alike.
    least = np.flatnonzero(part <= part.min() + 0.02 * max(1, int(ink.max())))
    return first + int(least[np.abs(least - len(part) / 2).argmin()])

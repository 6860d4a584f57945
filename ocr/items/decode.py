"""Items found among rows: the likeliest way to cut the paper into items and other rows.

A semi-Markov model over the rows. A run of at most seven rows is an item with what its tags and its
arithmetic say for it; every other row is outside. Several of the best ways are kept, so that printed sums
may choose among them, and each item's posterior over all ways says how sure it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import exp
from operator import itemgetter
from typing import Final, TypeAlias

import numpy as np

from ocr.items.segments import NAMELESS, Held, Meaning, held_in, understand
from ocr.items.tagged import Tagged, has_money
from ocr.text.money import MoneyStyle
from ocr.text.rows import Row

ROWS_MAX: Final = 7
# A row that begins an item, or goes on with one, less likely than this is not tried: an eighth of a per cent.
STEP_MIN: Final = -6.7
RUN_MIN: Final = -9.0
# What a name without figures speaks against standing alone.
ORPHAN: Final = -1.5
# What a row that begins an item but shows no money speaks against being one without a price: a side dish.
UNPRICED: Final = -2.0
WAYS_MAX: Final = 30
# Tags are surer of themselves than they are right.
TEMPERATURE: Final = 1.5
NAME_MIN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows `start` up to `end` as one item, what their figures mean, and its score as log odds."""

    start: int
    end: int
    meaning: Meaning
    score: float
    posterior: float = 1.0


# The segments of a way so far, last first: ways that part late share what they have in common.
_Taken: TypeAlias = "tuple[Segment, _Taken | None]"
_Path: TypeAlias = "tuple[float, _Taken | None]"
_score = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to read the paper: its items and its score."""

    score: float
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """The best ways, best first, and how likely the best is among all."""

    ways: tuple[Way, ...]
    posteriors: dict[tuple[int, int], float]


def decode(rows: Sequence[Row], tagged: Tagged, style: MoneyStyle) -> Decoded:
    """The best ways to cut the rows into items.

    Args:
        rows: all rows of the paper.
        tagged: what the tagger thinks of them.
        style: how the paper writes money.
    """
    named = [_is_named(row, tagged) for row in rows]
    outside = [_unsold(row, named[row.index], tagged) for row in rows]
    segments = _segments(rows, named, tagged, style)
    by_start: list[list[Segment]] = [[] for _ in rows]
    for segment in segments:
        by_start[segment.start].append(segment)
    return Decoded(_best_ways(outside, by_start), _posteriors(outside, by_start))


def _unsold(row: Row, named: bool, tagged: Tagged) -> float:  # noqa: FBT001 - one of a row's facts
    """What speaks for a row being none of an item that was paid: of no item, or of one without a price."""
    outside = tagged.step(row, "outside") + ORPHAN * named
    return outside if row.figures and has_money(row) else max(outside, tagged.step(row, "begin") + UNPRICED)


def _segments(rows: Sequence[Row], named: Sequence[bool], tagged: Tagged, style: MoneyStyle) -> list[Segment]:
    """Every run of rows that may be an item."""
    found = []
    held = [held_in(row, tagged) for row in rows]
    # Rows without figures change nothing of what the others' figures mean.
    known: dict[tuple[Held, ...], Meaning | None] = {}
    for start, first in enumerate(rows):
        steps = tagged.step(first, "begin")
        if steps < STEP_MIN:
            continue
        for end in range(start + 1, min(len(rows), start + ROWS_MAX) + 1):
            if end > start + 1:
                steps += tagged.step(rows[end - 1], "inside")
            if steps < RUN_MIN:
                break
            figures = tuple(one for row in held[start:end] for one in row)
            if figures not in known:
                known[figures] = understand(figures, style)
            meaning = known[figures]
            if meaning is not None:
                score = steps + meaning.score + (0.0 if any(named[start:end]) else NAMELESS)
                found.append(Segment(start, end, meaning, score))
    return found


def _is_named(row: Row, tagged: Tagged) -> bool:
    return any(tagged.role(row, place, "name") > NAME_MIN for place in range(len(row.tokens)))


def _best_ways(outside: Sequence[float], by_start: Sequence[Sequence[Segment]]) -> tuple[Way, ...]:
    """The best ways from the first row to the last."""
    kept: list[list[_Path]] = [[(0.0, None)], *([] for _ in outside)]
    for place, silence in enumerate(outside):
        paths = sorted(kept[place], key=_score, reverse=True)[:WAYS_MAX]
        kept[place] = []
        for score, taken in paths:
            kept[place + 1].append((score + silence, taken))
            for segment in by_start[place]:
                kept[segment.end].append((score + segment.score, (segment, taken)))
    return tuple(
        Way(score, _unrolled(taken)) for score, taken in sorted(kept[-1], key=_score, reverse=True)[:WAYS_MAX]
    )


def _unrolled(taken: _Taken | None) -> tuple[Segment, ...]:
    """The segments of a path, first to last."""
    segments = []
    while taken is not None:
        segment, taken = taken
        segments.append(segment)
    return tuple(reversed(segments))


def _posteriors(
    outside: Sequence[float], by_start: Sequence[Sequence[Segment]]
) -> dict[tuple[int, int], float]:
    """How likely each run of rows is an item, over all ways."""
    size = len(outside)
    before, after = np.full(size + 1, -np.inf), np.full(size + 1, -np.inf)
    before[0] = after[size] = 0.0
    for place in range(size):
        before[place + 1] = np.logaddexp(before[place + 1], before[place] + outside[place] / TEMPERATURE)
        for segment in by_start[place]:
            reached = before[place] + segment.score / TEMPERATURE
            before[segment.end] = np.logaddexp(before[segment.end], reached)
    for place in reversed(range(size)):
        ways = [after[place + 1] + outside[place] / TEMPERATURE]
        ways += [after[segment.end] + segment.score / TEMPERATURE for segment in by_start[place]]
        after[place] = reduce(np.logaddexp, ways)
    return {
        (segment.start, segment.end): exp(
            min(0.0, before[place] + segment.score / TEMPERATURE + after[segment.end] - before[size])
        )
        for place, begun in enumerate(by_start)
        for segment in begun
    }

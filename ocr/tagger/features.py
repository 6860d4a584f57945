"""Lines of words to the arrays that the tagger's network takes.

A word is described by its place, its letters, the figures around it that sum up with it, and its
trigrams; the network hears eight neighbours of it and then the line. Lengths are in heights of the print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ocr.tagger.groups import with_joined_groups
from ocr.tagger.letters import KIND, Letters, letters_of
from ocr.tagger.relations import RELATIONS, relations_of
from ocr.types import TextLine

# Left and right by one and two, above, below, first and last of the line.
NEIGHBOURS: Final = 8
_ALIGNED: Final = 0.4
_PLACES: Final = 25
_SHAPES: Final = 31
WORD_FEATURES: Final = _PLACES + _SHAPES + RELATIONS
LINE_FEATURES: Final = 8


@dataclass(frozen=True, slots=True)
class Features:
    """One receipt as arrays.

    `words` is (words, WORD_FEATURES), `trigrams` (words, TRIGRAMS_MAX), `near` (words, NEIGHBOURS) with
    0 for none and the neighbour's index + 1 otherwise, `line_of` (words,), `lines` (lines,
    LINE_FEATURES), `members` (lines, most words on a line) with index + 1 as in `near`; `starts`
    (lines + 1,): words of line i are starts[i]:starts[i + 1].
    """

    words: NDArray[np.float32]
    trigrams: NDArray[np.int64]
    near: NDArray[np.int64]
    line_of: NDArray[np.int64]
    lines: NDArray[np.float32]
    members: NDArray[np.int64]
    starts: NDArray[np.intp]


def features_of(lines: Sequence[TextLine]) -> Features:
    """Describe a receipt's lines, top to bottom; every line has a word, every word a letter.

    Raises:
        ValueError: There is no line.
    """
    if not lines:
        raise ValueError("A receipt without lines has no features.")
    words = [word for line in lines for word in line.words]
    boxes = np.array([word.box for word in words], np.float64)
    counts = np.fromiter((len(line.words) for line in lines), np.intp, len(lines))
    starts = np.concatenate(([0], np.cumsum(counts)))
    line_of = np.repeat(np.arange(len(lines)), counts)
    pages = np.fromiter((line.page for line in lines), np.intp, len(lines))
    confidence = np.fromiter((word.confidence for word in words), np.float64, len(words))
    letters = letters_of([word.text or "?" for word in words])
    boxes = _normalised(boxes, pages[line_of])
    letters, goes_on = with_joined_groups(letters, boxes, line_of)
    near = _neighbours(boxes, line_of, starts)
    places, line_rows = _places(boxes, line_of, starts, pages, letters)
    described = np.concatenate(
        [places, _shapes(letters, confidence), relations_of(letters, goes_on, line_of, near)], axis=1
    )
    steps = np.arange(counts.max())
    members = np.where(steps < counts[:, None], starts[:-1, None] + steps + 1, 0)
    return Features(
        words=described.astype(np.float32),
        trigrams=letters.trigrams,
        near=near,
        line_of=line_of.astype(np.int64),
        lines=line_rows.astype(np.float32),
        members=members.astype(np.int64),
        starts=starts,
    )


def _normalised(boxes: NDArray[np.float64], page: NDArray[np.intp]) -> NDArray[np.float64]:
    """Boxes with the print's left edge at 0 and its usual height 1, each page by itself."""
    scaled = np.empty_like(boxes)
    for number in np.unique(page):
        chosen = page == number
        own = boxes[chosen]
        height = max(1.0, float(np.median(own[:, 3] - own[:, 1])))
        left = float(np.quantile(own[:, 0], 0.02))
        top = float(own[:, 1].min())
        scaled[chosen] = (own - [left, top, left, top]) / height
    return scaled


def _neighbours(
    boxes: NDArray[np.float64], line_of: NDArray[np.intp], starts: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Index + 1 of each word's neighbours."""
    count = len(boxes)
    index = np.arange(count)
    first, last = starts[line_of], starts[line_of + 1] - 1
    near = np.zeros((count, NEIGHBOURS), np.int64)
    for column, step in enumerate((-1, -2, 1, 2)):
        other = index + step
        near[:, column] = np.where((other >= first) & (other <= last), other + 1, 0)
    near[:, 4] = _across(boxes, line_of, starts, -1)
    near[:, 5] = _across(boxes, line_of, starts, 1)
    near[:, 6], near[:, 7] = first + 1, last + 1
    return near


def _across(
    boxes: NDArray[np.float64], line_of: NDArray[np.intp], starts: NDArray[np.intp], step: int
) -> NDArray[np.int64]:
    """Index + 1 of the word in the next line, or the one before, that lies or ends nearest."""
    lines = len(starts) - 1
    other = line_of + step
    there = (other >= 0) & (other < lines)
    line = np.clip(other, 0, lines - 1)
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    # Middles rise within a line where words stand left to right; a far stride keeps lines apart.
    stride = np.ptp(middles) + 1000.0
    keys = np.maximum.accumulate(line_of * stride + middles - middles.min())
    place = np.searchsorted(keys, line * stride + middles - middles.min())
    first, last = starts[line], starts[line + 1] - 1
    best = np.clip(place, first, last)
    least = _apart(boxes, boxes[best])
    for shift in (-2, -1, 1):
        candidate = np.clip(place + shift, first, last)
        apart = _apart(boxes, boxes[candidate])
        nearer = apart < least
        best, least = np.where(nearer, candidate, best), np.where(nearer, apart, least)
    return np.where(there, best + 1, 0)


def _apart(own: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far two words' left edges, right edges or middles lie apart, the least of these."""
    left = np.abs(own[:, 0] - other[:, 0])
    right = np.abs(own[:, 2] - other[:, 2])
    middle = np.abs(own[:, 0] + own[:, 2] - other[:, 0] - other[:, 2]) / 2
    return np.asarray(np.minimum(np.minimum(left, right), middle))


def _aligned(edges: NDArray[np.float64], among: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How many edges of `among` lie at each edge."""
    ordered = np.sort(edges[among])
    high = np.searchsorted(ordered, edges + _ALIGNED, "right")
    return (high - np.searchsorted(ordered, edges - _ALIGNED, "left")).astype(np.float64)


def _places(
    boxes: NDArray[np.float64],
    line_of: NDArray[np.intp],
    starts: NDArray[np.intp],
    pages: NDArray[np.intp],
    letters: Letters,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where words and lines stand."""
    lines = len(starts) - 1
    left, top, right, bottom = boxes.T
    width = max(1.0, float(np.quantile(right, 0.98)))
    first, last = starts[:-1], starts[1:] - 1
    heights = np.maximum.reduceat(bottom - top, first)
    middles = np.add.reduceat((top + bottom) / 2, first) / (starts[1:] - first)
    same = np.concatenate(([0.0], (np.diff(pages) == 0).astype(np.float64)))
    above = np.concatenate(([0.0], np.diff(middles))) * same
    below = np.concatenate((above[1:], [0.0]))
    usual = max(0.5, float(np.median(above[above > 0])) if (above > 0).any() else 1.0)
    place = np.arange(lines)
    line_rows = np.stack(
        [
            np.minimum(place, 30) / 30,
            np.minimum(lines - 1 - place, 30) / 30,
            place / lines,
            np.clip(above / usual, 0, 4) / 2,
            np.clip(below / usual, 0, 4) / 2,
            np.clip(heights, 0, 4) / 2,
            np.full(lines, min(usual, 4.0) / 2),
            np.full(lines, np.log1p(lines) / 5),
        ],
        axis=1,
    )
    position = np.arange(len(boxes)) - first[line_of]
    behind = last[line_of] - np.arange(len(boxes))
    gap_left = np.where(position > 0, left - np.roll(right, 1), left)
    gap_right = np.where(behind > 0, np.roll(left, -1) - right, width - right)
    figure = letters.figure
    everything = np.ones(len(boxes), np.bool_)
    columns = [
        left / width,
        right / width,
        (left + right) / (2 * width),
        (width - right) / 10,
        left / 10,
        (right - left) / 10,
        np.clip(bottom - top, 0, 4) / 2,
        np.clip((right - left) / np.maximum(1, letters.lengths), 0, 3),
        np.clip(gap_left, -1, 20) / 5,
        np.clip(gap_right, -1, 20) / 5,
        np.log1p(np.maximum(gap_left, 0)),
        np.log1p(np.maximum(gap_right, 0)),
        position == 0,
        behind == 0,
        np.minimum(position, 8) / 8,
        np.minimum(behind, 8) / 8,
        _aligned(left, everything) / lines,
        _aligned(right, everything) / lines,
        _aligned(right, figure) / lines,
        _aligned((left + right) / 2, figure) / lines,
        _aligned(left, figure) / lines,
        np.clip((top + bottom) / 2 - middles[line_of], -1, 1),
        (left[first] / width)[line_of],
        (right[last] / width)[line_of],
        (np.minimum(starts[1:] - first, 12) / 12)[line_of],
    ]
    return np.stack(columns, axis=1).astype(np.float64), line_rows


def _shapes(letters: Letters, confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """What words look like, whatever they say."""
    counts = letters.counts
    length = np.maximum(1, letters.lengths)
    value = np.abs(letters.value)
    largest = max(1.0, float(value[letters.digits <= 9].max(initial=0.0)))  # noqa: PLR2004
    figure = letters.figure
    size = np.log10(np.maximum(value, 0.01))
    digits, decimals = letters.digits, letters.decimals
    columns = [
        np.minimum(length, 16) / 8,
        np.minimum(digits, 16) / 8,
        digits / length,
        counts[:, KIND["upper"]] / length,
        counts[:, KIND["lower"]] / length,
        counts[:, KIND["accented"]] > 0,
        *(counts[:, KIND[kind]] > 0 for kind in ("dot", "comma", "dash", "slash", "colon", "percent")),
        *(counts[:, KIND[kind]] > 0 for kind in ("bracket", "currency", "star", "other")),
        letters.first == KIND["dash"],
        letters.last == KIND["dash"],
        letters.last == KIND["colon"],
        figure & ((letters.last == KIND["upper"]) | (letters.last == KIND["lower"])),
        figure,
        figure & (decimals == 2),  # noqa: PLR2004
        figure & (decimals == 3),  # noqa: PLR2004
        figure & (decimals == 0),
        np.where(figure, size / 4, -1),
        np.where(figure, size - np.log10(largest), 0) / 3,
        figure & (value == largest),
        letters.ean,
        (digits >= 10) & ~letters.ean,  # noqa: PLR2004
        length == 1,
        confidence,
    ]
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)

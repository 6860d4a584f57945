"""Where the pieces of text stand on a straightened page: pieces of lines between wide gaps.

Lines are followed from letter to letter, so they may slope a little, and touch the lines above and
below with accents and feet (docs/decisions/0081).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.base import Gray
from ocr.preprocess.components import Mask, Stats, connected, pieces_of
from ocr.preprocess.normalise import LETTER_HEIGHT, PAPER, find_ink
from ocr.preprocess.quantile import quantile
from ocr.types import Box

Boxes = NDArray[np.int32]
Floats = NDArray[np.float64]

# Letters are this high, measured in the page's usual letter; lower ink is points and accents, higher
# ink is letters that touch the next line, or large print.
_LOW, _HIGH = 0.5, 2.1
# A letter follows another of its line when they share this part of the lower one's height.
_SHARED_MIN: Final = 0.5
# How far apart letters of one line may stand, in usual letters.
_REACH: Final = 14.0
# A gap this wide, in heights of capitals, parts two columns; two spaces of a till's letter are narrower.
_GAP: Final = 1.9
# Bottoms this far off the fitted base line, in usual letters, belong to feet and commas.
_OFF_MAX: Final = 0.16
# The share of letters whose tops reach at most to the capitals' tops.
_TOPS_SHARE: Final = 0.7
# A line's print is its own size where it is this much larger or smaller than the page's.
_LARGER, _SMALLER = 1.3, 0.72
# Print so many times as high as the usual is looked for in what that left over, and then print half as high.
_LARGE_PRINT: Final = (2.0, 4.0, 8.0)
_SMALL_PRINT: Final = 0.5
# Fine print comes in lines, of letters that stand close and are no specks.
_FINE_LETTERS_MIN: Final = 6
_FINE_HEIGHT_MIN: Final = 0.6
_FINE_FILLED_MIN: Final = 0.5
_LETTERS_FOR_SLOPE: Final = 5
_SLOPE_MAX: Final = 0.06
FEET: Final = 0.45
_AREA_MIN: Final = 6
# Less than this many pixels across hold no letter.
_BOX_MIN: Final = 4
_TALL: Final = 0.55
_RULE_TIMES: Final = 7
_RULE_LETTERS: Final = 4
_BAR_TIMES: Final = 5
_LETTER_TIMES_MAX: Final = 16
# More than any place on a page.
_BEYOND: Final = 1e9


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of one text line without wide gaps.

    It stands between columns `left` and `right` of the page. Its letters stand on
    `base` + `slope` * (column - left), its capitals are `capitals` high, all in pixels. `ink` holds the
    (n, 4) boxes of the ink in it.
    """

    left: int
    right: int
    base: float
    slope: float
    capitals: float
    ink: Boxes


@dataclass(slots=True)
class _Chain:
    """Letters of one line, by number, from left to right, and where the last ones stand."""

    letters: list[int]
    right: int
    top: float
    bottom: float


def find_pieces(page: Gray) -> list[Piece]:
    """Find the pieces of text on a page.

    Args:
        page: (height, width) uint8, dark text on light paper, level, its usual letter LETTER_HEIGHT high.

    Returns:
        Pieces from the top down, those of one line from left to right. Empty when nothing is seen.
    """
    if min(page.shape) < LETTER_HEIGHT // 2:
        return []
    boxes = _ink_boxes(find_ink(page))
    pieces = _pieces(boxes, float(LETTER_HEIGHT))
    for times in _LARGE_PRINT:
        usual = times * LETTER_HEIGHT
        tall = _uncovered(boxes, pieces, 0.7 * usual, inf)
        pieces += [piece for piece in _pieces(tall, usual) if piece.capitals > usual / 2]
    usual = _SMALL_PRINT * LETTER_HEIGHT
    fine = _uncovered(boxes, pieces, _LOW * usual, _HIGH * usual)
    pieces += [piece for piece in _pieces(fine, usual) if _is_fine_print(piece)]
    return sorted(pieces, key=lambda piece: (piece.base, piece.left))


def piece_within(page: Gray, box: Box) -> Piece | None:
    """The print inside a box that was drawn around it; None where the box holds none."""
    left, top, right, bottom = box
    region = page[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if min(region.shape) < _BOX_MIN:
        return None
    depth = cv2.subtract(np.full_like(region, PAPER), region)
    ink = np.asarray(depth > 0.4 * float(depth.max()), np.uint8)
    boxes = _boxes_of(ink) + np.array([max(0, left), max(0, top)] * 2, np.int32)
    # Commas and feet reach below the base line: the tall ones stand on it.
    tall = boxes[(boxes[:, 3] - boxes[:, 1]) > _TALL * region.shape[0]]
    if not len(tall):
        return None
    base, height = np.median(tall[:, 3]), np.median(tall[:, 3] - tall[:, 1])
    return Piece(int(boxes[:, 0].min()), int(boxes[:, 2].max()), float(base), 0.0, float(height), boxes)


def _boxes_of(ink: Mask) -> Boxes:
    return _around(pieces_of(ink))


def _around(stats: Stats) -> Boxes:
    left, top, widths, heights, _ = stats.T
    return np.stack([left, top, left + widths, top + heights], axis=1).astype(np.int32)


def _ink_boxes(ink: Mask) -> Boxes:
    """Boxes (left, top, right, bottom) of connected ink, from left to right, without specks and rules."""
    stats = _without_rules(*connected(ink))
    widths, heights, areas = stats.T[2:]
    rule = (widths > _RULE_TIMES * LETTER_HEIGHT) & (heights < LETTER_HEIGHT)
    # Beyond what usual letters grown together reach there are large ones, and drawings.
    bar = (heights > _BAR_TIMES * LETTER_HEIGHT) & ((widths < heights / 8) | (widths > 1.5 * heights))
    bar |= (widths > 12 * LETTER_HEIGHT) & (heights < 4 * LETTER_HEIGHT)
    bar |= np.maximum(widths, heights) > _LETTER_TIMES_MAX * LETTER_HEIGHT
    boxes = _around(stats[(areas >= _AREA_MIN) & ~rule & ~bar])
    return np.asarray(boxes[np.argsort(boxes[:, 0], kind="stable")], np.int32)


def _without_rules(numbers: NDArray[Any], stats: Stats) -> Stats:
    """The pieces of ink without drawn lines, which join the letters that touch them.

    Only a piece as wide as a rule can hold one.
    """
    long = np.ones((1, _RULE_LETTERS * LETTER_HEIGHT), np.uint8)
    thick = np.ones((LETTER_HEIGHT // 2, 1), np.uint8)
    wide = np.flatnonzero(stats[:, 2] >= long.shape[1])
    wide = wide[wide > 0]
    parts = [np.delete(stats, [0, *wide], axis=0)]
    for number in wide.tolist():
        left, top, width, height, _ = stats[number].tolist()
        ink = (numbers[top : top + height, left : left + width] == number).view(np.uint8)
        # Beyond its box the piece has no ink: OpenCV would take it to go on there.
        ink = cv2.copyMakeBorder(ink, 0, 0, long.shape[1], long.shape[1], cv2.BORDER_CONSTANT, value=0)
        rules = cv2.morphologyEx(ink, cv2.MORPH_OPEN, long)
        # The strokes of very large letters are as long, but thick.
        rules = cv2.subtract(rules, cv2.morphologyEx(ink, cv2.MORPH_OPEN, thick))
        left_over = pieces_of(np.asarray(cv2.subtract(ink, rules), np.uint8))
        parts.append(left_over + np.array([left - long.shape[1], top, 0, 0, 0], np.int32))
    return np.concatenate(parts)


def _pieces(boxes: Boxes, usual: float) -> list[Piece]:
    heights = boxes[:, 3] - boxes[:, 1]
    letters = boxes[(heights > _LOW * usual) & (heights < _HIGH * usual)]
    chains = [letters[chain.letters] for chain in _chains(letters, usual)]
    if not chains:
        return []
    starts, slopes, tops = _base_lines(chains, usual)
    page_capitals = _weighted_median(tops, np.array([len(chain) for chain in chains]))
    same = (tops > _SMALLER * page_capitals) & (tops < _LARGER * page_capitals)
    capitals = np.where(same, page_capitals, tops)
    pieces = [
        piece
        for near, *line in zip(
            _beside(boxes, chains, starts, slopes, capitals),
            starts.tolist(),
            slopes.tolist(),
            capitals.tolist(),
            strict=True,
        )
        for piece in _cut_at_gaps(near, *line)
    ]
    return _without_doubles(pieces)


def _chains(letters: Boxes, usual: float) -> list[_Chain]:
    """Follow letters, which come from left to right, into lines."""
    chains: list[_Chain] = []
    rows: dict[int, list[_Chain]] = {}
    step, reach = usual, _REACH * usual
    for number, (left, top, right, bottom) in enumerate(letters.tolist()):
        best, best_cost = None, 1.0
        middle = int((top + bottom) / 2 // step)
        for row in (middle - 1, middle, middle + 1):
            passed = False
            for chain in rows.get(row, ()):
                gap = left - chain.right
                if gap > reach:
                    passed = True
                    continue
                shared = min(bottom, chain.bottom) - max(top, chain.top)
                if shared < _SHARED_MIN * min(bottom - top, chain.bottom - chain.top):
                    continue
                cost = abs(bottom - chain.bottom) / usual + 0.03 * max(0, gap) / usual
                if cost < best_cost:
                    best, best_cost = chain, cost
            if passed:
                # Letters come from left to right: what is out of reach now stays so.
                rows[row] = [chain for chain in rows[row] if left - chain.right <= reach]
        if best is None:
            best = _Chain([number], right, float(top), float(bottom))
            chains.append(best)
        else:
            rows[int((best.top + best.bottom) / 2 // step)].remove(best)
            best.letters.append(number)
            best.right = max(best.right, right)
            best.top += 0.3 * (top - best.top)
            best.bottom += 0.3 * (bottom - best.bottom)
        rows.setdefault(int((best.top + best.bottom) / 2 // step), []).append(best)
    return chains


def _base_lines(chains: Sequence[Boxes], usual: float) -> tuple[Floats, Floats, Floats]:
    """Where the letters of each chain stand: row at column 0, rows a column, and how high its capitals are.

    All chains at once, as rows of one table: chains are many and short.
    """
    counts = np.array([len(chain) for chain in chains])
    there = np.arange(counts.max()) < counts[:, None]
    table = np.zeros((*there.shape, 4))
    table[there] = np.concatenate(chains)
    middles, bottoms = (table[..., 0] + table[..., 2]) / 2, table[..., 3]
    slopes = np.zeros(len(chains))
    starts = _quantiles(bottoms, there, 0.5)
    fitted = counts >= _LETTERS_FOR_SLOPE
    for tolerance in (0.5, 0.25, _OFF_MAX):
        off = np.abs(bottoms - starts[:, None] - slopes[:, None] * middles)
        near = there & (off <= max(tolerance * usual, 1.5))
        found = near.sum(axis=1)
        fitted &= found >= _LETTERS_FOR_SLOPE
        xs, ys = (
            np.where(near, side - (near * side).sum(axis=1, keepdims=True) / np.maximum(1, found)[:, None], 0)
            for side in (middles, bottoms)
        )
        slope = np.clip((xs * ys).sum(axis=1) / np.maximum((xs * xs).sum(axis=1), 1), -_SLOPE_MAX, _SLOPE_MAX)
        slopes = np.where(fitted, slope, slopes)
        starts = np.where(fitted, _quantiles(bottoms - slopes[:, None] * middles, near, 0.5), starts)
    above = starts[:, None] + slopes[:, None] * middles - table[..., 1]
    return starts, slopes, np.maximum(_quantiles(above, there, _TOPS_SHARE), 0.5 * usual)


def _quantiles(values: Floats, there: NDArray[np.bool_], share: float) -> Floats:
    """For each row, the value below which a share of those that are `there` lies; see `quantile`."""
    # What is not there comes last; it is never looked at but where all is missing.
    ordered = np.sort(np.where(there, values, _BEYOND), axis=1)
    last = np.maximum(there.sum(axis=1) - 1, 0)
    place = share * last
    low = place.astype(int)
    rows = np.arange(len(values))
    below, beyond = ordered[rows, low], ordered[rows, np.minimum(low + 1, last)]
    return np.where(there.any(axis=1), below + (place - low) * (beyond - below), 0.0)


def _weighted_median(values: Floats, weights: NDArray[np.int64]) -> float:
    order = np.argsort(values)
    totals = np.cumsum(weights[order])
    return float(values[order][int(np.searchsorted(totals, totals[-1] / 2))])


def _beside(
    boxes: Boxes, chains: Sequence[Boxes], starts: Floats, slopes: Floats, capitals: Floats
) -> list[Boxes]:
    """For each line, all ink that stands in its band, from left to right, as far as it has no wide gaps."""
    high = capitals[:, None]
    reach = np.round(_GAP * high)
    base = starts[:, None] + slopes[:, None] * ((boxes[:, 0] + boxes[:, 2]) / 2)
    inside = np.minimum(boxes[:, 3], base + FEET * high) - np.maximum(boxes[:, 1], base - 1.05 * high)
    kept = inside >= 0.5 * np.minimum(boxes[:, 3] - boxes[:, 1], high)
    return [
        _run(boxes[row], chain, gap)
        for row, chain, gap in zip(kept, chains, reach.ravel().tolist(), strict=True)
    ]


def _run(ink: Boxes, chain: Boxes, reach: float) -> Boxes:
    """Of ink from left to right, what is a line's: small letters may go on where its tall ones end."""
    if not len(ink):
        return ink
    ends = np.maximum.accumulate(ink[:, 2])
    wide = np.flatnonzero(ink[1:, 0] - ends[:-1] > reach) + 1
    firsts, lasts = np.append(0, wide), np.append(wide, len(ink))
    left, right = chain[:, 0].min() - reach, chain[:, 2].max() + reach
    there = np.flatnonzero((ends[lasts - 1] > left) & (ink[firsts, 0] < right))
    return ink[firsts[there[0]] : lasts[there[-1]]] if len(there) else ink[:0]


def _cut_at_gaps(ink: Boxes, start: float, slope: float, capitals: float) -> list[Piece]:
    """Cut a line's ink, from left to right, into pieces."""
    if not len(ink):
        return []
    ends = np.maximum.accumulate(ink[:, 2])
    cuts = np.flatnonzero(ink[1:, 0] - ends[:-1] > round(_GAP * capitals)) + 1
    pieces = [_piece(part, start, slope, capitals) for part in np.split(ink, cuts)]
    return [piece for piece in pieces if _is_print(piece)]


def _piece(ink: Boxes, start: float, slope: float, capitals: float) -> Piece:
    left, right = int(ink[0, 0]), int(ink[:, 2].max())
    letters = ink[(ink[:, 3] - ink[:, 1]) > 0.55 * capitals]
    base = start + slope * left
    if len(letters) >= 3:  # noqa: PLR2004 - the base line of a column may lie off the whole line's
        middles = (letters[:, 0] + letters[:, 2]) / 2
        off = letters[:, 3] - start - slope * middles
        near = off[np.abs(off) < 0.3 * capitals]
        base += quantile(near, 0.5) if len(near) else 0.0
    return Piece(left, right, base, slope, capitals, ink)


def _is_print(piece: Piece) -> bool:
    """Whether there is more than a speck: something half as high as a letter, or a dash."""
    sizes = (piece.ink[:, 2:] - piece.ink[:, :2]).max(axis=0)
    return bool(sizes[1] > 0.45 * piece.capitals or sizes[0] > 0.3 * piece.capitals)


def _without_doubles(pieces: list[Piece]) -> list[Piece]:
    """One piece for the same ink: the one with more of it."""
    ordered = sorted(pieces, key=lambda piece: -len(piece.ink))
    if not ordered:
        return []
    places = np.array([(piece.left, piece.right, piece.base, piece.capitals) for piece in ordered])
    left, right, base, high = places.T
    wide = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    same = wide > 0.5 * np.minimum((right - left)[:, None], right - left)
    same &= np.abs(base[:, None] - base) < 0.5 * np.minimum(high[:, None], high)
    kept = np.zeros(len(ordered), np.bool_)
    for number, row in enumerate(same):
        kept[number] = not (row & kept).any()
    return [piece for piece, keep in zip(ordered, kept.tolist(), strict=True) if keep]


def _uncovered(boxes: Boxes, pieces: Sequence[Piece], low: float, high: float) -> Boxes:
    """Ink between so many pixels high that no piece has taken."""
    heights = boxes[:, 3] - boxes[:, 1]
    fitting = boxes[(heights > low) & (heights < high)]
    if not len(fitting) or not pieces:
        return fitting
    taken = np.unique(_keys(np.concatenate([piece.ink for piece in pieces])))
    return fitting[~np.isin(_keys(fitting), taken)]


def _is_fine_print(piece: Piece) -> bool:
    """Whether small ink in a row is print, not grain."""
    sizes = piece.ink[:, 2:] - piece.ink[:, :2]
    letters = sizes[sizes[:, 1] > _FINE_HEIGHT_MIN * piece.capitals]
    filled = float(sizes[:, 0].sum()) >= _FINE_FILLED_MIN * (piece.right - piece.left)
    return filled and len(letters) >= max(_FINE_LETTERS_MIN, len(sizes) // 2)


def _keys(boxes: Boxes) -> NDArray[np.int64]:
    """One number a box; pages have fewer than 65536 pixels a side."""
    return np.asarray(boxes.astype(np.int64) @ (np.int64(1) << np.array([48, 32, 16, 0], np.int64)), np.int64)

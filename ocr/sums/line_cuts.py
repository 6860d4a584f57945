"""Discounts under items, read again where they do not come to what the paper says was taken off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from ocr.items.draft import Draft, cuts_of, gross_of
from ocr.sums.arithmetic import likeliest_cut
from ocr.sums.equations import Sums
from ocr.text.ink import IMPOSSIBLE, Ink
from ocr.text.money import Figure, quantity_value
from ocr.text.rows import Row

# What may be said against another reading of one discount, and against those of all that are read again.
COST_MAX: Final = 2.7
COST_SUM_MAX: Final = 6.0
# What a till prints twice, a cut of one and that of all, is read again at this share of what the ink says.
TOLD_TWICE_SHARE: Final = 0.3
# Of two ways that are nearly as likely neither is taken: nobody knows which discount was misread.
LEAD_MIN: Final = 0.4
WAYS_MAX: Final = 400

# A way to a sum: what speaks against it, its changes by the item's place, what speaks against the next way.
_Way: TypeAlias = tuple[float, tuple[tuple[int, int], ...], float]


def close_cuts(drafts: Sequence[Draft], sums: Sums, ink: Ink) -> None:
    """Change items' discounts at the least cost so that they come to what is stated, where the ink allows it.

    Nothing is changed where the items' amounts are not certain, or where two ways are as likely.
    """
    cuts = cuts_of(drafts)
    if not cuts or sums.total is None or sums.subtotal != gross_of(drafts):
        return
    stated = {sums.subtotal - sums.total + sums.rounding, *sums.values("discount_total")}
    if cuts in stated:
        return
    reached = [way for step, way in _ways(drafts, ink).items() if cuts + step in stated]
    best = min(reached, default=None)
    if (
        best is None
        or min(best[2], *(way[0] for way in reached if way is not best), IMPOSSIBLE) < best[0] + LEAD_MIN
    ):
        return
    for place, step in best[1]:
        drafts[place].discount += step
        drafts[place].inferred.add("discount")


def _ways(drafts: Sequence[Draft], ink: Ink) -> dict[int, _Way]:
    """The cheapest changes of discounts for each change of their sum."""
    ways: dict[int, _Way] = {0: (0.0, (), IMPOSSIBLE)}
    for place, draft in enumerate(drafts):
        for figure in draft.cuts:
            grown = dict(ways)
            for value, cost in _other_values(draft, figure, ink).items():
                step = value - likeliest_cut(draft, figure, ink)
                for total, (spent, changes, _) in ways.items():
                    way = (spent + cost, (*changes, (place, step)), IMPOSSIBLE)
                    if way[0] <= COST_SUM_MAX and 0 < draft.discount + step <= draft.amount:
                        grown[total + step] = _nearer(way, grown.get(total + step))
            ways = dict(sorted(grown.items(), key=lambda item: item[1][0])[:WAYS_MAX])
    return ways


def _nearer(way: _Way, known: _Way | None) -> _Way:
    if known is None:
        return way
    best, other = sorted((way, known))
    return best[0], best[1], min(other[0], best[2])


def _other_values(draft: Draft, figure: Figure, ink: Ink) -> dict[int, float]:
    """What else a discount's figure may be, with what speaks against each."""
    read = str(abs(figure.values[0]))
    found = {} if ink.is_sure(figure) else ink.variants(figure, draft.rows[0].page)
    for place, digit in enumerate(read) if not ink.is_sure(figure) else ():
        for other in "0123456789":
            value, cost = int(read[:place] + other + read[place + 1 :]), ink.pair_cost(digit, other)
            found[value] = min(cost, found.get(value, IMPOSSIBLE))
    for value in _told_beside(draft.rows, figure):
        found[value] = min(TOLD_TWICE_SHARE * ink.digit_cost(read, str(value)), found.get(value, IMPOSSIBLE))
    found.pop(likeliest_cut(draft, figure, ink), None)
    return {value: cost for value, cost in found.items() if cost <= COST_MAX}


def _told_beside(rows: Sequence[Row], figure: Figure) -> Iterator[int]:
    """What the other figures of a discount's row come to: the cut of one, and a count where there is one."""
    row = next((row for row in rows if figure in row.figures), None)
    others = [one for one in row.figures if one is not figure] if row else []
    counts = [count for one in others if not one.is_money and (count := quantity_value(one))]
    for one in others:
        if one.is_money:
            yield from (round(abs(one.values[0]) * count) for count in (counts or [Decimal(1)]))

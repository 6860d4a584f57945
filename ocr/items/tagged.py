"""What the tagger thinks, by row and figure: the probabilities of roles and of an item's edges."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log
from typing import Final

import numpy as np

from ocr.tagger.model import Tags
from ocr.tagger.roles import ROLE_INDEX, SECTION_INDEX, STEP_INDEX
from ocr.text.labels import SUM_KINDS, TENDER_KINDS, TOTAL_KINDS, heading_share
from ocr.text.money import Figure
from ocr.text.rows import Row

# What a figure of an item can be; any other role means that it says nothing of the item's money.
FIGURE_ROLES: Final = ("quantity", "price", "list_price", "amount", "discount", "net")
# The tagger is never surer than this: sums and ink may still speak.
PROBABILITY_MIN: Final = 2e-4
# What a sum's label says against an item that begins there.
LABEL_DOUBT: Final = 4.0
SUMS_MIN: Final = 0.5
# Numbers that open items: how likely they are counts or nothing, their digits, and how many of them rise
# where they number the lines.
COUNT_MIN: Final = 0.6
COUNT_DIGITS_MAX: Final = 2
RISING_SHARE: Final = 0.6
HEADING_MIN: Final = 0.6
# A sum with one of these labels ends the items where nothing else tells.
ENDING_KINDS: Final = frozenset({*TOTAL_KINDS, *TENDER_KINDS, "subtotal", "change"})


def has_money(row: Row) -> bool:
    """Whether the row shows money by its form."""
    return any(figure.is_money for figure in row.figures)


def is_tax_alone(row: Row) -> bool:
    """Whether a row says nothing but a tax and its sum, and is no item's second row."""
    label = row.label
    return (
        label is not None and label.words >= len(row.leading_words) and sum(map(_is_money, row.figures)) == 1
    )


def _is_money(figure: Figure) -> bool:
    return figure.is_money


def weigh_by_form(row: Row, figure: Figure) -> dict[str, float]:
    """What the roles of a figure weigh where nothing was learned: money that ends a row is its amount."""
    last = figure is row.figures[-1]
    money = figure.is_money or (last and bool(figure.values) and figure.values[0] == 0)
    weights = dict.fromkeys(FIGURE_ROLES, -9.0) | {"silent": -2.0 if money else -0.3}
    if money:
        weights |= {"amount": 2.0 if last else -1.0, "price": 0.0 if last else 1.0}
        weights |= {"discount": 3.0} if figure.negative else {}
    else:
        weights |= {"quantity": 0.5, "amount": -2.0 if last else -9.0, "price": -2.0}
    return {**weights, "best": max(0.0, *(weights[role] for role in FIGURE_ROLES))}


class Tagged:
    """Tags by row: `step` and `part` of a row, `role` of a word, `weight` of a figure's role."""

    def __init__(self, rows: Sequence[Row], tags: Tags | None) -> None:
        """Look up the rows' tags; line i of `tags` is row i, its words the row's tokens; None has no row."""
        self.learned = tags is not None and tags.learned
        self._figures: dict[tuple[int, int], dict[str, float]] = {}
        if tags is None:
            return
        self._starts = tags.starts
        self._roles = tags.roles
        self._steps = np.log(np.maximum(tags.steps, PROBABILITY_MIN))
        self._sections = tags.sections
        if tags.learned:
            self._tell_counts(rows)
        else:
            self._close(rows)
        self._doubt(rows)

    def step(self, row: Row, name: str) -> float:
        """The logarithm of the chance that the row is outside, begin or inside of an item."""
        return float(self._steps[row.index, STEP_INDEX[name]])

    def part(self, row: Row, name: str) -> float:
        """The chance that the row belongs to the head, items, sums or tail of the paper."""
        return float(self._sections[row.index, SECTION_INDEX[name]])

    def role(self, row: Row, place: int, name: str) -> float:
        """The chance that the row's word at `place` has a role."""
        return float(self._roles[self._starts[row.index] + place, ROLE_INDEX[name]])

    def best_role(self, row: Row, place: int) -> str:
        """The likeliest role of the row's word at `place`."""
        best = int(self._roles[self._starts[row.index] + place].argmax())
        return next(name for name, index in ROLE_INDEX.items() if index == best)

    def weights(self, row: Row, figure: Figure) -> dict[str, float]:
        """What each role of a figure weighs, `silent` for none of them and `best` for the likeliest."""
        place = (row.index, figure.first)
        if place not in self._figures:
            self._figures[place] = self._weigh(row, figure) if self.learned else weigh_by_form(row, figure)
        return self._figures[place]

    def _doubt(self, rows: Sequence[Row]) -> None:
        """Labels of sums speak against items; so does what stands below the first total."""
        named = [
            row.index
            for row in rows
            if row.kind in TOTAL_KINDS and has_money(row) and self.part(row, "sums") > SUMS_MIN
        ]
        end = min(named, default=len(rows))
        for row in rows:
            heads = not has_money(row) and heading_share(row.words()) > HEADING_MIN
            sums = row.kind in SUM_KINDS and row.figures and (row.kind != "tax" or is_tax_alone(row))
            if heads or sums or row.kind == "voided" or row.index > end:
                self._steps[row.index, [STEP_INDEX["begin"], STEP_INDEX["inside"]]] -= LABEL_DOUBT

    def _tell_counts(self, rows: Sequence[Row]) -> None:
        """Numbers that open items and rise from each to the next number the lines; any others are counts."""
        opening = [
            row
            for row in rows
            if (figure := row.figure_at(0)) is not None
            and figure.core.isdigit()
            and len(figure.core) <= COUNT_DIGITS_MAX
            and self.step(row, "begin") > log(COUNT_MIN)
            and self.role(row, 0, "quantity") + self.role(row, 0, "none") > COUNT_MIN
        ]
        numbers = [int(row.tokens[0].text) if row.tokens[0].text.isdigit() else None for row in opening]
        pairs = [(one, other) for one, other in pairwise(numbers) if one is not None and other is not None]
        if not pairs:
            return
        rising = sum(one < other for one, other in pairs)
        if rising > RISING_SHARE * len(pairs):
            return
        self._roles = self._roles.copy()
        for row in opening:
            chances = self._roles[self._starts[row.index]]
            chances[ROLE_INDEX["quantity"]] += chances[ROLE_INDEX["none"]]
            chances[ROLE_INDEX["none"]] = 0.0

    def _close(self, rows: Sequence[Row]) -> None:
        """Where nothing was learned, labels of sums end the items and the first money begins them."""
        sums = [row.index for row in rows if row.kind in ENDING_KINDS and has_money(row)]
        end = min(sums, default=len(rows))
        money = [row.index for row in rows[:end] if has_money(row)]
        start = max(0, money[0] - 1) if money else end
        self._steps[:] = log(0.2), log(0.4), log(0.4)
        outside = [
            *range(start),
            *range(end, len(rows)),
            *(row.index for row in rows if row.kind in SUM_KINDS),
        ]
        self._steps[outside] = log(PROBABILITY_MIN)
        self._steps[outside, STEP_INDEX["outside"]] = 0.0

    def _weigh(self, row: Row, figure: Figure) -> dict[str, float]:
        first = self._starts[row.index]
        chances = self._roles[first + figure.first : first + figure.last + 1].mean(axis=0)
        held = {name: float(chances[ROLE_INDEX[name]]) for name in FIGURE_ROLES}
        silent = log(max(PROBABILITY_MIN, 1.0 - sum(held.values())))
        weights = {name: log(max(PROBABILITY_MIN, chance)) - silent for name, chance in held.items()}
        return {**weights, "silent": silent, "best": max(0.0, *weights.values())}

"""Whether a row goes on with the name above it: a till breaks a name only where it must."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ocr.items.tagged import Tagged, has_money
from ocr.text.letters import count_letters
from ocr.text.rows import Row

LETTERS_MIN: Final = 2
NAME_MIN: Final = 0.5
# Where only an amount follows the name, a till that leaves as many letters free before it had no need to
# break: 6 of 8 wishes and side dishes have that much room (srd-dev), 3 of 90 wrapped names.
FREE_LETTERS: Final = 9


class Wraps:
    """How far names reach on one paper, beside their figures."""

    def __init__(self, rows: Sequence[Row], tagged: Tagged) -> None:
        """Measure the names that stand before figures in their row."""
        self._ends = {row.index: end for row in rows if (end := _name_end(row, tagged)) is not None}
        self._room = max(self._ends.values(), default=0)

    def would_fit(self, row: Row, above: Row) -> bool:
        """Whether a row's first word would have found room behind the name above: then it is none of it."""
        end = self._ends.get(above.index)
        if end is None or row.page != above.page or row.index != above.index + 1 or has_money(row):
            return False
        word = row.tokens[0].box
        reach = end + above.pitch + word[2] - word[0]
        return reach <= self._room or reach + FREE_LETTERS * above.pitch <= _lone_amount(above)


def _lone_amount(row: Row) -> int:
    """Where the row's amount begins; 0 where other figures of money share its column's row."""
    money = [figure for figure in row.figures if figure.is_money]
    return money[0].box[0] if len(money) == 1 else 0


def _name_end(row: Row, tagged: Tagged) -> int | None:
    """Where the row's name ends; None where it has none, or no money behind it."""
    money = [figure.first for figure in row.figures if figure.is_money]
    named = [
        place
        for place, token in enumerate(row.tokens)
        if tagged.role(row, place, "name") > NAME_MIN and count_letters(token.text) >= LETTERS_MIN
    ]
    return row.tokens[named[-1]].box[2] if named and money and named[-1] < money[-1] else None

"""Rows that share shoppers out (new and returning, heavy and light): none small, none told by its total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.insights.guard.cells import Reason, small_reason


@dataclass(frozen=True, slots=True)
class Share:
    """One row: of how many shoppers, and what the largest of them is of what they spent."""

    shoppers: int
    top: int = 0
    paid: int = 0


def withheld_rows(rows: Sequence[Share], shoppers_min: int, *, adds_up: bool = True) -> list[Reason | None]:
    """Return, row by row, why it may not be told; None for those that may.

    Where the rows add up to something that is told, a row withheld alone could be had by taking the others
    from it: the smallest of those is withheld too, until the withheld hide each other.
    """
    reasons = [
        small_reason(row.shoppers, row.top, row.paid, shoppers_min) if row.shoppers else None for row in rows
    ]
    small = [place for place, reason in enumerate(reasons) if reason]
    if not small or not adds_up:
        return reasons
    beside = sorted(
        (place for place, row in enumerate(rows) if row.shoppers and not reasons[place]),
        key=lambda place: (rows[place].shoppers, place),
    )
    # Shoppers are in one row each, so the withheld together are as many as their rows say.
    hidden = sum(rows[place].shoppers for place in small)
    alone = len(small) == 1
    while beside and (alone or hidden < 2 * shoppers_min):
        place = beside.pop(0)
        reasons[place] = "protects_others"
        hidden += rows[place].shoppers
        alone = False
    return reasons


def smallest(*parts: int) -> int:
    """Return how many the smallest group is of those that a share tells apart; groups of nobody are none."""
    return min((part for part in parts if part), default=0)

"""How many whole sets a basket holds, where a unit is counted in one part of one set only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.campaigns.facts import PER_UNIT, BasketLine

Part = tuple[Sequence[BasketLine], int]
"""The lines that a part of a set may be taken from, and how many units it takes."""

# A till prints no more of one thing, and the search below has an end.
SETS_MAX: Final = 1_000_000


def sets_in(parts: Sequence[Part]) -> int:
    """Return how many whole sets lines hold. What two parts could take, one of them takes.

    "Any OMO and one OMO 3 kg" is no set where one bag of 3 kg is all that was bought.
    """
    most = min(_milli(lines) // (units * PER_UNIT) for lines, units in parts)
    positions = [line.position for lines, _ in parts for line in lines]
    if most == 0 or len(positions) == len(set(positions)):
        return most
    least, most = 0, min(most, SETS_MAX)
    while least < most:
        middle = (least + most + 1) // 2
        if _holds(parts, middle):
            least = middle
        else:
            most = middle - 1
    return least


def _milli(lines: Sequence[BasketLine]) -> int:
    return sum(line.milli for line in lines)


def _holds(parts: Sequence[Part], sets: int) -> bool:
    """Whether every part finds its units for so many sets: the largest flow from parts to lines."""
    free = {line.position: line.milli for lines, _ in parts for line in lines}
    taken: list[dict[int, int]] = [{} for _ in parts]
    for place, (_, units) in enumerate(parts):
        missing = sets * units * PER_UNIT
        while missing:
            got = _take(parts, free, taken, place, missing, {place})
            if not got:
                return False
            missing -= got
    return True


def _take(
    parts: Sequence[Part],
    free: dict[int, int],
    taken: list[dict[int, int]],
    place: int,
    wanted: int,
    asked: set[int],
) -> int:
    """Let a part take from a free line, else from another part that then takes from elsewhere."""
    lines = {line.position for line in parts[place][0]}
    for position in lines:
        if got := min(wanted, free[position]):
            free[position] -= got
            taken[place][position] = taken[place].get(position, 0) + got
            return got
    for other, theirs in enumerate(taken):
        for position in lines & theirs.keys():
            if other in asked or not (most := min(wanted, theirs[position])):
                continue
            asked.add(other)
            if got := _take(parts, free, taken, other, most, asked):
                theirs[position] -= got
                taken[place][position] = taken[place].get(position, 0) + got
                return got
    return 0

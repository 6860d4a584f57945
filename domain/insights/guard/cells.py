"""Cells: a brand's purchases of one period, chain, region and product, and which are too small to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from domain.insights.guard import grid

# Stands for every chain, region or product. No slug is one.
ALL: Final = "*"
Axis = Literal["chain", "region", "product"]
AXES: Final[tuple[Axis, ...]] = ("chain", "region", "product")
Reason = Literal["too_few_shoppers", "one_shopper_dominates", "protects_others", "too_close_to_earlier"]
# Nobody's purchases may be more than this share of a cell's spend.
DOMINANCE_MAX: Final = 0.6
# Where a chain, a region and a week meet, few may have been there whom a neighbour saw.
LOCAL_SHOPPERS_MIN: Final = 20
SKETCH_BUCKETS: Final = 64


class Coord(NamedTuple):
    """Where a cell lies. `time` is a period's number (`grid.Period.number`)."""

    time: int
    chain: str = ALL
    region: str = ALL
    product: str = ALL

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return along which axes it is one part of the whole."""
        return tuple(axis for axis in AXES if getattr(self, axis) != ALL)

    def at(self, axis: str, value: str | int) -> Coord:
        """Return the cell that lies elsewhere along an axis, or in time."""
        return self._replace(**{axis: value})  # type: ignore[arg-type] # the axis says which of the two


@dataclass(frozen=True, slots=True)
class Sketch:
    """Which shoppers a cell is of, in 64 buckets, without naming them.

    `members` is the sum (modulo 2^64) of each shopper's keyed hash, `parts` that of shopper and what they
    bought. Two sets that differ by so many shoppers differ in that many buckets at most.
    """

    members: tuple[int, ...]
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell comes to. Money in minor units; `top` is the largest part of `paid` by one shopper.

    `trips` are visits to a shop, `baskets` what those receipts came to in all, `promoted` the lines with a
    discount of their own among `lines`, `active` the shoppers with any receipt there.
    """

    buyers: int
    trips: int
    lines: int
    units: int
    paid: int
    discount: int
    promoted: int
    points: int
    baskets: int
    top: int
    active: int = 0
    sketch: Sketch | None = field(default=None, compare=False)


NOTHING: Final = Cell(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def own_reason(coord: Coord, cell: Cell, shoppers_min: int) -> Reason | None:
    """Return why a cell may not be told by itself; None if it may."""
    fine = grid.KINDS.index(grid.numbered(coord.time).kind) >= grid.KINDS.index("piece")
    local = fine and ALL not in {coord.chain, coord.region}
    return small_reason(
        cell.buyers, cell.top, cell.paid, max(shoppers_min, LOCAL_SHOPPERS_MIN if local else 0)
    )


def small_reason(shoppers: int, top: int, paid: int, shoppers_min: int) -> Reason | None:
    """Return why a group of shoppers may not be told of: too few, or the spend of one of them."""
    if shoppers < shoppers_min:
        return "too_few_shoppers"
    if paid > 0 and top > DOMINANCE_MAX * paid:
        return "one_shopper_dominates"
    return None

"""Which of a question's cells are told: each by itself, all together, and after all that was told before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from domain.insights.guard import boxes, grid, ledger
from domain.insights.guard.boxes import Withheld
from domain.insights.guard.cells import Axis, Cell, Coord, Reason, own_reason


@dataclass(frozen=True, slots=True)
class Shown:
    """The cells of an answer that are told, and why others are not."""

    cells: dict[Coord, Cell]
    as_of: dict[Coord, datetime]
    hidden: Withheld
    # Not told for other reasons than what lies around them.
    other: Mapping[Coord, Reason]
    everything: frozenset[Coord]

    def reason(self, coord: Coord) -> Reason | None:
        """Return why a cell, be it empty, is not told; None where it is."""
        if coord in self.other or coord in self.cells:
            return self.other.get(coord)
        period = grid.numbered(coord.time)
        if period.kind != "week":
            return self.hidden.reason(coord)
        # Months would tell the piece of a week that is not told: a week is where all its pieces are.
        pieces = grid.parts(period, "piece")
        reasons = {self.hidden.reason(coord.at("time", piece.number)) for piece in pieces} - {None}
        return "protects_others" if reasons else None

    def values(self, axis: Axis, time: int) -> list[str]:
        """Return the chains, regions or products that a split has rows for: those of the whole year.

        Those of the period itself would tell which of its cells are empty.
        """
        year = grid.containing("year", grid.numbered(time).first).number
        if self.hidden.is_closed(Coord(year).at(axis, "")):
            return []
        return sorted(
            getattr(coord, axis) for coord in self.everything if coord[0] == year and coord.axes == (axis,)
        )


def shown(
    session: Session,
    brand: str,
    currency: str,
    cells: Mapping[Coord, Cell],
    shoppers_min: int,
) -> Shown:
    """Return which of the cells with a sketch are told.

    Args:
        session: Open session.
        brand: Slug of the brand.
        currency: ISO 4217.
        cells: Those of whole years; see `measures.cube.cells`.
        shoppers_min: The least number of shoppers of a told cell.
    """
    tree = {coord: cell for coord, cell in cells.items() if grid.numbered(coord.time).kind != "week"}
    hidden = boxes.withheld(tree, shoppers_min)
    everything = frozenset(cells)
    by_itself = Shown({}, {}, hidden, {}, everything)
    asked = {coord: cell for coord, cell in cells.items() if cell.sketch and by_itself.reason(coord) is None}
    # Of weeks it is not decided among themselves.
    small = {coord: own_reason(coord, cell, shoppers_min) for coord, cell in asked.items()}
    other: dict[Coord, Reason] = {coord: reason for coord, reason in small.items() if reason}
    may = {coord: cell for coord, cell in asked.items() if coord not in other}
    told = ledger.settle(session, brand, currency, may, shoppers_min)
    other |= dict.fromkeys(may.keys() - told.keys(), "too_close_to_earlier")
    return Shown(
        {coord: one.cell for coord, one in told.items()},
        {coord: one.as_of for coord, one in told.items() if one.as_of},
        hidden,
        other,
        everything,
    )

"""Measures that follow from a brand's cells: one row a cell, and one for all of them."""

from __future__ import annotations

from typing import cast

from domain.insights.guard import grid
from domain.insights.guard.cells import NOTHING, Axis, Cell, Coord
from domain.insights.guard.grid import Period
from domain.insights.guard.shown import Shown, shown
from domain.insights.measures import cube
from domain.insights.measures.measure import Asked, Figures, Measure, Row, Table, Value
from schemas.insight import SplitBy, Unit

FILTERS = frozenset({"chain", "region", "product"})
SPLITS: tuple[SplitBy, ...] = ("week", "month", "quarter", "chain", "region", "product")


def told_cells(asked: Asked, periods: list[Period]) -> Shown:
    """Return the cells of some periods that may be told; periods may be of several kinds."""
    question = asked.question
    found = cube.cells(asked.store, question, periods)
    return shown(asked.session, question.brand, question.currency, found, asked.shoppers_min)


def scope_coord(asked: Asked, period: Period) -> Coord:
    """Return the cell that a question's filters and a period name."""
    question = asked.question
    return Coord(period.number, question.chain, question.region, question.product)


def cell_measure(name: str, formula: str, columns: tuple[tuple[str, Unit], ...], figures: Figures) -> Measure:
    """Return a measure whose rows are cells; the first column says which."""

    def answer(asked: Asked) -> Table:
        return _table(asked, figures)

    return Measure(
        name=name,
        formula=formula,
        columns=(("at", "text"), *columns),
        answer=answer,
        takes=FILTERS | {"by"},
        splits=SPLITS,
        guards_itself=True,
    )


def _table(asked: Asked, figures: Figures) -> Table:
    question = asked.question
    periods = question.periods
    found = told_cells(asked, sorted({*periods, question.period}))
    totals_at = scope_coord(asked, question.period)
    if question.by is None:
        places = [(question.period.name, totals_at)]
    elif question.by in grid.KINDS:
        places = [(period.name, scope_coord(asked, period)) for period in periods]
    else:
        values = found.values(cast("Axis", question.by), totals_at.time)
        places = [(value, totals_at.at(question.by, value)) for value in values]
    rows = [_row(found, at, coord, figures, question.currency) for at, coord in places]
    totals = _row(found, None, totals_at, figures, question.currency)
    cell = found.cells.get(totals_at)
    return Table(rows, totals, lines_used=None if cell is None else cell.lines)


def _row(found: Shown, at: str | None, coord: Coord, figures: Figures, currency: str) -> Row:
    names: dict[str, Value] = {"at": at}
    if reason := found.reason(coord):
        return Row({**names, **dict.fromkeys(figures(NOTHING, currency))}, reason)
    cell: Cell = found.cells.get(coord, NOTHING)
    return Row({**names, **figures(cell, currency)}, as_of=found.as_of.get(coord))

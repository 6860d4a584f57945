"""What sales are made of, and which part of it changed them."""

from __future__ import annotations

from typing import Final

from domain.insights.guard.cells import Cell
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio
from domain.insights.measures.over_cells import FILTERS, scope_coord, told_cells
from domain.insights.measures.trees import shares_of_change
from domain.money import major

FACTORS: Final = ("active", "penetration", "frequency", "units_per_trip", "price")
_FIGURES: Final = ("before", "after", "change_percent", "effect", "share_of_change")


def factors(cell: Cell, currency: str) -> dict[str, float]:
    """Return the factors whose product is the sales of a cell, in major units; 0 where there are none."""
    return {
        "active": float(cell.active),
        "penetration": ratio(cell.buyers, cell.active) or 0.0,
        "frequency": ratio(cell.trips, cell.buyers) or 0.0,
        "units_per_trip": ratio(cell.units, cell.trips) or 0.0,
        "price": ratio(major(cell.paid, currency) or 0.0, cell.units) or 0.0,
    }


def _answer(asked: Asked) -> Table:
    question = asked.question
    found = told_cells(asked, sorted({question.compared, question.period}))
    coords = [scope_coord(asked, period) for period in (question.compared, question.period)]
    reason = next((reason for reason in map(found.reason, coords) if reason), None)
    cells = [found.cells.get(coord) for coord in coords]
    before, after = cells
    if before is None or after is None:
        hidden = dict.fromkeys(_FIGURES)
        return Table(
            [Row({"factor": name, **hidden}, reason) for name in FACTORS],
            Row({"factor": "sales", **hidden}, reason),
        )
    was, became = factors(before, question.currency), factors(after, question.currency)
    sales = [major(cell.paid, question.currency) or 0.0 for cell in (before, after)]
    shares = shares_of_change(list(was.values()), list(became.values()))
    as_of = min((found.as_of[coord] for coord in coords if coord in found.as_of), default=None)
    rows = []
    for name, share in zip(FACTORS, shares, strict=True):
        rows.append(Row(_values(name, was[name], became[name], share, sales[1] - sales[0]), as_of=as_of))
    totals = Row(_values("sales", sales[0], sales[1], 1.0, sales[1] - sales[0]), as_of=as_of)
    return Table(rows, totals, lines_used=after.lines)


def _values(name: str, before: float, after: float, share: float | None, change: float) -> dict[str, Value]:
    grown = ratio(after - before, before)
    return {
        "factor": name,
        "before": before,
        "after": after,
        "change_percent": None if grown is None else 100 * grown,
        "effect": None if share is None else share * change,
        "share_of_change": None if share is None else 100 * share,
    }


MEASURE: Final = Measure(
    name="sales_tree",
    formula="sales = active × penetration × frequency × units per trip × price; ln(S2 / S1) = Σ ln(f2 / f1)",
    columns=(
        ("factor", "text"),
        ("before", "ratio"),
        ("after", "ratio"),
        ("change_percent", "percent"),
        ("effect", "money"),
        ("share_of_change", "percent"),
    ),
    answer=_answer,
    takes=FILTERS | {"compare"},
    guards_itself=True,
)

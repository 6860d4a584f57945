"""How often a buyer buys the brand."""

from __future__ import annotations

from typing import Any, Final

from domain.insights.guard.cells import Cell
from domain.insights.measures.measure import Measure, ratio
from domain.insights.measures.over_cells import cell_measure


def _figures(cell: Cell, _currency: str) -> dict[str, Any]:
    return {"buyers": cell.buyers, "trips": cell.trips, "frequency": ratio(cell.trips, cell.buyers)}


MEASURE: Final[Measure] = cell_measure(
    "frequency",
    "trips(B, P) / buyers(B, P)",
    (("buyers", "count"), ("trips", "count"), ("frequency", "ratio")),
    _figures,
)

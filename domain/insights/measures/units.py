"""How many pieces are bought."""

from __future__ import annotations

from typing import Any, Final

from domain.insights.guard.cells import Cell
from domain.insights.measures.measure import Measure, ratio
from domain.insights.measures.over_cells import cell_measure


def _figures(cell: Cell, _currency: str) -> dict[str, Any]:
    return {
        "units": cell.units,
        "units_per_trip": ratio(cell.units, cell.trips),
        "units_per_buyer": ratio(cell.units, cell.buyers),
    }


MEASURE: Final[Measure] = cell_measure(
    "units",
    "units(B, P); units(B, P) / trips(B, P); units(B, P) / buyers(B, P)",
    (("units", "count"), ("units_per_trip", "ratio"), ("units_per_buyer", "ratio")),
    _figures,
)

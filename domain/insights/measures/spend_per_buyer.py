"""What a buyer pays for the brand."""

from __future__ import annotations

from typing import Any, Final

from domain.insights.guard.cells import Cell
from domain.insights.measures.measure import Measure, ratio
from domain.insights.measures.over_cells import cell_measure
from domain.money import major


def _figures(cell: Cell, currency: str) -> dict[str, Any]:
    spend = major(cell.paid, currency) or 0.0
    return {
        "buyers": cell.buyers,
        "spend": spend,
        "spend_per_buyer": ratio(spend, cell.buyers),
        "spend_per_trip": ratio(spend, cell.trips),
    }


MEASURE: Final[Measure] = cell_measure(
    "spend_per_buyer",
    "paid(B, P) / buyers(B, P) = frequency × spend per trip",
    (("buyers", "count"), ("spend", "money"), ("spend_per_buyer", "money"), ("spend_per_trip", "money")),
    _figures,
)

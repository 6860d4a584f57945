"""How many of those who shop at all buy the brand."""

from __future__ import annotations

from typing import Any, Final

from domain.insights.guard.cells import Cell
from domain.insights.measures.measure import Measure, ratio
from domain.insights.measures.over_cells import cell_measure


def _figures(cell: Cell, _currency: str) -> dict[str, Any]:
    return {"buyers": cell.buyers, "active": cell.active, "penetration": ratio(cell.buyers, cell.active)}


MEASURE: Final[Measure] = cell_measure(
    "penetration",
    "buyers(B, P) / active(P)",
    (("buyers", "count"), ("active", "count"), ("penetration", "share")),
    _figures,
)

"""How much of the receipts that hold the brand is the brand."""

from __future__ import annotations

from typing import Any, Final

from domain.insights.guard.cells import Cell
from domain.insights.measures.measure import Measure, ratio
from domain.insights.measures.over_cells import cell_measure
from domain.money import major


def _figures(cell: Cell, currency: str) -> dict[str, Any]:
    return {
        "spend": major(cell.paid, currency),
        "baskets": major(cell.baskets, currency),
        "share": ratio(cell.paid, cell.baskets),
    }


MEASURE: Final[Measure] = cell_measure(
    "share_of_basket",
    "paid(B, P) / sum of the totals of receipts that hold B",
    (("spend", "money"), ("baskets", "money"), ("share", "share")),
    _figures,
)

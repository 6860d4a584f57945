"""How much is bought on promotion, how deep it is, and how much more is bought then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from domain.insights.guard import grid
from domain.insights.guard.cells import Cell
from domain.insights.measures.measure import Asked, Measure, Table, ratio
from domain.insights.measures.over_cells import FILTERS, SPLITS, cell_measure
from domain.insights.measures.scan import OWN, bound

# A week counts as one of promotion for a product in a chain where so many of its lines have a discount.
PROMOTED_MIN: Final = 0.2
_WEEKS: Final = f"""
    SELECT product, chain, countIf(is_promoted) AS weeks, sumIf(units, is_promoted) AS promoted_units,
        sumIf(units, NOT is_promoted) AS other_units
    FROM (
        SELECT product, chain, toMonday(day) AS week, sum(units) AS units,
            countIf(discount > 0) >= {PROMOTED_MIN} * count() AS is_promoted
        FROM purchase WHERE {OWN} AND day BETWEEN {{from:Date}} AND {{until:Date}} AND product <> ''
        GROUP BY product, chain, week
    )
    GROUP BY product, chain
    SETTINGS prefer_column_name_to_alias = 1
"""
_PROMOTED: Final = f"""
    SELECT uniqExactIf(shopper, discount > 0) AS promoted, uniqExactIf(shopper, discount = 0) AS others
    FROM purchase WHERE {OWN} AND day BETWEEN {{from:Date}} AND {{until:Date}} AND product <> ''
"""


def _figures(cell: Cell, _currency: str) -> dict[str, Any]:
    return {
        "lines": cell.lines,
        "promoted": cell.promoted,
        "promoted_share": ratio(cell.promoted, cell.lines),
        "discount_share": ratio(cell.discount, cell.paid + cell.discount),
    }


_SHARES: Final = cell_measure(
    "promotion",
    "lines with a discount of their own / lines; discount / (paid + discount); uplift = Σ units of promoted"
    " weeks / Σ (promoted weeks × mean units of the other weeks) − 1, by product and chain",
    (("lines", "count"), ("promoted", "count"), ("promoted_share", "share"), ("discount_share", "share")),
    _figures,
)


def _answer(asked: Asked) -> Table:
    table = _SHARES.answer(asked)
    told = table.totals is not None and table.totals.reason is None
    return replace(table, notes={"uplift": _uplift(asked) if told else None})


def _uplift(asked: Asked) -> float | None:
    """Return by how much more is bought in weeks of promotion, over whole weeks; None if unknown."""
    question = asked.question
    weeks = [
        week
        for week in grid.parts(question.period, "week")
        if question.period.first <= week.first and week.last <= min(question.period.last, question.today)
    ]
    if not weeks:
        return None
    named = bound(question) | {"from": weeks[0].first, "until": weeks[-1].first + timedelta(days=6)}
    groups = asked.store.query(_PROMOTED, named)[0]
    if min(int(groups["promoted"]), int(groups["others"])) < asked.shoppers_min:
        return None
    units = expected = 0.0
    for row in asked.store.query(_WEEKS, named):
        promoted, others = int(row["weeks"]), len(weeks) - int(row["weeks"])
        if promoted and others:
            units += int(row["promoted_units"])
            expected += promoted * int(row["other_units"]) / others
    grown = ratio(units, expected)
    return None if grown is None else grown - 1


MEASURE: Final[Measure] = replace(_SHARES, answer=_answer, takes=FILTERS | {"by"}, splits=SPLITS)

"""How many of the buyers of its category buy the brand. Of the category a brand sees the ratio alone."""

from __future__ import annotations

from typing import Final

from domain.insights.guard.cells import small_reason
from domain.insights.measures.categories import category_of
from domain.insights.measures.measure import Asked, Measure, Row, Table, ratio
from domain.insights.measures.over_cells import scope_coord, told_cells
from domain.insights.measures.scan import IN_PERIOD, OF_CATEGORY, WITHDREW, bound

_BUYERS: Final = f"""
    SELECT uniqExact(shopper) AS buyers, uniqExactIf(shopper, brand = {{brand:String}}) AS own
    FROM purchase WHERE {OF_CATEGORY} AND {IN_PERIOD} AND shopper NOT IN ({WITHDREW})
"""


def _answer(asked: Asked) -> Table:
    question = asked.question
    category = category_of(asked)
    found = told_cells(asked, [question.period])
    coord = scope_coord(asked, question.period)
    row = asked.store.query(_BUYERS, bound(question, category=category))[0]
    own, buyers = int(row["own"]), int(row["buyers"])
    reason = found.reason(coord) or (small_reason(own, 0, 0, asked.shoppers_min) if own else None)
    # Those who buy the category and not the brand are a group too.
    reason = reason or (small_reason(buyers - own, 0, 0, asked.shoppers_min) if buyers > own else None)
    share = None if reason else ratio(own, buyers)
    cell = found.cells.get(coord)
    told = Row({"category": category, "relative_penetration": share}, reason, found.as_of.get(coord))
    return Table([told], lines_used=None if reason or cell is None else cell.lines)


MEASURE: Final = Measure(
    name="relative_penetration",
    formula="buyers(B in C, P) / buyers(C, P)",
    columns=(("category", "text"), ("relative_penetration", "share")),
    answer=_answer,
    takes=frozenset({"category"}),
    guards_itself=True,
)

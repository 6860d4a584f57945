"""What a brand spent on shoppers: points, vouchers, messages, and what is given in from outside."""

from __future__ import annotations

from typing import Final

from domain.insights.measures.measure import Asked
from domain.insights.measures.scan import AGREED, IN_PERIOD, bound

_COST: Final = f"""
    SELECT sum(value) AS spent FROM touch
    WHERE brand = {{brand:String}} AND startsWith(kind, 'cost_') AND {IN_PERIOD} AND shopper IN ({AGREED})
"""


def cost_minor(asked: Asked) -> int:
    """Return the cost of the period, in minor units."""
    return int(asked.store.query(_COST, bound(asked.question))[0]["spent"]) + (asked.question.asked.cost or 0)

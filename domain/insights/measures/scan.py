"""Pieces of statements that several measures share. Every value is bound by name; nothing is pasted in."""

from __future__ import annotations

from typing import Any, Final

from domain.insights.guard.cells import ALL
from domain.insights.guard.grid import Period
from domain.insights.measures.question import Question

IN_PERIOD: Final = "day BETWEEN {first:Date} AND {last:Date}"
# A brand's lines through a question's filters, of any day.
OWN: Final = f"""
    brand = {{brand:String}} AND currency = {{currency:String}}
    AND ({{chain:String}} = '{ALL}' OR chain = {{chain:String}})
    AND ({{region:String}} = '{ALL}' OR region = {{region:String}})
    AND ({{product:String}} = '{ALL}' OR product = {{product:String}})
"""
# Who agreed that this brand may know: what was said about it, else what was said about all.
AGREED: Final = """
    SELECT shopper FROM consent WHERE brand = {brand:String} AND given = 1
    UNION ALL SELECT shopper FROM consent WHERE brand = '' AND given = 1
        AND shopper NOT IN (SELECT shopper FROM consent WHERE brand = {brand:String})
"""


def agreed_of(shoppers: str) -> str:
    """Return the statement for those of some shoppers who agreed; for few it costs less than all do."""
    return f"""
        SELECT shopper FROM consent WHERE brand IN ('', {{brand:String}}) AND shopper IN ({shoppers})
        GROUP BY shopper HAVING argMax(given, brand) = 1
    """


# Brands of a category: it makes of a look at a whole period one at few brands.
OF_CATEGORY: Final = """
    category = {category:String} AND currency = {currency:String}
    AND brand IN (SELECT DISTINCT brand FROM brand_month WHERE category = {category:String})
"""
# Who withdrew from this brand alone, though others may know of them.
WITHDREW: Final = "SELECT shopper FROM consent WHERE brand = {brand:String} AND given = 0"


def bound(question: Question, period: Period | None = None, **more: Any) -> dict[str, Any]:
    """Return what a question's statements are given: its filters, and the days of its period or another."""
    of = period or question.period
    return {
        "brand": question.brand,
        "currency": question.currency,
        "chain": question.chain,
        "region": question.region,
        "product": question.product,
        "first": of.first,
        "last": min(of.last, question.today),
        **more,
    }

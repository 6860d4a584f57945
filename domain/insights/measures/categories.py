"""Which category a question is about."""

from __future__ import annotations

from typing import Final

from domain.errors import UnknownFilterValueError
from domain.insights.measures.measure import Asked

_CATEGORIES: Final = """
    SELECT category, sum(paid) AS spent FROM brand_month
    WHERE brand = {brand:String} AND currency = {currency:String} AND category <> ''
    GROUP BY category ORDER BY spent DESC, category
"""


def category_of(asked: Asked) -> str:
    """Return the category asked for, or the one in which most is spent on the brand.

    Empty if the brand never was bought.

    Raises:
        UnknownFilterValueError: The brand has nothing in that category.
    """
    question = asked.question
    rows = asked.store.query(_CATEGORIES, {"brand": question.brand, "currency": question.currency})
    categories = [row["category"] for row in rows]
    wanted = question.asked.category
    if wanted is None:
        return categories[0] if categories else ""
    if wanted not in categories:
        raise UnknownFilterValueError(field="category")
    return wanted

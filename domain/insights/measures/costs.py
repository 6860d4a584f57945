"""What a brand spent on shoppers: vouchers used, and what is given in from outside."""

from __future__ import annotations

from typing import Final

from domain.insights.measures.measure import Asked, ratio
from domain.insights.measures.scan import AGREED, IN_PERIOD, bound
from domain.money import major

# What partners are owed for vouchers, which they settle in đồng. Points cost once a reward is taken for them.
VOUCHERS_IN: Final = "VND"
_USED: Final = f"""
    SELECT uniqExact(shopper) AS shoppers, sum(value) AS spent FROM touch
    WHERE brand = {{brand:String}} AND kind = 'reward_used' AND {IN_PERIOD} AND shopper IN ({AGREED})
"""


def cost(asked: Asked) -> float | None:
    """Return the cost of the period in whole units of the currency; None where nothing of it is known.

    Vouchers that few shoppers used are left out: the sum would tell of those.
    """
    question, known = asked.question, asked.question.asked.cost
    if question.currency == VOUCHERS_IN:
        used = asked.store.query(_USED, bound(question))[0]
        if int(used["shoppers"]) >= asked.shoppers_min:
            known = (known or 0) + int(used["spent"])
    return major(known, question.currency)


def per(spent: float | None, count: float) -> float | None:
    """Return what one of so many cost; None where the cost is not known, or they are none."""
    return None if spent is None else ratio(spent, count)

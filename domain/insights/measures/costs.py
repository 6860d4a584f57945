"""What a brand spent on shoppers: points, vouchers that were given, and what is told from outside.

Points cost as they are given: a voucher that was bought with them costs nothing again when it is used. One
that a campaign gave costs what its partner is owed once it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.insights.guard.grid import Period
from domain.insights.measures.measure import Asked, Value, ratio
from domain.insights.measures.scan import IN_PERIOD, agreed_of, bound
from domain.money import major
from infra.settings import settings

# What partners settle in, and what a point is reckoned in.
COSTS_IN: Final = "VND"
_TOUCHES: Final = f"""
    FROM touch WHERE brand = {{brand:String}} AND kind IN ('cost_voucher', 'referral_earned') AND {IN_PERIOD}
"""
_COST: Final = f"""
    SELECT part, uniqExact(shopper) AS shoppers, sum(value) AS spent
    FROM (
        SELECT 'points' AS part, shopper, points AS value FROM purchase
        WHERE brand = {{brand:String}} AND currency = {{currency:String}} AND {IN_PERIOD} AND points > 0
        UNION ALL
        SELECT if(kind = 'referral_earned', 'points', 'vouchers') AS part, shopper, value
        {_TOUCHES} AND shopper IN ({agreed_of(f"SELECT shopper {_TOUCHES}")})
    )
    GROUP BY part
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """A period's cost in minor units by what it is for; None where nothing of it is known or may be told."""

    points: int | None = None
    vouchers: int | None = None
    given: int | None = None

    def all(self, currency: str) -> float | None:
        """Return all that is known in whole units of a currency; None where nothing is."""
        known = [one for one in (self.points, self.vouchers, self.given) if one is not None]
        return major(sum(known), currency) if known else None

    def notes(self, currency: str) -> dict[str, Value]:
        """Return the parts in whole units, for who asks what a cost is made of."""
        parts = {"cost_points": self.points, "cost_vouchers": self.vouchers, "cost_given": self.given}
        return {name: major(one, currency) for name, one in parts.items()}


def cost(asked: Asked, period: Period | None = None) -> Cost:
    """Return what the brand spent in the question's period, or another.

    Parts that few shoppers caused are left out: the sum would tell of those.
    """
    question, given = asked.question, asked.question.asked.cost
    if question.currency != COSTS_IN:
        return Cost(given=given)
    found = {
        row["part"]: int(row["spent"])
        for row in asked.store.query(_COST, bound(question, period))
        if int(row["shoppers"]) >= asked.shoppers_min
    }
    points = found.get("points")
    each = settings().point_cost_vnd
    return Cost(None if points is None else points * each, found.get("vouchers"), given)


def per(spent: float | None, count: float) -> float | None:
    """Return what one of so many cost; None where the cost is not known, or they are none."""
    return None if spent is None else ratio(spent, count)

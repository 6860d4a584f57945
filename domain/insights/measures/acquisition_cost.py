"""What a new buyer costs: of all, and of those who would not have come by themselves."""

from __future__ import annotations

from typing import Final

from domain.insights.guard.partition import Share, smallest, withheld_rows
from domain.insights.measures.costs import cost, per
from domain.insights.measures.measure import Asked, Measure, Table, Value, ratio, row_of
from domain.insights.measures.scan import AGREED, bound
from domain.insights.measures.statistic import Difference, difference_of_rates

_BUYERS: Final = """
    SELECT shopper, min(day) AS began FROM purchase
    WHERE brand = {brand:String} AND currency = {currency:String} AND day <= {last:Date} GROUP BY shopper
"""
_MEMBERS: Final = """
    SELECT shopper, has(holdouts, toYear({first:Date})) AS held FROM shopper WHERE joined < {first:Date}
"""
# Who could have become a buyer in the period: joined before, not bought before; by the permanent hold-out.
_COULD: Final = f"""
    SELECT held, sum(shoppers) AS shoppers, sum(came) AS came
    FROM (
        SELECT held, toInt64(count()) AS shoppers, toUInt64(0) AS came
            FROM ({_MEMBERS} AND shopper IN ({AGREED})) GROUP BY held
        UNION ALL
        SELECT held, -countIf(began < {{first:Date}}) AS shoppers, countIf(began >= {{first:Date}}) AS came
            FROM ({_MEMBERS} AND shopper IN (SELECT shopper FROM ({_BUYERS}))) AS joined
            INNER JOIN ({_BUYERS}) AS bought USING shopper GROUP BY held
    )
    GROUP BY held
"""
_NEW: Final = f"SELECT count() AS came FROM ({_BUYERS}) WHERE began >= {{first:Date}}"


def _answer(asked: Asked) -> Table:
    question = asked.question
    named = bound(question)
    new = int(asked.store.query(_NEW, named)[0]["came"])
    arms = {int(row["held"]): row for row in asked.store.query(_COULD, named)}
    nobody = {"shoppers": 0, "came": 0}
    reached, held = ({key: int(arms.get(arm, nobody)[key]) for key in nobody} for arm in (0, 1))
    (reason,) = withheld_rows([Share(new)], asked.shoppers_min)
    small = [smallest(arm["came"], arm["shoppers"] - arm["came"]) for arm in (reached, held)]
    arms_reason = next(
        (why for why in withheld_rows([Share(count) for count in small], asked.shoppers_min) if why), None
    )
    lift = difference_of_rates(reached["came"], reached["shoppers"], held["came"], held["shoppers"])
    costs = cost(asked)
    spent = costs.all(question.currency)
    gross: dict[str, Value] = {"cost": spent, "new_buyers": new, "cost_per_new": per(spent, new)}
    above = _above(lift, reached["shoppers"], spent)
    known = lift is not None and lift.is_known and lift.value > 0 and not reason and not arms_reason
    rows = [
        row_of({"kind": "gross"}, gross, reason),
        row_of({"kind": "above_holdout"}, {"cost": spent, **above}, reason or arms_reason),
    ]
    notes: dict[str, Value] = {"new_rate": None, "held_rate": None} | costs.notes(question.currency)
    if not reason and not arms_reason:
        notes |= {
            "new_rate": ratio(reached["came"], reached["shoppers"]),
            "held_rate": ratio(held["came"], held["shoppers"]),
        }
    return Table(rows, None, notes, verdict="acquisition_known" if known else "acquisition_unknown")


def _above(lift: Difference | None, shoppers: int, spent: float | None) -> dict[str, Value]:
    """Return the new buyers above the hold-out's rate, and what each cost once they are told from none."""
    if lift is None:
        return {"new_buyers": None, "cost_per_new": None}
    more = lift.value * shoppers
    return {"new_buyers": more, "cost_per_new": per(spent, more) if lift.is_known and more > 0 else None}


MEASURE: Final = Measure(
    name="acquisition_cost",
    formula="cost / new buyers; cost / ((new rate reached − new rate held out) × reached)",
    columns=(("kind", "text"), ("cost", "money"), ("new_buyers", "count"), ("cost_per_new", "money")),
    answer=_answer,
    takes=frozenset({"cost"}),
)

"""Return on objective: how many of an audience did what was to be achieved, of how many aimed at.

What counts was agreed before the campaign began: event, target and period are the campaign's, and nobody can
choose them when the figures are known.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from domain.campaigns.measuring import Objective
from domain.campaigns.trials import Measured
from domain.insights.guard import grid
from domain.insights.guard.cells import ALL
from domain.insights.guard.partition import Share, smallest, withheld_rows
from domain.insights.measures.agreed import campaign_of
from domain.insights.measures.costs import cost, per
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio, row_of
from domain.insights.measures.scan import AGREED, IN_PERIOD, bound
from domain.insights.measures.statistic import difference_of_rates
from schemas.insight import ObjectiveEvent, Unit

FIRST_DAYS: Final = 7
SECOND_DAYS: Final = 30
AWAY_DAYS: Final = 60
_TOUCHED: Final = f"FROM touch WHERE brand = {{brand:String}} AND {IN_PERIOD}"
_OWN: Final = "FROM purchase WHERE brand = {brand:String} AND currency = {currency:String}"
_RECEIPTS: Final = "FROM receipt WHERE day <= {last:Date} + 60"
# By event: who could do it, one row a shopper, and whether they did.
_EVENTS: Final[dict[ObjectiveEvent, str]] = {
    "joined": "SELECT shopper, 1 AS did FROM shopper WHERE joined BETWEEN {first:Date} AND {last:Date}",
    "first_receipt_in_7_days": f"""
        SELECT shopper, min(day) > toDate(0) AND dateDiff('day', any(joined), min(day)) <= {FIRST_DAYS} AS did
        FROM (SELECT shopper, joined FROM shopper WHERE joined BETWEEN {{first:Date}} AND {{last:Date}}) AS
        new LEFT JOIN (SELECT shopper, day {_RECEIPTS}) AS sent USING shopper GROUP BY shopper
    """,
    "second_receipt_in_30_days": f"""
        SELECT shopper, length(days) > 1 AND dateDiff('day', days[1], days[2]) <= {SECOND_DAYS} AS did
        FROM (SELECT shopper, arrayPartialSort(2, groupArray(day)) AS days {_RECEIPTS} GROUP BY shopper)
        WHERE days[1] BETWEEN {{first:Date}} AND {{last:Date}}
    """,
    "tried_new_product": f"""
        SELECT shopper, max(is_new) AS did
        FROM (
            SELECT shopper, product, min(day) AS began, max(day) AS latest, began >= {{first:Date}}
                AND product <> ''
                AND ({{product:String}} = '*' OR product = {{product:String}}) AS is_new
            {_OWN} AND day <= {{last:Date}} GROUP BY shopper, product
        )
        GROUP BY shopper HAVING min(began) < {{first:Date}} AND max(latest) >= {{first:Date}}
    """,
    "answered_survey": f"""
        SELECT shopper, max(kind <> 'survey_asked') AS did {_TOUCHED} AND startsWith(kind, 'survey_')
        GROUP BY shopper
    """,
    "shared_referral": f"""
        SELECT shopper, max(shared) AS did
        FROM (
            SELECT DISTINCT shopper, 0 AS shared FROM receipt WHERE {IN_PERIOD}
            UNION ALL SELECT DISTINCT shopper, 1 AS shared {_TOUCHED} AND kind = 'referral_made'
        )
        GROUP BY shopper
    """,
    "returned_after_60_days": f"""
        SELECT shopper, max(day) >= {{first:Date}} AS did
        {_OWN} AND day <= {{last:Date}}
        GROUP BY shopper
        HAVING maxIf(day, day < {{first:Date}}) > toDate(0)
            AND maxIf(day, day < {{first:Date}}) <= {{first:Date}} - {AWAY_DAYS}
    """,
}
# How long after the period it may still happen.
_LATER: Final[dict[ObjectiveEvent, int]] = {
    "first_receipt_in_7_days": FIRST_DAYS,
    "second_receipt_in_30_days": SECOND_DAYS,
}


# Whom the campaign is for and who is held out of it; else everybody, and who is held out of everything.
_OF_CAMPAIGN: Final = "SELECT shopper, held > 0 AS held FROM assignment WHERE campaign = {campaign:String}"
_OF_ALL: Final = "SELECT shopper, has(holdouts, toYear({first:Date})) AS held FROM shopper"


def _answer(asked: Asked) -> Table:
    one = campaign_of(asked)
    rows = [_row(asked, one, objective) for objective in one.terms.measuring.objectives]
    if not rows:
        return Table([], None, {}, verdict="no_objectives")
    periods = [grid.period_of(objective.period) for objective in one.terms.measuring.objectives]
    span = min(period.first for period in periods), max(period.last for period in periods)
    return Table(rows, None, {"agreed": one.began_on.isoformat()}, verdict="objectives_agreed", span=span)


def _row(asked: Asked, one: Measured, objective: Objective) -> Row:
    question, period = asked.question, grid.period_of(objective.period)
    # What was agreed tells of nobody.
    names: dict[str, Value] = {
        "event": objective.event,
        "period": objective.period,
        "target": objective.target,
    }
    if period.first > question.today:
        return Row(names | dict.fromkeys(name for name, _ in _FIGURES) | {"standing": "objective_ahead"})
    named = bound(question, period, campaign=one.slug, product=objective.product or ALL) | {
        "last": period.last
    }
    sql = _sql(objective.event, of_campaign=one.trial is not None)
    arms = {int(row["held"]): row for row in asked.store.query(sql, named)}
    nobody = {"audience": 0, "achieved": 0}
    reached, held = ({key: int(arms.get(arm, nobody)[key]) for key in nobody} for arm in (0, 1))
    audience, achieved = (reached[key] + held[key] for key in nobody)
    (reason,) = withheld_rows([Share(smallest(achieved, audience - achieved))], asked.shoppers_min)
    parts = [smallest(arm["achieved"], arm["audience"] - arm["achieved"]) for arm in (reached, held)]
    lift = None
    if reason is None and min(parts) >= asked.shoppers_min:
        lift = difference_of_rates(
            reached["achieved"], reached["audience"], held["achieved"], held["audience"]
        )
    spent = cost(asked, period).all(question.currency)
    ends = period.last + timedelta(days=_LATER.get(objective.event, 0))
    figures: dict[str, Value] = {
        "standing": _standing(question.today, ends, achieved, objective.target),
        "audience": audience,
        "achieved": achieved,
        "return": achieved / objective.target,
        "reached_rate": ratio(reached["achieved"], reached["audience"]) if lift else None,
        "held_rate": ratio(held["achieved"], held["audience"]) if lift else None,
        "lift_low": lift.low if lift else None,
        "lift_high": lift.high if lift else None,
        "cost": spent,
        "cost_per_achieved": per(spent, achieved),
    }
    return row_of(names, figures, reason)


def _standing(today: date, ends: date, achieved: int, target: int) -> str:
    if achieved >= target:
        return "objective_met"
    return "objective_running" if today <= ends else "objective_missed"


def _sql(event: ObjectiveEvent, *, of_campaign: bool) -> str:
    known = f"INNER ANY JOIN ({_OF_CAMPAIGN})" if of_campaign else f"LEFT ANY JOIN ({_OF_ALL})"
    return f"""
        SELECT known.held AS held, count() AS audience, sum(did) AS achieved
        FROM ({_EVENTS[event]}) AS asked
        {known} AS known USING shopper
        WHERE shopper IN ({AGREED})
        GROUP BY held
    """


_FIGURES: Final[tuple[tuple[str, Unit], ...]] = (
    ("standing", "text"),
    ("audience", "count"),
    ("achieved", "count"),
    ("return", "ratio"),
    ("reached_rate", "share"),
    ("held_rate", "share"),
    ("lift_low", "share"),
    ("lift_high", "share"),
    ("cost", "money"),
    ("cost_per_achieved", "money"),
)
MEASURE: Final = Measure(
    name="objectives",
    formula="achieved / target; rate reached − rate held out; cost / achieved: event, target and"
    " period as agreed before the campaign began",
    columns=(("event", "text"), ("period", "text"), ("target", "count"), *_FIGURES),
    answer=_answer,
    takes=frozenset({"campaign", "cost"}),
    needs=frozenset({"campaign"}),
    guards_itself=True,
)

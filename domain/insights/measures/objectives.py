"""Return on objective: how many of an audience did what was to be achieved, of how many aimed at."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from domain.insights.guard.partition import Share, smallest, withheld_rows
from domain.insights.measures.costs import cost, per
from domain.insights.measures.measure import Asked, Measure, Table, Value, ratio, row_of
from domain.insights.measures.scan import AGREED, IN_PERIOD, bound
from domain.insights.measures.statistic import difference_of_rates
from schemas.insight import ObjectiveEvent

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


def _answer(asked: Asked) -> Table:
    question = asked.question
    event: ObjectiveEvent = question.asked.event or "joined"
    target = question.asked.target or 1
    named = bound(question) | {"last": question.period.last}
    arms = {int(row["held"]): row for row in asked.store.query(_sql(event), named)}
    nobody = {"audience": 0, "achieved": 0}
    reached, held = ({key: int(arms.get(arm, nobody)[key]) for key in nobody} for arm in (0, 1))
    audience, achieved = (reached[key] + held[key] for key in nobody)
    (reason,) = withheld_rows([Share(smallest(achieved, audience - achieved))], asked.shoppers_min)
    parts = [smallest(arm["achieved"], arm["audience"] - arm["achieved"]) for arm in (reached, held)]
    arms_told = reason is None and min(parts) >= asked.shoppers_min
    lift = difference_of_rates(reached["achieved"], reached["audience"], held["achieved"], held["audience"])
    spent = cost(asked)
    figures: dict[str, Value] = {
        "audience": audience,
        "achieved": achieved,
        "target": target,
        "return": achieved / target,
        "reached_rate": ratio(reached["achieved"], reached["audience"]) if arms_told else None,
        "held_rate": ratio(held["achieved"], held["audience"]) if arms_told else None,
        "cost": spent,
        "cost_per_achieved": per(spent, achieved),
    }
    notes: dict[str, Value] = {}
    if lift is not None and arms_told:
        notes = {"lift_rate": lift.value, "lift_low_rate": lift.low, "lift_high_rate": lift.high}
    ends = question.period.last + timedelta(days=_LATER.get(event, 0))
    verdict = (
        "objective_running"
        if question.today <= ends
        else "objective_met"
        if achieved >= target
        else "objective_missed"
    )
    return Table([row_of({"event": event}, figures, reason)], None, notes, None if reason else verdict)


def _sql(event: ObjectiveEvent) -> str:
    return f"""
        SELECT has(holdouts, toYear({{first:Date}})) AS held, count() AS audience, sum(did) AS achieved
        FROM ({_EVENTS[event]}) AS asked
        LEFT ANY JOIN (SELECT shopper, holdouts FROM shopper) AS known USING shopper
        WHERE shopper IN ({AGREED})
        GROUP BY held
    """


MEASURE: Final = Measure(
    name="objectives",
    formula="achieved / target; rate reached − rate held out; cost / achieved",
    columns=(
        ("event", "text"),
        ("audience", "count"),
        ("achieved", "count"),
        ("target", "count"),
        ("return", "ratio"),
        ("reached_rate", "share"),
        ("held_rate", "share"),
        ("cost", "money"),
        ("cost_per_achieved", "money"),
    ),
    answer=_answer,
    takes=frozenset({"event", "target", "cost", "product"}),
    needs=frozenset({"event", "target"}),
    guards_itself=True,
)

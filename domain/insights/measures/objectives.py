"""Return on objective: how many of an audience did what was to be achieved, of how many aimed at.

What counts was agreed before the campaign began: event, target and period are the campaign's, and nobody can
choose them when the figures are known. Of one that runs is told what came up to the last whole week, in steps
of enough shoppers: who asks each day learns nothing of the day. The rates of both sides are told once it is
over, since whoever looks earlier stops when they like what they see.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from domain.campaigns.measuring import Objective
from domain.campaigns.trials import Measured
from domain.insights.guard import grid
from domain.insights.guard.cells import ALL
from domain.insights.guard.grid import Period
from domain.insights.guard.partition import Share, smallest, withheld_rows
from domain.insights.guard.steps import Counted, told_last
from domain.insights.measures.agreed import campaign_of
from domain.insights.measures.costs import cost, per
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio, row_of
from domain.insights.measures.scan import AGREED, IN_PERIOD, bound
from domain.insights.measures.statistic import difference_of_rates
from schemas.insight import ObjectiveEvent, ObjectiveTold, Unit

FIRST_DAYS: Final = 7
SECOND_DAYS: Final = 30
AWAY_DAYS: Final = 60
_COUNTS: Final = ("reached", "reached_achieved", "held", "held_achieved")
_TOUCHED: Final = f"FROM touch WHERE brand = {{brand:String}} AND {IN_PERIOD}"
_OWN: Final = "FROM purchase WHERE brand = {brand:String} AND currency = {currency:String}"
_RECEIPTS: Final = "FROM receipt WHERE day <= {until:Date}"
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
    ends = period.last + timedelta(days=_LATER.get(objective.event, 0))
    until = min(ends, grid.before(grid.containing("week", question.today)).last)
    counted = dict.fromkeys(_COUNTS, 0)
    if until >= period.first:
        counted = _counted(asked, one, objective, replace(period, last=min(period.last, until)), until)
    told, arms = _told(asked, one, objective, counted, until, is_over=until >= ends)
    audience, achieved = told.reached + told.held, told.reached_achieved + told.held_achieved
    (reason,) = withheld_rows([Share(smallest(*_whole(told.model_dump())))], asked.shoppers_min)
    if told.until is None and any(counted.values()):
        reason = "too_few_shoppers"
    lift = None
    if arms and smallest(*_sides(arms.model_dump())) >= asked.shoppers_min:
        lift = difference_of_rates(arms.reached_achieved, arms.reached, arms.held_achieved, arms.held)
    spent = None
    if told.until is not None:
        spent = cost(asked, replace(period, last=min(period.last, told.until))).all(question.currency)
    figures: dict[str, Value] = {
        "standing": _standing(achieved, objective.target, is_over=until >= ends),
        "until": told.until.isoformat() if told.until else None,
        "audience": audience,
        "achieved": achieved,
        "return": achieved / objective.target,
        "reached_rate": ratio(told.reached_achieved, told.reached) if lift else None,
        "held_rate": ratio(told.held_achieved, told.held) if lift else None,
        "lift_low": lift.low if lift else None,
        "lift_high": lift.high if lift else None,
        "cost": spent,
        "cost_per_achieved": per(spent, achieved),
    }
    return row_of(names, figures, reason)


def _counted(
    asked: Asked, one: Measured, objective: Objective, period: Period, until: date
) -> dict[str, int]:
    """Return of how many shoppers it was, and how many achieved it, on each side."""
    named = bound(asked.question, period, campaign=one.slug, product=objective.product or ALL)
    sql = _sql(objective.event, of_campaign=one.trial is not None)
    sides = {int(row["held"]): row for row in asked.store.query(sql, named | {"until": until})}
    nobody = {"audience": 0, "achieved": 0}
    counts = [int(sides.get(held, nobody)[name]) for held in (0, 1) for name in nobody]
    return dict(zip(_COUNTS, counts, strict=True))


def _told(
    asked: Asked, one: Measured, objective: Objective, counted: Counted, until: date, *, is_over: bool
) -> tuple[ObjectiveTold, ObjectiveTold | None]:
    """Return what is told of it, and the same by sides where those are told.

    By sides it is told apart: what those come to has to be a step of each side too.
    """
    of_purchases = "{currency:" in _EVENTS[objective.event]
    key = {
        "brand": asked.question.brand,
        "campaign": one.slug,
        "event": objective.event,
        "period": objective.period,
        # What is no purchase is one count, in whatever currency it is asked.
        "currency": asked.question.currency if of_purchases else "",
    }
    least = asked.shoppers_min
    told = told_last(asked.session, ObjectiveTold, key | {"by_side": False}, counted, until, _whole, least)
    if not is_over or told.until is None:
        return told, None
    sides = told.model_dump(include=set(_COUNTS))
    apart = told_last(asked.session, ObjectiveTold, key | {"by_side": True}, sides, told.until, _sides, least)
    return told, apart if apart.model_dump(include=set(_COUNTS)) == sides else None


def _whole(counted: Counted) -> tuple[int, int]:
    achieved = counted["reached_achieved"] + counted["held_achieved"]
    return achieved, counted["reached"] + counted["held"] - achieved


def _sides(counted: Counted) -> tuple[int, int, int, int]:
    reached, reached_achieved, held, held_achieved = (counted[name] for name in _COUNTS)
    return reached_achieved, reached - reached_achieved, held_achieved, held - held_achieved


def _standing(achieved: int, target: int, *, is_over: bool) -> str:
    if achieved >= target:
        return "objective_met"
    return "objective_missed" if is_over else "objective_running"


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
    ("until", "text"),
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

"""The five stages between a shopper and a brand, and who moved between them since the period before.

A stage follows from facts at a day: nobody is put into one by hand.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from domain.insights.guard.moves import withheld_moves
from domain.insights.measures.categories import category_of
from domain.insights.measures.cube_statement import TRIP
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio, row_of
from domain.insights.measures.scan import AGREED, OF_CATEGORY, WITHDREW, bound

STAGES: Final = ("awareness", "consideration", "decision", "retention", "advocacy")
# Not a shopper of ours at the earlier day.
OUTSIDE: Final = "not_joined"
# How long a first purchase, or a purchase of the category, counts.
RECENT_DAYS: Final = 90
# A buyer stays for one and a half of their own median gap, a month at least.
GAP_FACTOR: Final = 1.5
GAP_DAYS_MIN: Final = 30
PROMOTER: Final = 9


def _facts(at: str) -> str:
    """Return the statement for what is known of each shopper on the day of a parameter."""
    day = f"{{{at}:Date}}"
    recent = f"day > {day} - {RECENT_DAYS} AND day <= {day}"
    touches = f"FROM touch WHERE brand = {{brand:String}} AND shopper IN ({AGREED})"
    nothing = "toUInt64(0) AS trips, toDate(0) AS last, toFloat64(0) AS gap"
    return f"""
        SELECT shopper, count() AS trips, max(on) AS last, arrayReduce('median',
                arrayMap((a, b) -> toFloat64(b - a), arrayPopBack(arraySort(groupArray(on)) AS days),
                    arrayPopFront(days))) AS gap, 0 AS near, 0 AS advocate
            FROM (SELECT shopper, min(day) AS on FROM purchase
                WHERE brand = {{brand:String}} AND currency = {{currency:String}} AND day <= {day}
                GROUP BY shopper, {TRIP})
            GROUP BY shopper
        UNION ALL SELECT DISTINCT shopper, {nothing}, 1 AS near, 0 AS advocate FROM purchase
            WHERE {OF_CATEGORY} AND {recent} AND shopper NOT IN ({WITHDREW})
        UNION ALL SELECT shopper, {nothing}, 0 AS near, 1 AS advocate {touches} AND kind = 'survey_nps'
            AND day <= {day}
            GROUP BY shopper HAVING argMax(value, (day, touch)) >= {PROMOTER}
        UNION ALL SELECT DISTINCT shopper, {nothing}, 0 AS near, 1 AS advocate {touches}
            AND kind = 'referral_earned' AND day <= {day}
        UNION ALL SELECT shopper, {nothing}, 0 AS near, 0 AS advocate FROM shopper
            WHERE joined <= {day} AND shopper IN ({AGREED})
    """


def _stage(at: str) -> str:
    since = f"dateDiff('day', max(last), {{{at}:Date}})"
    return f"""
        SELECT shopper, multiIf(max(advocate) = 1, 'advocacy',
            max(trips) >= 2 AND {since} <= greatest({GAP_FACTOR} * max(gap), {GAP_DAYS_MIN}), 'retention',
            max(trips) >= 1 AND {since} <= {RECENT_DAYS}, 'decision',
            max(near) = 1, 'consideration', 'awareness') AS stage
        FROM ({_facts(at)}) GROUP BY shopper
    """


_MOVES: Final = f"""
    SELECT was, became, count() AS shoppers
    FROM (
        SELECT shopper, maxIf(stage, later = 0) AS was, maxIf(stage, later = 1) AS became
        FROM (SELECT shopper, stage, 0 AS later FROM ({_stage("before")})
            UNION ALL SELECT shopper, stage, 1 AS later FROM ({_stage("last")}))
        GROUP BY shopper
    )
    GROUP BY was, became
"""


def _answer(asked: Asked) -> Table:
    question = asked.question
    before: date = question.compared.last
    named = bound(question, category=category_of(asked), before=before)
    moves = {
        (row["was"] or OUTSIDE, row["became"]): int(row["shoppers"])
        for row in asked.store.query(_MOVES, named)
    }
    hidden = withheld_moves(moves, STAGES, STAGES, asked.shoppers_min)
    rows: list[Row] = []
    for was in (OUTSIDE, *STAGES):
        for became in STAGES:
            reason = hidden.moves.get((was, became))
            if reason or (was, became) in moves:
                figures: dict[str, Value] = {"shoppers": moves.get((was, became), 0)}
                rows.append(row_of({"from": was, "to": became}, figures, reason))
    notes: dict[str, Value] = {}
    everybody = sum(moves.values())
    for stage in STAGES:
        count = sum(shoppers for (_, became), shoppers in moves.items() if became == stage)
        told = stage not in hidden.after
        notes[stage] = count if told else None
        notes[f"{stage}_share"] = ratio(count, everybody) if told else None
    return Table(rows, None, notes)


MEASURE: Final = Measure(
    name="stages",
    formula="advocacy: NPS ≥ 9 or a friend brought; retention: ≥ 2 trips, last ≤ max(1.5 × own median gap,"
    " 30 d) ago; decision: bought ≤ 90 d ago; consideration: category bought ≤ 90 d ago; awareness:"
    " the others",
    columns=(("from", "text"), ("to", "text"), ("shoppers", "count")),
    answer=_answer,
    takes=frozenset({"compare", "category"}),
)

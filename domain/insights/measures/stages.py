"""The five stages between a shopper and a brand, and who moved between them since the period before.

A stage follows from facts at a day: nobody is put into one by hand.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, Final

from domain.insights.guard.moves import withheld_moves
from domain.insights.measures.categories import category_of
from domain.insights.measures.cube_statement import TRIP
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio, row_of
from domain.insights.measures.scan import AGREED, OF_CATEGORY, WITHDREW, agreed_of, bound

STAGES: Final = ("awareness", "consideration", "decision", "retention", "advocacy")
_AWARENESS, _CONSIDERATION, _DECISION, _RETENTION, _ADVOCACY = range(len(STAGES))
# Not a shopper of ours at the earlier day.
OUTSIDE: Final = "not_joined"
# How long a first purchase, or a purchase of the category, counts.
RECENT_DAYS: Final = 90
# A buyer stays for one and a half of their own median gap, a month at least.
GAP_FACTOR: Final = 1.5
GAP_DAYS_MIN: Final = 30
PROMOTER: Final = 9


def _bought(days: str, at: str) -> str:
    """Return the place in `STAGES` of a shopper with these sorted days of visits; -1 without any."""
    since = f"dateDiff('day', {days}[-1], {{{at}:Date}})"
    gaps = f"arrayMap((one, next) -> toFloat64(next - one), arrayPopBack({days}), arrayPopFront({days}))"
    stays = f"greatest({GAP_FACTOR} * arrayReduce('median', {gaps}), {GAP_DAYS_MIN})"
    return f"""multiIf(empty({days}), -1,
        length({days}) >= 2 AND ({since} <= {GAP_DAYS_MIN} OR {since} <= {stays}), {_RETENTION},
        {since} <= {RECENT_DAYS}, {_DECISION}, {_AWARENESS})"""


def _if(condition: str, stage: int) -> str:
    """Return the columns for a stage that a shopper has reached at either day where a condition holds."""
    return ", ".join(
        f"if({condition.format(day=f'{{{at}:Date}}')}, {stage}, -1) AS {at}_stage"
        for at in ("before", "last")
    )


_NEAR: Final = f"countIf(day > {{day}} - {RECENT_DAYS} AND day <= {{day}}) > 0"
_PROMOTES: Final = f"argMaxIf(value, (day, touch), day <= {{day}}) >= {PROMOTER}"
_SAID: Final = """
    FROM touch WHERE brand = {brand:String} AND day <= {last:Date}
        AND kind IN ('survey_nps', 'referral_earned')
"""
_TOUCHES: Final = f"{_SAID} AND shopper IN ({agreed_of(f'SELECT shopper {_SAID}')})"
_BUYERS: Final = """
    FROM purchase WHERE brand = {brand:String} AND currency = {currency:String} AND day <= {last:Date}
"""
_NEIGHBOURS: Final = f"""
    FROM purchase WHERE {OF_CATEGORY} AND day > {{before:Date}} - {RECENT_DAYS} AND day <= {{last:Date}}
        AND shopper NOT IN ({WITHDREW})
"""
_JOINED: Final = "joined <= {before:Date} AS early, joined > {before:Date} AS late"
_ALL_MEMBERS: Final = f"""
    SELECT sum(early) AS early, sum(late) AS late
    FROM (SELECT {_JOINED} FROM shopper WHERE joined <= {{last:Date}} AND shopper IN ({AGREED}))
"""
_KNOWN: Final = (
    f"SELECT shopper {_BUYERS} UNION ALL SELECT shopper {_NEIGHBOURS} UNION ALL SELECT shopper {_SAID}"
)
# A shopper is where the furthest of what is known of them puts them. Of most nothing is but that they joined:
# these are only counted.
_MOVES: Final = f"""
    SELECT was, became, count() AS shoppers, sum(early) AS early, sum(late) AS late
    FROM (
        SELECT max(before_stage) AS was, max(last_stage) AS became, max(early) AS early, max(late) AS late
        FROM (
            SELECT shopper, {_bought("earlier", "before")} AS before_stage,
                {_bought("days", "last")} AS last_stage, 0 AS early, 0 AS late
            FROM (
                SELECT shopper, arraySort(groupArray(on)) AS days,
                    arrayFilter(on -> on <= {{before:Date}}, days) AS earlier
                FROM (
                    SELECT shopper, any(day) AS on {_BUYERS} GROUP BY shopper, {TRIP}
                )
                GROUP BY shopper
            )
            UNION ALL SELECT shopper, {_if(_NEAR, _CONSIDERATION)}, 0, 0 {_NEIGHBOURS} GROUP BY shopper
            UNION ALL SELECT shopper, {_if(_PROMOTES, _ADVOCACY)}, 0, 0
                {_TOUCHES} AND kind = 'survey_nps' GROUP BY shopper
            UNION ALL SELECT shopper, {_if("min(day) <= {day}", _ADVOCACY)}, 0, 0
                {_TOUCHES} AND kind = 'referral_earned' GROUP BY shopper
            UNION ALL SELECT shopper, {_if("joined <= {day}", _AWARENESS)}, {_JOINED} FROM shopper
                WHERE joined <= {{last:Date}} AND shopper IN ({agreed_of(_KNOWN)})
        )
        GROUP BY shopper HAVING became >= 0
    )
    GROUP BY was, became
"""


def _answer(asked: Asked) -> Table:
    question = asked.question
    before: date = question.compared.last
    named = bound(question, category=category_of(asked), before=before)
    moves = _moves(asked, named)
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


def _moves(asked: Asked, named: dict[str, Any]) -> dict[tuple[str, str], int]:
    """Return how many shoppers went from a stage to a stage, or came new to one."""
    moves: dict[tuple[str, str], int] = defaultdict(int)
    (members,) = asked.store.query(_ALL_MEMBERS, named)
    early, late = int(members["early"]), int(members["late"])
    for row in asked.store.query(_MOVES, named):
        was = OUTSIDE if row["was"] < 0 else STAGES[row["was"]]
        moves[was, STAGES[row["became"]]] += int(row["shoppers"])
        early, late = early - int(row["early"]), late - int(row["late"])
    for was, rest in ((STAGES[_AWARENESS], early), (OUTSIDE, late)):
        # Whoever joined between the two looks was counted once only.
        if rest > 0:
            moves[was, STAGES[_AWARENESS]] += rest
    return dict(moves)


MEASURE: Final = Measure(
    name="stages",
    formula="advocacy: NPS ≥ 9 or a friend brought; retention: ≥ 2 trips, last ≤ max(1.5 × own median gap,"
    " 30 d) ago; decision: bought ≤ 90 d ago; consideration: category bought ≤ 90 d ago; awareness:"
    " the others",
    columns=(("from", "text"), ("to", "text"), ("shoppers", "count")),
    answer=_answer,
    takes=frozenset({"compare", "category"}),
)

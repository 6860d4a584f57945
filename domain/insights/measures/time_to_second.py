"""How long new buyers take until they buy again, those who have not yet included."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np

from domain.insights.guard.partition import Share, withheld_rows
from domain.insights.measures.first_buys import gaps
from domain.insights.measures.measure import Asked, Measure, Table, row_of
from domain.insights.measures.survival import Survival, kaplan_meier

STEPS: Final = (7, 14, 21, 28, 42, 56, 84, 112, 182, 364)


def _answer(asked: Asked) -> Table:
    happened: Counter[int] = Counter()
    ended: Counter[int] = Counter()
    for row in gaps(asked):
        kind, day = (happened, row["waited"]) if row["came"] else (ended, row["watched"])
        kind[day] += row["shoppers"]
    shoppers = happened.total() + ended.total()
    (reason,) = withheld_rows([Share(shoppers)], asked.shoppers_min)
    days = np.array(sorted({*happened, *ended}), np.int64)
    curve = kaplan_meier(
        days,
        np.array([happened[day] for day in days], np.int64),
        np.array([ended[day] for day in days], np.int64),
    )
    rows, told = [], 0
    longest = int(days[-1]) if len(days) else 0
    for day in (step for step in STEPS if step <= longest):
        place = curve.at(day)
        events = int(curve.events[: place + 1].sum())
        left = int(sum(count for at, count in (happened + ended).items() if at > day))
        # Two steps tell of those between them: of nobody, or of enough.
        small = 0 < events - told < asked.shoppers_min or 0 < left < asked.shoppers_min
        why = reason or ("too_few_shoppers" if small else None)
        if why is None:
            told = events
        rows.append(row_of({"day": day}, _figures(curve, place, left), why))
    median = None if reason else curve.median
    return Table(rows, None, {"new_buyers": None if reason else shoppers, "median_days": median})


def _figures(curve: Survival, place: int, left: int) -> dict[str, float | int | None]:
    if place < 0:
        return {"returned": 0.0, "low": 0.0, "high": 0.0, "at_risk": left}
    return {
        "returned": 1 - float(curve.waiting[place]),
        "low": 1 - float(curve.high[place]),
        "high": 1 - float(curve.low[place]),
        "at_risk": left,
    }


MEASURE: Final = Measure(
    name="time_to_second",
    formula="1 − Π (1 − d(t) / n(t)) over days t; 95 % interval by Greenwood on log(−log)",
    columns=(
        ("day", "days"),
        ("returned", "share"),
        ("low", "share"),
        ("high", "share"),
        ("at_risk", "count"),
    ),
    answer=_answer,
)

"""How many of those who first bought in a month still buy in each later one."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from domain.insights.guard import grid
from domain.insights.guard.cells import Reason
from domain.insights.guard.partition import Share, withheld_rows
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio, row_of
from domain.insights.measures.scan import OWN, bound

_BOUGHT: Final = f"""
    SELECT began, month, count() AS buyers, sum(spent) AS paid, max(spent) AS top
    FROM (
        SELECT shopper, min(month) AS began, groupArray((month, spent)) AS bought
        FROM (
            SELECT shopper, toStartOfMonth(day) AS month, sum(paid) AS spent
            FROM purchase WHERE {OWN} AND day <= {{last:Date}} GROUP BY shopper, month
        )
        GROUP BY shopper
    )
    ARRAY JOIN bought.1 AS month, bought.2 AS spent
    GROUP BY began, month
"""


def _answer(asked: Asked) -> Table:
    question = asked.question
    # The running month is not whole, and every later figure of a cohort would seem to fall in it.
    last = grid.containing("month", question.today).first - timedelta(days=1)
    named = bound(question) | {"last": last}
    found = {(row["began"], row["month"]): row for row in asked.store.query(_BOUGHT, named)}
    reasons = _reasons(found, asked.shoppers_min)
    rows: list[Row] = []
    for cohort in grid.parts(question.period, "month"):
        size = int(found.get((cohort.first, cohort.first), {"buyers": 0})["buyers"])
        if not size:
            continue
        month = cohort
        while month.last <= last:
            key = (cohort.first, month.first)
            buyers = int(found[key]["buyers"]) if key in found else 0
            figures: dict[str, Value] = {"buyers": buyers, "retention": ratio(buyers, size)}
            names: dict[str, Value] = {
                "cohort": cohort.name,
                "month": _months_between(cohort.first, month.first),
            }
            why = reasons.get((cohort.first, cohort.first)) or reasons.get(key)
            rows.append(row_of(names, figures, why))
            month = grid.containing("month", month.last + timedelta(days=1))
    return Table(rows)


def _reasons(
    found: dict[tuple[date, date], dict[str, int]], shoppers_min: int
) -> dict[tuple[date, date], Reason]:
    """Return what is withheld, by all cohorts there are: those of a month add up to its buyers."""
    months: dict[date, list[tuple[date, date]]] = defaultdict(list)
    for key in sorted(found):
        months[key[1]].append(key)
    reasons: dict[tuple[date, date], Reason] = {}
    for keys in months.values():
        shares = [
            Share(int(found[key]["buyers"]), int(found[key]["top"]), int(found[key]["paid"])) for key in keys
        ]
        found_reasons = zip(keys, withheld_rows(shares, shoppers_min), strict=True)
        reasons |= {key: reason for key, reason in found_reasons if reason}
    return reasons


def _months_between(first: date, later: date) -> int:
    return 12 * (later.year - first.year) + later.month - first.month


MEASURE: Final = Measure(
    name="cohorts",
    formula="r(c, k) = buyers of cohort c in month c + k / size of c",
    columns=(("cohort", "text"), ("month", "count"), ("buyers", "count"), ("retention", "share")),
    answer=_answer,
)

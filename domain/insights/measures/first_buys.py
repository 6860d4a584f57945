"""First and second purchases of a brand's new buyers, and until when each was watched."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from domain.insights.measures.cube_statement import TRIP
from domain.insights.measures.measure import Asked
from domain.insights.measures.scan import OWN, bound

_ALL: Final = f"FROM purchase WHERE {OWN} AND day <= {{seen:Date}}"
_NEW: Final = f"""
    SELECT shopper {_ALL} GROUP BY shopper HAVING min(day) BETWEEN {{from:Date}} AND {{until:Date}}
"""
# Shoppers by the month of their first purchase, whether and after how many days they bought again, and for
# how many days they were watched. Whoever had bought before the period is no new buyer.
_GAPS: Final = f"""
    SELECT toStartOfMonth(began) AS month, again > toDate(0) AS came, dateDiff('day', began, again) AS waited,
        dateDiff('day', began, {{seen:Date}}) AS watched, count() AS shoppers
    FROM (
        SELECT shopper, arrayPartialSort(2, groupArray(on)) AS days, days[1] AS began,
            if(length(days) > 1, days[2], toDate(0)) AS again
        FROM (SELECT shopper, any(day) AS on {_ALL} AND shopper IN ({_NEW}) GROUP BY shopper, {TRIP})
        GROUP BY shopper
    )
    GROUP BY month, came, waited, watched
"""


def gaps(asked: Asked) -> list[dict[str, int]]:
    """Return new buyers of the period by `month`, `came`, `waited`, `watched`, with how many `shoppers` each.

    They were watched until yesterday: of today not everything is known yet.
    """
    question = asked.question
    seen = question.today - timedelta(days=1)
    named = bound(question) | {
        "seen": seen,
        "from": question.period.first,
        "until": min(question.period.last, seen),
    }
    return asked.store.query(_GAPS, named)

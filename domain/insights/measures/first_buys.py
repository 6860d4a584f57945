"""First and second purchases of a brand's new buyers, and until when each was watched."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from domain.insights.measures.measure import Asked
from domain.insights.measures.scan import VISITS, bound

# Shoppers by the month of their first purchase, whether and after how many days they bought again, and for
# how many days they were watched. Whoever had bought before the period is no new buyer.
_GAPS: Final = f"""
    SELECT toStartOfMonth(began) AS month, again > toDate(0) AS came, dateDiff('day', began, again) AS waited,
        dateDiff('day', began, {{seen:Date}}) AS watched, count() AS shoppers
    FROM (
        SELECT shopper, arrayPartialSort(2, groupArray(on)) AS days, days[1] AS began,
            if(length(days) > 1, days[2], toDate(0)) AS again
        FROM ({VISITS}) GROUP BY shopper
    )
    WHERE began BETWEEN {{from:Date}} AND {{until:Date}}
    GROUP BY month, came, waited, watched
"""


def gaps(asked: Asked) -> list[dict[str, int]]:
    """Return new buyers of the period by `month`, `came`, `waited`, `watched`, with how many `shoppers` each.

    They were watched until yesterday: of today not everything is known yet.
    """
    question = asked.question
    seen = question.today - timedelta(days=1)
    named = bound(question) | {
        "last": seen,
        "seen": seen,
        "from": question.period.first,
        "until": min(question.period.last, seen),
    }
    return asked.store.query(_GAPS, named)

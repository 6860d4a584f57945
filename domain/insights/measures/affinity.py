"""Which brands lie in the same baskets more often than chance puts them there."""

from __future__ import annotations

import math
from typing import Final

from domain.insights.errors import ParameterNotTakenError
from domain.insights.measures.measure import Asked, Measure, Row, Table
from domain.insights.measures.scan import bound
from domain.insights.measures.statistic import Z, discoveries, log_lift, p_above

BASKETS_MIN: Final = 50
# Shoppers of months don't add up; those of the best month are as many at least.
_PAIRS: Final = """
    SELECT b AS partner, sum(baskets) AS baskets, max(shoppers) AS shoppers FROM pair_month
    WHERE a = {brand:String} AND month BETWEEN {first:Date} AND {last:Date}
    GROUP BY partner
"""
_BRANDS: Final = """
    SELECT brand, sum(receipts) AS baskets FROM brand_month
    WHERE month BETWEEN {first:Date} AND {last:Date} AND brand IN {brands:Array(String)}
    GROUP BY brand
"""
_ALL: Final = """
    SELECT sum(receipts) AS baskets FROM active_month WHERE month BETWEEN {first:Date} AND {last:Date}
"""


def _answer(asked: Asked) -> Table:
    question = asked.question
    if question.period.kind == "week":
        raise ParameterNotTakenError(field="period")
    named = bound(question)
    pairs = {row["partner"]: row for row in asked.store.query(_PAIRS, named)}
    named["brands"] = [question.brand, *sorted(pairs)]
    brands = {row["brand"]: int(row["baskets"]) for row in asked.store.query(_BRANDS, named)}
    of = int(asked.store.query(_ALL, named)[0]["baskets"])
    own = brands.get(question.brand, 0)
    looked_at = []
    for partner, row in sorted(pairs.items()):
        both = int(row["baskets"])
        if both >= BASKETS_MIN and int(row["shoppers"]) >= asked.shoppers_min:
            looked_at.append((partner, both, *log_lift(both, own, brands[partner], of)))
    holds = discoveries([p_above(lift, error) for *_, lift, error in looked_at])
    rows: list[Row] = []
    for (partner, both, lift, error), found in zip(looked_at, holds, strict=True):
        if found and lift - Z * error > 0:
            rows.append(
                Row(
                    {
                        "with": partner,
                        "baskets": both,
                        "support": both / of,
                        "confidence": both / own,
                        "lift": math.exp(lift),
                        "low": math.exp(lift - Z * error),
                        "high": math.exp(lift + Z * error),
                    }
                )
            )
    rows.sort(key=lambda row: -float(row.values["lift"] or 0))
    return Table(rows, None, {"baskets": of or None, "not_shown": len(pairs) - len(rows)})


MEASURE: Final = Measure(
    name="affinity",
    formula="support n(AB) / N; confidence n(AB) / n(A); lift n(AB) N / (n(A) n(B)), told if n(AB) ≥ 50, its"
    " lower 95 % bound > 1 and it holds among all pairs (Benjamini–Hochberg, 5 %)",
    columns=(
        ("with", "text"),
        ("baskets", "count"),
        ("support", "share"),
        ("confidence", "share"),
        ("lift", "ratio"),
        ("low", "ratio"),
        ("high", "ratio"),
    ),
    answer=_answer,
)

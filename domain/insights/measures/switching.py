"""Between which brands shoppers moved their spend on a category from one period to the next."""

from __future__ import annotations

from typing import Final

from domain.insights.guard.cells import small_reason
from domain.insights.guard.partition import Share, withheld_rows
from domain.insights.measures.categories import category_of
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, row_of
from domain.insights.measures.scan import OF_CATEGORY, WITHDREW, bound
from domain.money import major

# A shopper's share of the category by brand, before and after; only of those who bought the category both
# times, and the brand at least once.
_SHARES: Final = f"""
    SELECT shopper, brands, befores, afters, arraySum(befores) AS whole_before, arraySum(afters) AS
    whole_after,
        arrayMap((b, a) -> a / whole_after - b / whole_before, befores, afters) AS moved,
        arraySum(arrayMap(d -> greatest(d, 0), moved)) AS gained,
        (whole_before + whole_after) / 2 AS weight,
        indexOf(brands, {{brand:String}}) AS own, moved[own] AS own_moved
    FROM (
        SELECT shopper, groupArray(brand) AS brands, groupArray(before) AS befores, groupArray(after) AS
        afters FROM (
            SELECT shopper, toString(brand) AS brand, sumIf(paid, day < {{first:Date}}) AS before,
                sumIf(paid, day >= {{first:Date}}) AS after
            FROM purchase
            WHERE {OF_CATEGORY} AND (day BETWEEN {{first:Date}} AND {{last:Date}}
                OR day BETWEEN {{first_before:Date}} AND {{last_before:Date}}) AND shopper NOT IN ({WITHDREW})
                AND shopper IN (SELECT shopper FROM purchase WHERE brand = {{brand:String}}
                    AND category = {{category:String}} AND currency = {{currency:String}}
                    AND (day BETWEEN {{first:Date}} AND {{last:Date}}
                        OR day BETWEEN {{first_before:Date}} AND {{last_before:Date}}))
            GROUP BY shopper, brand
        )
        GROUP BY shopper
    )
    WHERE whole_before > 0 AND whole_after > 0
"""
# What moved to or from each other brand: a gainer takes from each loser in proportion to what it lost.
_FLOWS: Final = f"""
    SELECT brand, countIf(flow <> 0) AS shoppers, sumIf(flow, flow > 0) AS won, -sumIf(flow, flow < 0) AS
    lost,
        max(abs(flow)) AS top, sum(abs(flow)) AS turned
    FROM (
        SELECT brand, weight * if(own_moved > 0, greatest(-d, 0), -greatest(d, 0)) * abs(own_moved) / gained
        AS flow FROM ({_SHARES}) ARRAY JOIN brands AS brand, moved AS d
        WHERE brand <> {{brand:String}} AND gained > 0
    )
    GROUP BY brand HAVING shoppers > 0 ORDER BY turned DESC, brand
"""
_KINDS: Final = f"""
    SELECT multiIf(befores[own] = 0, 'to_brand', afters[own] = 0, 'from_brand', own_moved > 0, 'more',
        own_moved < 0,
        'less', 'same') AS kind, count() AS shoppers
    FROM ({_SHARES}) GROUP BY kind
"""
KINDS: Final = ("to_brand", "from_brand", "more", "less", "same")


def _answer(asked: Asked) -> Table:
    question = asked.question
    named = bound(
        question,
        category=category_of(asked),
        first_before=question.compared.first,
        last_before=question.compared.last,
    )
    rows: list[Row] = []
    for row in asked.store.query(_FLOWS, named):
        reason = small_reason(int(row["shoppers"]), row["top"], row["turned"], asked.shoppers_min)
        won, lost = (major(round(row[key]), question.currency) or 0.0 for key in ("won", "lost"))
        figures: dict[str, Value] = {
            "shoppers": int(row["shoppers"]),
            "won": won,
            "lost": lost,
            "net": won - lost,
        }
        rows.append(row_of({"with": row["brand"]}, figures, reason))
    kinds = {row["kind"]: int(row["shoppers"]) for row in asked.store.query(_KINDS, named)}
    counts = [kinds.get(kind, 0) for kind in KINDS]
    reasons = withheld_rows([Share(count) for count in counts], asked.shoppers_min)
    told = {kind: None if why else count for kind, count, why in zip(KINDS, counts, reasons, strict=True)}
    return Table(rows, None, {"category": named["category"], **told})


MEASURE: Final = Measure(
    name="switching",
    formula="per shopper d(b) = share of b in C after − before; to B from l: d(B) × |d(l)| / Σ losses",
    columns=(("with", "text"), ("shoppers", "count"), ("won", "money"), ("lost", "money"), ("net", "money")),
    answer=_answer,
    takes=frozenset({"compare", "category"}),
)

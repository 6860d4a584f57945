"""How much of a brand's sales its heaviest buyers make."""

from __future__ import annotations

from typing import Final

from domain.insights.guard.partition import Share, withheld_rows
from domain.insights.measures.cube_statement import TRIP
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio, row_of
from domain.insights.measures.scan import IN_PERIOD, OWN, bound
from domain.money import major

# The heaviest fifth, the next three tenths, and the lighter half.
KINDS: Final = ("heavy", "medium", "light")
_WEIGHTS: Final = f"""
    SELECT multiIf(10 * place <= 2 * all_buyers, 'heavy', 10 * place <= 5 * all_buyers, 'medium',
        'light') AS kind,
        count() AS buyers, sum(trips) AS trips, sum(spent) AS spent, max(spent) AS top
    FROM (
        SELECT trips, spent, row_number() OVER (ORDER BY spent DESC, shopper) AS place, count() OVER () AS
        all_buyers FROM (
            SELECT shopper, uniqExact({TRIP}) AS trips, sum(paid) AS spent
            FROM purchase WHERE {OWN} AND {IN_PERIOD} GROUP BY shopper
        )
    )
    GROUP BY kind
    SETTINGS prefer_column_name_to_alias = 1
"""


def _answer(asked: Asked) -> Table:
    question = asked.question
    found = {row["kind"]: row for row in asked.store.query(_WEIGHTS, bound(question))}
    nobody: dict[str, int] = dict.fromkeys(("buyers", "trips", "spent", "top"), 0)
    groups = [
        {key: int(value) for key, value in found.get(kind, nobody).items() if key != "kind"} for kind in KINDS
    ]
    whole = {key: sum(group[key] for group in groups) for key in ("buyers", "trips", "spent")}
    shares = [Share(group["buyers"], group["top"], group["spent"]) for group in groups]
    top = max(group["top"] for group in groups)
    (all_reason,) = withheld_rows([Share(whole["buyers"], top, whole["spent"])], asked.shoppers_min)

    def figures(group: dict[str, int]) -> dict[str, Value]:
        spend = major(group["spent"], question.currency) or 0.0
        return {
            "buyers": group["buyers"],
            "spend": spend,
            "share": ratio(group["spent"], whole["spent"]),
            "trips": group["trips"],
            "spend_per_buyer": ratio(spend, group["buyers"]),
        }

    rows: list[Row] = [
        row_of({"kind": kind}, figures(group), all_reason or reason)
        for kind, group, reason in zip(KINDS, groups, withheld_rows(shares, asked.shoppers_min), strict=True)
    ]
    return Table(rows, row_of({"kind": "all"}, figures(whole), all_reason))


MEASURE: Final = Measure(
    name="buyer_weight",
    formula="buyers by paid(B, P), most first: heavy the first 20 %, medium the next 30 %, light the others",
    columns=(
        ("kind", "text"),
        ("buyers", "count"),
        ("spend", "money"),
        ("share", "share"),
        ("trips", "count"),
        ("spend_per_buyer", "money"),
    ),
    answer=_answer,
)

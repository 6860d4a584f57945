"""How much of what its buyers spend on the category the brand gets ("share of requirements")."""

from __future__ import annotations

from typing import Final

from domain.insights.guard.partition import Share, withheld_rows
from domain.insights.measures.categories import category_of
from domain.insights.measures.measure import Asked, Measure, Row, Table, ratio, row_of
from domain.insights.measures.scan import IN_PERIOD, OF_CATEGORY, bound
from domain.money import major

_BY_LOYALTY: Final = f"""
    SELECT own = total AS solus, count() AS buyers, sum(own) AS spent, sum(total) AS category_spent,
        max(own) AS top,
        sum(own_lines) AS lines
    FROM (
        SELECT shopper, sumIf(paid, brand = {{brand:String}}) AS own, sum(paid) AS total,
            countIf(brand = {{brand:String}}) AS own_lines
        FROM purchase
        WHERE {OF_CATEGORY} AND {IN_PERIOD} AND shopper IN (
            SELECT shopper FROM purchase
            WHERE brand = {{brand:String}} AND category = {{category:String}}
                AND currency = {{currency:String}}
                AND {IN_PERIOD})
        GROUP BY shopper
    )
    GROUP BY solus ORDER BY solus DESC
"""
_KINDS: Final = {1: "solus", 0: "shared"}


def _answer(asked: Asked) -> Table:
    question = asked.question
    category = category_of(asked)
    found = {
        int(row["solus"]): row for row in asked.store.query(_BY_LOYALTY, bound(question, category=category))
    }
    groups = [
        (name, found.get(solus, dict.fromkeys(("buyers", "spent", "category_spent", "top", "lines"), 0)))
        for solus, name in _KINDS.items()
    ]
    shares = [Share(int(row["buyers"]), int(row["top"]), int(row["spent"])) for _, row in groups]
    reasons = withheld_rows(shares, asked.shoppers_min)
    whole = {
        key: sum(int(row[key]) for _, row in groups) for key in ("buyers", "spent", "category_spent", "lines")
    }
    (whole_reason,) = withheld_rows(
        [Share(whole["buyers"], max(share.top for share in shares), whole["spent"])], asked.shoppers_min
    )

    def figures(row: dict[str, int]) -> dict[str, float | int | None]:
        return {
            "buyers": int(row["buyers"]),
            "spend": major(int(row["spent"]), question.currency),
            "share_of_wallet": ratio(int(row["spent"]), int(row["category_spent"])),
            "buyers_share": ratio(int(row["buyers"]), whole["buyers"]),
        }

    rows: list[Row] = [
        row_of({"kind": name}, figures(row), whole_reason or reason)
        for (name, row), reason in zip(groups, reasons, strict=True)
    ]
    totals = row_of({"kind": "all"}, figures(whole), whole_reason)
    return Table(rows, totals, {"category": category}, lines_used=None if whole_reason else whole["lines"])


MEASURE: Final = Measure(
    name="share_of_wallet",
    formula="paid(B in C, P) by B's buyers / paid(C, P) by the same buyers; solus: 100 %",
    columns=(
        ("kind", "text"),
        ("buyers", "count"),
        ("spend", "money"),
        ("share_of_wallet", "share"),
        ("buyers_share", "share"),
    ),
    answer=_answer,
    takes=frozenset({"category"}),
)

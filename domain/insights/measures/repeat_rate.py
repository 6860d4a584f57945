"""How many new buyers buy again within some days of their first purchase."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from domain.insights.guard.partition import Share, smallest, withheld_rows
from domain.insights.measures.first_buys import gaps
from domain.insights.measures.measure import Asked, Measure, Row, Table, ratio, row_of

DAYS_DEFAULT: Final = 30


def _answer(asked: Asked) -> Table:
    days = asked.question.asked.days or DAYS_DEFAULT
    months: dict[Any, dict[str, int]] = defaultdict(lambda: {"new_buyers": 0, "observed": 0, "repeated": 0})
    for row in gaps(asked):
        month = months[row["month"]]
        month["new_buyers"] += row["shoppers"]
        # Who was not watched for so long could not have come back yet, and is not counted against.
        if row["watched"] >= days:
            month["observed"] += row["shoppers"]
            month["repeated"] += row["shoppers"] * (row["came"] and row["waited"] <= days)
    whole = {
        key: sum(month[key] for month in months.values()) for key in ("new_buyers", "observed", "repeated")
    }
    ordered = sorted(months)
    least = [_least(months[month]) for month in ordered]
    reasons = withheld_rows([Share(count) for count in least], asked.shoppers_min)
    (total,) = withheld_rows([Share(_least(whole))], asked.shoppers_min)
    rows: list[Row] = [
        row_of({"month": f"{month:%Y-%m}"}, _figures(months[month]), total or reason)
        for month, reason in zip(ordered, reasons, strict=True)
    ]
    return Table(rows, row_of({"month": None}, _figures(whole), total), {"days": days})


def _least(group: dict[str, int]) -> int:
    """Return the smallest group that a row tells of: who came, who did not, who was watched too short."""
    observed = group["observed"]
    return smallest(group["repeated"], observed - group["repeated"], group["new_buyers"] - observed)


def _figures(group: dict[str, int]) -> dict[str, float | int | None]:
    return {**group, "repeat_rate": ratio(group["repeated"], group["observed"])}


MEASURE: Final = Measure(
    name="repeat_rate",
    formula="new buyers with ≥ 2 trips within W days of the first / new buyers watched for W days",
    columns=(
        ("month", "text"),
        ("new_buyers", "count"),
        ("observed", "count"),
        ("repeated", "count"),
        ("repeat_rate", "share"),
    ),
    answer=_answer,
    takes=frozenset({"days"}),
)

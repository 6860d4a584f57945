"""What is paid for a piece, by chain and week."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from domain.insights.guard import grid
from domain.insights.guard.cells import ALL
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio
from domain.insights.measures.over_cells import scope_coord, told_cells
from domain.insights.measures.scan import bound
from domain.money import major

_FIGURES: Final = ("units", "mean", "p10", "median", "p90")
# Each line is one price: what was paid for a piece of it. Quantiles are the price of the line at that place.
_PRICES: Final = f"""
    SELECT toMonday(day) AS week, at_chain, quantileExact(0.1)(price) AS p10, quantileExact(0.5)(price) AS
    median,
        quantileExact(0.9)(price) AS p90
    FROM (
        SELECT day, arrayJoin([toString(chain), '{ALL}']) AS at_chain, paid / units AS price
        FROM purchase
        WHERE brand = {{brand:String}} AND currency = {{currency:String}} AND units > 0
            AND ({{region:String}} = '{ALL}' OR region = {{region:String}})
            AND ({{product:String}} = '{ALL}' OR product = {{product:String}})
            AND day BETWEEN {{from:Date}} AND {{until:Date}}
    )
    GROUP BY week, at_chain
"""


def _answer(asked: Asked) -> Table:
    question = asked.question
    weeks = [week for week in grid.parts(question.period, "week") if week.first <= question.today]
    split = replace(asked, question=replace(question, by="chain"))
    found = told_cells(split, weeks)
    named = bound(question) | {"from": weeks[0].first, "until": weeks[-1].last}
    prices = {
        (grid.containing("week", row["week"]).number, row["at_chain"]): row
        for row in asked.store.query(_PRICES, named)
    }
    rows: list[Row] = []
    for week in weeks:
        total = scope_coord(split, week)
        chains = found.values("chain", week.number)
        for chain in [ALL, *chains]:
            coord = total.at("chain", chain)
            names: dict[str, Value] = {"week": week.name, "chain": None if chain == ALL else chain}
            cell = found.cells.get(coord)
            # A quantile can't be told as it was: where few shoppers changed, it waits until more did.
            reason = found.reason(coord) or ("too_close_to_earlier" if coord in found.as_of else None)
            price = prices.get((week.number, chain))
            if reason or cell is None or price is None:
                if reason:
                    rows.append(Row({**names, **dict.fromkeys(_FIGURES)}, reason))
                continue
            mean = ratio(major(cell.paid, question.currency) or 0.0, cell.units)
            paid = {key: major(round(price[key]), question.currency) for key in ("p10", "median", "p90")}
            rows.append(Row({**names, "units": cell.units, "mean": mean, **paid}))
    return Table(rows)


MEASURE: Final = Measure(
    name="price_paid",
    formula="Σ paid / Σ units by chain and ISO week; p10, median and p90 of paid / units over lines",
    columns=(
        ("week", "text"),
        ("chain", "text"),
        ("units", "count"),
        ("mean", "money"),
        ("p10", "money"),
        ("median", "money"),
        ("p90", "money"),
    ),
    answer=_answer,
    takes=frozenset({"product", "region"}),
    guards_itself=True,
)

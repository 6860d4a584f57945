"""Who came, stayed, left and came back: a period's buyers by what they bought before."""

from __future__ import annotations

from typing import Final

from domain.insights.guard.partition import Share, withheld_rows
from domain.insights.measures.cube_statement import TRIP
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio, row_of
from domain.insights.measures.scan import IN_PERIOD, OWN, bound
from domain.money import major

# Without a purchase for so long a buyer has lapsed.
GAP_DAYS_DEFAULT: Final = 90
# Who joined so shortly before the first purchase may have bought all along, unseen.
JOINED_DAYS: Final = 90
KINDS: Final = ("newcomer", "new", "returning", "regained")
_FLOW: Final = f"""
    SELECT multiIf(began = toDate(0), 'lapsed', earlier = toDate(0) AND joined > began - {JOINED_DAYS},
        'newcomer',
            earlier = toDate(0), 'new', dateDiff('day', earlier, began) <= {{gap:UInt16}}, 'returning',
                'regained')
            AS kind,
        count() AS buyers, sum(trips) AS trips, sum(spent) AS spent, max(spent) AS top
    FROM (
        SELECT shopper, minIf(day, day >= {{first:Date}}) AS began,
            maxIf(day, day < {{first:Date}}) AS earlier,
            uniqExactIf({TRIP}, day >= {{first:Date}}) AS trips, sumIf(paid, day >= {{first:Date}}) AS spent
        FROM purchase WHERE {OWN} AND day <= {{last:Date}} GROUP BY shopper
        HAVING began > toDate(0) OR earlier >= {{first:Date}} - {{gap:UInt16}}
    ) AS bought
    LEFT ANY JOIN (
        SELECT shopper, joined FROM shopper
        WHERE shopper IN (SELECT shopper FROM purchase WHERE brand = {{brand:String}} AND {IN_PERIOD})
    ) AS known USING shopper
    GROUP BY kind
    SETTINGS prefer_column_name_to_alias = 1
"""


def _answer(asked: Asked) -> Table:
    question = asked.question
    gap = question.asked.days or GAP_DAYS_DEFAULT
    found = {row["kind"]: row for row in asked.store.query(_FLOW, bound(question, gap=gap))}
    nobody: dict[str, int] = dict.fromkeys(("buyers", "trips", "spent", "top"), 0)
    groups = [found.get(kind, nobody) for kind in KINDS]
    buyers, spent = (sum(int(group[key]) for group in groups) for key in ("buyers", "spent"))
    reasons = withheld_rows([_share(group) for group in groups], asked.shoppers_min)
    (whole,) = withheld_rows(
        [Share(buyers, max(int(group["top"]) for group in groups), spent)], asked.shoppers_min
    )

    def figures(count: int, trips: int, paid: int) -> dict[str, Value]:
        money = major(paid, question.currency)
        return {"buyers": count, "share": ratio(count, buyers), "trips": trips, "spend": money}

    rows: list[Row] = [
        row_of(
            {"kind": kind},
            figures(*(int(group[key]) for key in ("buyers", "trips", "spent"))),
            whole or reason,
        )
        for kind, group, reason in zip(KINDS, groups, reasons, strict=True)
    ]
    lapsed = int(found.get("lapsed", nobody)["buyers"])
    (reason,) = withheld_rows([Share(lapsed)], asked.shoppers_min)
    gone: dict[str, Value] = {"buyers": lapsed, "share": None, "trips": None, "spend": None}
    rows.append(row_of({"kind": "lapsed"}, gone, reason))
    trips = sum(int(group["trips"]) for group in groups)
    return Table(rows, row_of({"kind": "all"}, figures(buyers, trips, spent), whole), {"days": gap})


def _share(group: dict[str, int]) -> Share:
    return Share(int(group["buyers"]), int(group["top"]), int(group["spent"]))


MEASURE: Final = Measure(
    name="buyer_flow",
    formula="newcomer: first buy, joined < 90 d before; new: first buy; returning: last buy ≤ L d before;"
    " regained: > L d before; lapsed: bought in the L d before P, not in P",
    columns=(
        ("kind", "text"),
        ("buyers", "count"),
        ("share", "share"),
        ("trips", "count"),
        ("spend", "money"),
    ),
    answer=_answer,
    takes=frozenset({"days"}),
)

"""60 receipts against 30 campaigns: points, and why not more in both languages, reckoned another way."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

import pytest

from domain.campaigns.compiled import Version
from domain.campaigns.facts import Basket, Case, History
from domain.campaigns.judging import Limits, judge
from domain.campaigns.kept import Claims, read_kept, to_keep
from domain.campaigns.told import whys_of
from domain.catalog.folding import fold
from tests.domain.campaigns.golden import written
from tests.domain.campaigns.golden.drawn import RESTRICTED
from tests.domain.campaigns.golden.reckoning import brand
from tests.make.campaigns import basket, id_of, line, named, points, terms, version

TAKING_PART = ("omo", "knorr", "dove")


@cache
def campaigns() -> dict[str, Version]:
    said = json.loads((written.HERE / "rules.json").read_text(encoding="utf-8"))
    return {name: version(terms(**({"brands": TAKING_PART} | rules)), name) for name, rules in said.items()}


@cache
def receipts() -> dict[str, dict[str, Any]]:
    drawn = (written.HERE / "receipts.jsonl").read_text(encoding="utf-8").splitlines()
    return {receipt["id"]: receipt for receipt in map(json.loads, drawn)}


def expected() -> dict[str, list[dict[str, str]]]:
    by_rule: dict[str, list[dict[str, str]]] = {}
    with (written.HERE / "expected.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_rule.setdefault(row["rule"], []).append(row)
    return by_rule


EXPECTED = expected()


def basket_of(receipt: dict[str, Any]) -> Basket:
    lines = [
        line(one["product"], one["net"], one["units"], RESTRICTED.get(brand(one), "none"))
        for one in receipt["lines"]
    ]
    day, hour = date.fromisoformat(receipt["day"]), receipt["hour"]
    return basket(
        *lines,
        total=receipt["total"],
        retailer_id=id_of(receipt["retailer"]) if receipt["retailer"] else None,
        store=fold(receipt["store"]) if receipt["store"] else None,
        region=fold(receipt["address"]) if receipt["address"] else None,
        purchased_on=day,
        purchased_at=None if hour is None else datetime.combine(day, time(hour)),
        uploaded_on=day + timedelta(days=receipt["sent_after"]),
    )


def history_of(receipt: dict[str, Any], rule: str) -> History:
    products = named(receipt["bought"])
    return History(
        bought_before=bool(receipt["bought"]),
        brands_before=frozenset(id_of(name.split("-")[0]) for name in receipt["bought"]),
        products_before=frozenset(product.id for product in products.values()),
        caps={
            (id_of(rule), "points:shopper:day"): receipt["points_today"],
            (id_of(rule), "receipts:shopper:week"): receipt["receipts_this_week"],
        },
        stamps={(id_of(rule), "six"): receipt["stamps"]},
        filled={(id_of(rule), "six"): receipt["stamps"] - receipt["stamps"] % 5},
    )


def judged_and_kept(receipt: dict[str, Any], rule: str) -> tuple[str, str, str]:
    bought = basket_of(receipt)
    judgement = judge([campaigns()[rule]], Case(bought, history_of(receipt, rule)), Limits())
    kept = read_kept(json.loads(json.dumps(to_keep(judgement, bought, Claims()))))
    paid = points(judgement)
    told = [
        " | ".join(why.message for outcome in kept.outcomes for why in whys_of(outcome, language))
        for language in ("vi", "en")
    ]
    return " ".join(f"{brand}={paid[brand]}" for brand in sorted(paid)), told[0], told[1]


@pytest.mark.parametrize("rule", list(EXPECTED))
def test_receipts_earn_and_are_told_what_was_reckoned_by_hand(rule: str) -> None:
    differing = [
        (row["receipt"], (row["points"], row["vi"], row["en"]), said)
        for row in EXPECTED[rule]
        if (said := judged_and_kept(receipts()[row["receipt"]], rule))
        != (row["points"], row["vi"], row["en"])
    ]
    assert differing == []


def test_the_table_is_whole_and_says_something_of_every_rule() -> None:
    assert len(EXPECTED) == 30
    assert {len(rows) for rows in EXPECTED.values()} == {60}
    assert [rule for rule, rows in EXPECTED.items() if not any(row["points"] for row in rows)] == []
    kept = [
        [row[name] for name in ("receipt", "rule", "points", "vi", "en")]
        for rows in EXPECTED.values()
        for row in rows
    ]
    assert sorted(kept) == sorted(list(written.rows())[1:]), "the table is what the model says"

"""Stored sums are what the rows themselves say, and rows in two stores say what they say in one."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date

import pytest

from domain.insights.store.derive import derive, periods_of, stale_months
from domain.insights.store.forgetting import forget
from domain.insights.store.synthetic import Plan, fill
from domain.insights.store.tables import Layout
from infra.columnar.engine import EmbeddedStore
from schemas.base import new_id
from tests.make.columnar import drop, new_store, on_one_and_on_two, rows

PLAN = Plan(shoppers=400, receipts=1_000, last_day=date(2026, 5, 31), seed=7, months_count=3)


@pytest.fixture(scope="module")
def filled(services: None) -> Generator[EmbeddedStore]:
    store = new_store()
    for _ in fill(store, PLAN):
        pass
    for _ in derive(store, Layout()):
        pass
    yield store
    drop(store)


def test_a_base_is_the_same_for_a_seed_and_about_as_large_as_asked(filled: EmbeddedStore) -> None:
    told = filled.query("SELECT count() AS n, min(day) AS first, max(day) AS last FROM receipt_rows")[0]
    assert 0.85 * PLAN.receipts < told["n"] < 1.15 * PLAN.receipts
    assert (told["first"] >= PLAN.months[0], told["last"] <= PLAN.last_day) == (True, True)
    before = rows(filled, "receipt_rows", "sum(cityHash64(day, shopper, receipt, total))")
    again = fill(filled, PLAN)
    next(again)
    assert rows(filled, "receipt_rows FINAL", "sum(cityHash64(day, shopper, receipt, total))") == before
    assert rows(filled, "receipt", "uniqExact(receipt)") == rows(filled, "receipt", "count()")


def test_lines_add_up_to_their_receipt(filled: EmbeddedStore) -> None:
    more = filled.query(
        "SELECT receipt, sum(paid) AS paid_, any(basket) AS basket_ FROM purchase GROUP BY receipt"
        " HAVING paid_ > basket_"
    )
    assert more == []


YEAR = "grain = 'year' AND start = '2026-01-01' AND chain = '*' AND region = '*'"
WEEK = "grain = 'week' AND start = '2026-03-30' AND chain != '*' AND region = '*'"
REGIONS = "region IN ('hanoi', 'mekong')"
SAME = {
    f"SELECT shoppers, receipts, total FROM active_period WHERE {YEAR}": (
        "SELECT uniqExact(shopper), count(), sum(total) FROM receipt WHERE toYear(day) = 2026"
    ),
    f"SELECT chain, shoppers FROM active_period WHERE {WEEK} ORDER BY chain": (
        "SELECT chain, uniqExact(shopper) FROM receipt WHERE toMonday(day) = '2026-03-30'"
        " GROUP BY chain ORDER BY chain"
    ),
    f"SELECT uniqExactMerge(shoppers), sum(receipts) FROM active_month WHERE {REGIONS}": (
        f"SELECT uniqExact(shopper), count() FROM receipt WHERE {REGIONS}"
    ),
    "SELECT sum(receipts), sum(lines), sum(units), sum(paid) FROM brand_month WHERE brand = 'omo'": (
        "SELECT uniqExact(receipt), count(), sum(units), sum(paid) FROM purchase WHERE brand = 'omo'"
    ),
    "SELECT sum(baskets), max(shoppers) FROM pair_month WHERE a = 'omo' AND b = 'surf'": (
        "SELECT sum(n), max(s) FROM (SELECT toStartOfMonth(day) AS m, uniqExact(receipt) AS n,"
        " uniqExact(shopper) AS s FROM purchase WHERE brand = 'surf' AND receipt IN"
        " (SELECT receipt FROM purchase WHERE brand = 'omo') GROUP BY m)"
    ),
}


@pytest.mark.parametrize(("stored", "raw"), SAME.items())
def test_what_is_stored_is_what_the_rows_say(filled: EmbeddedStore, stored: str, raw: str) -> None:
    told = [tuple(row.values()) for row in filled.query(stored)]
    assert told == [tuple(row.values()) for row in filled.query(raw)]
    assert any(value for row in told for value in row)


def test_only_what_is_newer_is_summed_up_again(filled: EmbeddedStore) -> None:
    assert stale_months(filled, "brand_month") == []
    shopper = filled.query("SELECT shopper FROM receipt WHERE day >= '2026-05-01' LIMIT 1")[0]["shopper"]
    row = {
        "day": [date(2026, 5, 5)],
        "shopper": [shopper],
        "receipt": [5],
        "agreed": [1],
        "version": [10**17],
    }
    filled.insert("receipt_rows", row | {"version": [10**17]})
    assert stale_months(filled, "brand_month") == [date(2026, 5, 1)]
    built = [name for name in derive(filled, Layout()) if name.startswith("active_period")]
    assert [name.removeprefix("active_period ") for name in built] == [
        period.name for period in periods_of([date(2026, 5, 1)])
    ]
    filled.insert("receipt_rows", row | {"version": [10**17 + 1], "gone": [1]})
    list(derive(filled, Layout()))
    kept = filled.query("SELECT period, uniqExact(version) AS builds FROM active_month_rows GROUP BY period")
    assert {row["builds"] for row in kept} == {1}


def test_sums_forget_whom_the_rows_forgot(filled: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    found = filled.query(
        "SELECT shopper, count() AS n FROM receipt GROUP BY shopper ORDER BY n DESC LIMIT 1"
    )[0]
    monkeypatch.setattr("domain.insights.store.forgetting.number_of", lambda _: found["shopper"])
    active = (
        "SELECT sum(receipts) AS n FROM active_period WHERE grain = 'year' AND chain = '*' AND region = '*'"
    )
    before = filled.query(active)[0]["n"]
    forget(filled, Layout(), new_id())
    assert filled.query(active)[0]["n"] == before
    list(derive(filled, Layout()))
    assert filled.query(active)[0]["n"] == before - found["n"]


def test_two_stores_that_share_shoppers_out_answer_as_one(filled: EmbeddedStore) -> None:
    one, two = on_one_and_on_two(
        filled,
        "SELECT toStartOfMonth(day) AS month, uniqExactState(shopper) AS buyers,"
        " uniqExactState(receipt) AS trips, sumState(paid) AS paid"
        " FROM purchase WHERE brand = {brand:String} GROUP BY month",
        "SELECT month, uniqExactMerge(buyers) AS buyers, uniqExactMerge(trips) AS trips,"
        " sumMerge(paid) AS paid FROM {parts} GROUP BY month ORDER BY month",
        {"brand": "omo"},
    )
    assert one == two
    assert len(one) == 3

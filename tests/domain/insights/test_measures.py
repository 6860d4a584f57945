"""Every measure equals what the base's lines come to when they are counted by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.insights.guard import grid
from domain.insights.measures.registry import MEASURES
from domain.insights.measures.stages import OUTSIDE
from domain.insights.measures.statistic import discoveries, log_lift, p_above
from tests.domain.insights import by_hand
from tests.domain.insights.tables import BEFORE, QUARTER, Ask, by, ratio
from tests.make.insight_base import CHAINS


def test_simple_measures_equal_the_lines(ask: Ask) -> None:
    found = by_hand.basics(by_hand.own(*QUARTER))
    active = by_hand.active(*QUARTER)
    expected: dict[str, dict[str, Any]] = {
        "penetration": {
            "buyers": found["buyers"],
            "active": active,
            "penetration": ratio(found["buyers"], active),
        },
        "frequency": {"trips": found["trips"], "frequency": ratio(found["trips"], found["buyers"])},
        "spend_per_buyer": {
            "spend": found["spend"],
            "spend_per_buyer": ratio(found["spend"], found["buyers"]),
            "spend_per_trip": ratio(found["spend"], found["trips"]),
        },
        "units": {"units": found["units"], "units_per_trip": ratio(found["units"], found["trips"])},
        "share_of_basket": {"baskets": found["baskets"], "share": ratio(found["spend"], found["baskets"])},
        "promotion": {
            "lines": found["lines"],
            "promoted_share": ratio(found["promoted"], found["lines"]),
            "discount_share": ratio(found["discount"], found["spend"] + found["discount"]),
        },
    }
    for measure, values in expected.items():
        (row,) = ask(measure).rows
        assert {name: row.values[name] for name in values} == values, measure


@pytest.mark.parametrize("split", ["week", "month", "chain", "product"])
def test_splits_equal_the_lines_of_each_part(ask: Ask, split: str) -> None:
    # Few shops of the rarer chains stand in one region, so chains are told of all.
    region = None if split == "chain" else "hanoi"
    table = ask("frequency", by=split, **({"region": region} if region else {}))
    for row in table.rows:
        at = row.values["at"]
        if split in {"week", "month"}:
            period = grid.period_of(str(at))
            found = by_hand.own(period.first, period.last, lambda line: region in {None, line.region})
        else:
            found = by_hand.own(
                *QUARTER,
                lambda line, at=at: region in {None, line.region} and getattr(line, split) == at,  # type: ignore[misc]
            )
        counted = by_hand.basics(found)
        if row.reason is None:
            assert (row.values["buyers"], row.values["trips"]) == (counted["buyers"], counted["trips"]), at
    assert sum(row.reason is None for row in table.rows) >= 2


def test_active_shoppers_from_the_kept_sums_equal_the_receipts(ask: Ask) -> None:
    for row in ask("penetration", by="chain").rows:
        chain = row.values["at"]
        assert row.values["active"] == by_hand.active(*QUARTER, lambda one, chain=chain: one.chain == chain)  # type: ignore[misc]
    for row in ask("penetration", by="week", region="hcmc").rows:
        week = grid.period_of(str(row.values["at"]))
        if row.reason is None:
            expected = by_hand.active(week.first, week.last, lambda one: one.region == "hcmc")
            assert row.values["active"] == expected


def test_the_tree_multiplies_out_and_its_parts_add_up_to_the_change(ask: Ask) -> None:
    table = ask("sales_tree", compare="2025-Q4")
    sales = [by_hand.basics(by_hand.own(*days))["spend"] for days in (BEFORE, QUARTER)]
    assert table.totals is not None
    assert [table.totals.values[name] for name in ("before", "after")] == sales
    for at, expected in zip(("before", "after"), sales, strict=True):
        product = 1.0
        for row in table.rows:
            product *= float(row.values[at] or 0)
        assert product == pytest.approx(expected, rel=1e-12)
    assert sum(float(row.values["share_of_change"] or 0) for row in table.rows) == pytest.approx(100)
    assert sum(float(row.values["effect"] or 0) for row in table.rows) == pytest.approx(sales[1] - sales[0])


def test_relative_penetration_and_share_of_wallet(ask: Ask) -> None:
    own, category = by_hand.category_buyers(*QUARTER)
    assert ask("relative_penetration").rows[0].values == {
        "category": "laundry",
        "relative_penetration": ratio(own, category),
    }
    groups = by_hand.wallet(*QUARTER)
    buyers = sum(group[0] for group in groups.values())
    for kind, row in by(ask("share_of_wallet"), "kind").items():
        count, paid, all_paid = groups[kind]
        assert row.values == {
            "kind": kind,
            "buyers": count,
            "spend": paid,
            "share_of_wallet": ratio(paid, all_paid),
            "buyers_share": ratio(count, buyers),
        }


def test_buyers_by_what_they_bought_before_and_by_weight(ask: Ask) -> None:
    flow = by_hand.flow(*QUARTER)
    rows = by(ask("buyer_flow"), "kind")
    assert rows.keys() == flow.keys()
    for kind, (buyers, trips, paid) in flow.items():
        values = rows[kind].values
        assert values["buyers"] == buyers
        if kind != "lapsed":
            assert (values["trips"], values["spend"]) == (trips, paid)
    weights = by_hand.weights(*QUARTER)
    for kind, row in by(ask("buyer_weight"), "kind").items():
        assert (row.values["buyers"], row.values["spend"]) == weights[kind]
    shares = [float(row.values["share"] or 0) for row in ask("buyer_weight").rows]
    assert sum(shares) == pytest.approx(1)


def test_repeat_rate_counts_only_who_was_watched_for_long_enough(ask: Ask) -> None:
    # Of the last weeks' new buyers many could not have come back yet.
    first, last = date(2026, 4, 1), date(2026, 6, 30)
    table = ask("repeat_rate", "2026-Q2", days=60)
    buys = by_hand.new_buyers(first, last)
    watched = [(began, again) for began, again in buys if (by_hand.TODAY - by_hand.DAY - began).days >= 60]
    came = sum(again is not None and (again - began).days <= 60 for began, again in watched)
    assert table.totals is not None
    assert table.totals.values == {
        "month": None,
        "new_buyers": len(buys),
        "observed": len(watched),
        "repeated": came,
        "repeat_rate": ratio(came, len(watched)),
    }
    assert 0 < len(watched) < len(buys)


def test_time_to_second_purchase_includes_those_who_still_wait(ask: Ask) -> None:
    table = ask("time_to_second")
    told = [row for row in table.rows if row.reason is None]
    assert len(told) > 5
    for row in told:
        day = int(row.values["day"] or 0)
        expected = 1 - by_hand.waiting(*QUARTER, day)
        assert row.values["returned"] == pytest.approx(expected, abs=1e-9), day
        assert float(row.values["low"] or 0) < expected < float(row.values["high"] or 0)
    half = int(table.notes["median_days"] or 0)
    assert by_hand.waiting(*QUARTER, half) <= 0.5 < by_hand.waiting(*QUARTER, half - 1)


def test_the_cohort_triangle_without_the_running_month(ask: Ask) -> None:
    table = ask("cohorts")
    assert [(row.values["cohort"], row.values["month"]) for row in table.rows] == [
        (f"2026-0{month}", later) for month in (1, 2, 3) for later in range(7 - month)
    ]
    for row in table.rows:
        month = date.fromisoformat(f"{row.values['cohort']}-01")
        later = date(2026, month.month + int(row.values["month"] or 0), 1)
        size, buyers = by_hand.cohort(month, later)
        assert (row.values["buyers"], row.values["retention"]) == (buyers, ratio(buyers, size))


def test_switching_between_brands(ask: Ask) -> None:
    table = ask("switching", compare="2025-Q4")
    flows, kinds = by_hand.moves((BEFORE, QUARTER))
    rows = by(table, "with")
    assert rows.keys() == flows.keys()
    for other, (shoppers, won, lost) in flows.items():
        values = rows[other].values
        assert values["shoppers"] == shoppers
        assert values["won"] == pytest.approx(won, abs=1)
        assert values["lost"] == pytest.approx(lost, abs=1)
    assert {kind: table.notes[kind] for kind in kinds} == kinds


def test_affinity_from_the_kept_sums_equals_the_baskets(ask: Ask) -> None:
    table = ask("affinity")
    pairs = by_hand.pairs(*QUARTER)
    looked_at = {brand: counts for brand, counts in pairs.items() if counts[0] >= 50}
    holds = dict(
        zip(
            looked_at,
            discoveries([p_above(*log_lift(*counts)) for counts in looked_at.values()]),
            strict=True,
        )
    )
    intervals = {brand: by_hand.log_lift_interval(*counts) for brand, counts in looked_at.items()}
    expected = {brand for brand in looked_at if holds[brand] and intervals[brand][0] > 1}
    rows = by(table, "with")
    assert rows.keys() == expected == {"comfort"}
    both, one, other, of = pairs["comfort"]
    assert rows["comfort"].values == {
        "with": "comfort",
        "baskets": both,
        "support": ratio(both, of),
        "confidence": ratio(both, one),
        "lift": ratio(both * of, one * other),
        "low": pytest.approx(intervals["comfort"][0]),
        "high": pytest.approx(intervals["comfort"][1]),
    }


def test_prices_paid_by_chain_and_week(ask: Ask) -> None:
    table = ask("price_paid", "2026-02")
    told = 0
    for row in table.rows:
        week, chain = grid.period_of(str(row.values["week"])), row.values["chain"]
        found = by_hand.own(
            week.first,
            week.last,
            lambda line, chain=chain: chain in {None, line.chain},  # type: ignore[misc]
        )
        prices = sorted(line.paid / line.units for line in found)
        if row.reason is None:
            told += 1
            assert row.values["units"] == sum(line.units for line in found)
            assert row.values["mean"] == ratio(sum(line.paid for line in found), row.values["units"])
            for name, level in (("p10", 0.1), ("median", 0.5), ("p90", 0.9)):
                assert row.values[name] == round(prices[int(level * len(prices))])
    assert told > len(CHAINS)


def test_uplift_of_promotions(ask: Ask) -> None:
    # Whole weeks of the quarter, from Monday the fifth of January on.
    monday = date(2026, 1, 5)
    weeks = [(monday + n * timedelta(7), monday + n * timedelta(7) + timedelta(6)) for n in range(12)]
    uplift = ask("promotion").notes["uplift"]
    assert uplift == pytest.approx(by_hand.uplift(weeks))
    assert float(uplift or 0) > 0


def test_stages_follow_from_facts_and_moves_from_stages(ask: Ask) -> None:
    table = ask("stages", compare="2025-Q4")
    was, became = by_hand.stage_on(BEFORE[1]), by_hand.stage_on(QUARTER[1])
    moves: dict[tuple[str, str], int] = {}
    for shopper, stage in became.items():
        key = (was.get(shopper, OUTSIDE), stage)
        moves[key] = moves.get(key, 0) + 1
    for row in table.rows:
        key = (str(row.values["from"]), str(row.values["to"]))
        if row.reason is None:
            assert row.values["shoppers"] == moves[key], key
    told = {(row.values["from"], row.values["to"]) for row in table.rows if row.reason is None}
    listed = {(row.values["from"], row.values["to"]) for row in table.rows}
    assert moves.keys() <= listed
    # A move of few costs others their figure, not all of them.
    assert len(told) > len(listed) / 2
    for stage in set(became.values()):
        assert table.notes[stage] in {None, sum(there == stage for there in became.values())}
    assert sum(table.notes[stage] is not None for stage in set(became.values())) >= 4


def test_every_measure_is_held_against_a_count_by_hand() -> None:
    # A measure that is added without one fails here.
    sources = Path(__file__).parent.glob("test_measures*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert [name for name in MEASURES if f'"{name}"' not in source] == []

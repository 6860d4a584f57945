"""What rules pay: amounts, units, sets, multipliers, stamps, caps and groups."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.campaigns.facts import History
from domain.campaigns.judging import Limits
from domain.campaigns.sets import sets_in
from domain.campaigns.terms import Terms
from tests.make.campaigns import DAY, basket, id_of, judged, line, points, spend, terms, version

CASE = basket(line("omo-3kg", 185_000, 2), line("knorr-cube", 30_000, 3), line("rau", 20_000))


def paid(*give: dict[str, Any], when: dict[str, Any] | None = None, **values: Any) -> dict[str, int]:
    rule: dict[str, Any] = {"give": list(give)} | ({"when": when} if when else {})
    return points(judged(CASE, version(terms(rule, **values))))


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (spend(), {"omo": 185, "knorr": 30}),
        (spend(7, 50_000, whole_steps=True), {"omo": 24, "knorr": 4}),
        (spend(10, 10_000, goods={"brands": ["knorr"]}), {"knorr": 30}),
        ({"kind": "points_per_unit", "points": 5}, {"omo": 10, "knorr": 15}),
        ({"kind": "points_per_unit", "points": 5, "units": 2, "goods": {"brands": ["knorr"]}}, {"knorr": 5}),
        ({"kind": "fixed", "points": 43}, {"omo": 37, "knorr": 6}),
        (
            {
                "kind": "points_per_set",
                "points": 50,
                "parts": [
                    {"goods": {"products": ["omo-3kg"]}},
                    {"goods": {"brands": ["knorr"]}, "units": 2},
                ],
            },
            {"omo": 43, "knorr": 7},
        ),
    ],
)
def test_an_effect_pays_what_it_says(effect: dict[str, Any], expected: dict[str, int]) -> None:
    assert paid(effect) == expected


def test_a_unit_is_counted_in_one_part_of_a_set_only() -> None:
    any_omo, bag = {"goods": {"brands": ["omo"]}}, {"goods": {"products": ["omo-3kg"]}}
    rule = {
        "when": {"kind": "basket", "parts": [any_omo, bag]},
        "give": [{"kind": "points_per_set", "points": 10, "parts": [bag, any_omo]}],
    }
    one = judged(basket(line("omo-3kg")), version(terms(rule)))
    assert points(one) == {}
    assert [near.miss.kind for near in one.outcomes[0].near] == ["basket_shared"]
    assert points(judged(basket(line("omo-3kg"), line("omo-gel")), version(terms(rule)))) == {"omo": 10}
    assert points(judged(basket(line("omo-3kg", units=5)), version(terms(rule)))) == {"omo": 20}


@given(
    lines=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    parts=st.lists(
        st.tuples(st.sets(st.integers(0, 3), min_size=1), st.integers(1, 3)), min_size=1, max_size=4
    ),
)
@settings(max_examples=150, deadline=None)
def test_as_many_sets_are_found_as_any_sharing_of_lines_allows(
    lines: list[int], parts: list[tuple[set[int], int]]
) -> None:
    placed = basket(*(line("omo-3kg", units=units) for units in lines)).lines
    asked = [([one for one in placed if one.position in wanted], units) for wanted, units in parts]
    # Hall's condition: no parts together ask for more than all the lines that any of them may take.
    most = min(
        sum(one.milli for one in placed if any(one in own for own, _ in some))
        // (1000 * sum(units for _, units in some))
        for count in range(1, len(asked) + 1)
        for some in combinations(asked, count)
    )
    assert sets_in(asked) == most


def test_another_brands_points_are_paid_where_a_campaign_says_so() -> None:
    assert paid(spend(), currency="dove") == {"dove": 215}


def test_multipliers_add_up_and_are_applied_once() -> None:
    double, triple = ({"kind": "multiplier", "percent": percent} for percent in (200, 300))
    rules = {"give": [spend()]}, {"give": [double]}, {"give": [triple]}
    assert points(judged(CASE, version(terms(*rules)))) == {"omo": 740, "knorr": 120}
    capped = terms(*rules, multiplier_max=300)
    assert points(judged(CASE, version(capped))) == {"omo": 555, "knorr": 90}


def test_a_fixed_bonus_is_multiplied_only_where_it_says_so() -> None:
    double = {"kind": "multiplier", "percent": 200}
    assert paid({"kind": "fixed", "points": 43}, double) == {"omo": 37, "knorr": 6}
    assert paid({"kind": "fixed", "points": 43, "multiplied": True}, double) == {"omo": 74, "knorr": 12}


def test_a_multiplier_of_the_programme_pays_a_share_of_what_others_pay() -> None:
    base = version(terms({"give": [spend()]}), "base")
    goods = {"products": ["omo-3kg"]}
    more = {"kind": "multiplier", "percent": 150, "of": "programme", "goods": goods}
    extra = version(terms({"give": [more]}), "extra", 2)
    assert points(judged(CASE, base, extra)) == {"omo": 185 + 92, "knorr": 30}
    assert points(judged(CASE, extra, base)) == {"omo": 185 + 92, "knorr": 30}


def test_a_full_card_pays_and_the_next_begins() -> None:
    stamp = {"kind": "stamp", "card": "six", "full": 5, "points": 60, "goods": {"brands": ["knorr"]}}
    card = version(terms({"give": [stamp]}))
    held = {
        before: History(
            stamps={(id_of("c"), "six"): before}, filled={(id_of("c"), "six"): before - before % 5}
        )
        for before in (0, 1, 2, 9)
    }
    assert points(judged(CASE, card, history=held[1])) == {}
    assert points(judged(CASE, card, history=held[2])) == {"knorr": 60}
    assert points(judged(CASE, card, history=held[9])) == {"knorr": 60}
    [outcome] = judged(CASE, card, history=held[0]).outcomes
    assert outcome.given.stamps == {"six": 3}


def test_goods_that_law_keeps_from_promotion_earn_nothing_whatever_the_rule_says() -> None:
    case = basket(
        line("omo-3kg", 50_000),
        line("formula-1", 400_000, restricted="infant_0_24"),
        line("beer-can", 200_000, restricted="alcohol_low"),
    )
    rules = {"give": [spend()]}, {"when": {"kind": "spend_min", "minor": 50_001}, "give": [spend(100)]}
    assert points(judged(case, version(terms(*rules)))) == {"omo": 50}
    grown = basket(
        line("beer-can", 200_000, restricted="alcohol_low"),
        line("beer-can", 200_000, restricted="alcohol_high"),
        of_age=True,
    )
    assert points(judged(grown, version(terms({"give": [spend()]})))) == {"beer": 200}


@pytest.mark.parametrize(
    ("cap", "used", "expected"),
    [
        ({"per": "receipt", "most": 100}, 0, {"omo": 86, "knorr": 14}),
        ({"per": "day", "most": 100}, 40, {"omo": 52, "knorr": 8}),
        ({"per": "week", "most": 100}, 100, {}),
        ({"per": "campaign", "most": 500}, 0, {"omo": 185, "knorr": 30}),
        ({"of": "receipts", "per": "day", "most": 2}, 1, {"omo": 185, "knorr": 30}),
        ({"of": "receipts", "per": "day", "most": 2}, 2, {}),
    ],
)
def test_a_cap_leaves_what_is_left_of_it(cap: dict[str, Any], used: int, expected: dict[str, int]) -> None:
    key = f"{cap.get('of', 'points')}:shopper:{cap['per']}"
    capped = version(terms({"give": [spend()]}, caps=[cap]))
    judgement = judged(CASE, capped, history=History(caps={(id_of("c"), key): used}))
    assert points(judgement) == expected
    [outcome] = judgement.outcomes
    assert (outcome.cut is None) == (sum(expected.values()) == 215)


@pytest.mark.parametrize(("short", "expected"), [("nothing", {}), ("rest", {"omo": 86, "knorr": 14})])
def test_a_budget_that_is_short_pays_nothing_or_its_rest(short: str, expected: dict[str, int]) -> None:
    said = terms({"give": [spend()]}, budget={"total": 1_000, "short": short})
    judgement = judged(CASE, version(said), limits=Limits(left={id_of("c"): 100}))
    assert points(judgement) == expected


def test_a_gift_is_worth_half_of_the_price_at_most() -> None:
    legal = {"form": "gift", "point_value_minor": 1_000}
    said = terms({"give": [{"kind": "fixed", "points": 1_000}]}, legal=legal)
    assert sum(points(judged(CASE, version(said))).values()) == 215_000 // 2 // 1_000


def group(mode: str, *rates: int, place: tuple[int, ...] = (1, 2, 3)) -> dict[str, int]:
    said = [
        terms({"give": [spend(rate)]}, stacking={"group": "promo", "place": at})
        for rate, at in zip(rates, place, strict=False)
    ]
    versions = [version(one, f"c{no}", no) for no, one in enumerate(said)]
    limits = Limits(modes={"promo": mode})  # type: ignore[dict-item] # a word of the table
    forward = points(judged(CASE, *versions, limits=limits))
    assert forward == points(judged(CASE, *reversed(versions), limits=limits))
    return forward


def test_a_group_pays_all_the_first_or_the_best() -> None:
    assert group("all", 10, 30, 20) == {"omo": 1110, "knorr": 180}
    assert group("first", 10, 30, 20, place=(2, 3, 1)) == {"omo": 370, "knorr": 60}
    assert group("best", 10, 30, 20) == {"omo": 555, "knorr": 90}


def test_where_the_best_is_capped_away_the_next_pays() -> None:
    caps = [{"per": "receipt", "most": 1}]
    best = version(terms({"give": [spend(30)]}, stacking={"group": "p"}, caps=caps), "best", 1)
    next_ = version(terms({"give": [spend(10)]}, stacking={"group": "p"}), "next", 2)
    judgement = judged(CASE, best, next_, limits=Limits(modes={"p": "best"}))
    assert points(judgement) == {"omo": 185, "knorr": 30}


def test_lines_add_up_to_each_brands_points() -> None:
    case = basket(*[line("omo-3kg", 33_333) for _ in range(7)], line("knorr-cube", 99), total=200_000)
    for award in judged(case, version(terms({"give": [spend(7, 9_999)]}))).awards:
        assert sum(award.points_by_line.values()) == award.points
        assert min(award.points_by_line.values()) >= 0


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (
            {"rules": [{"name": "a", "give": [spend(0)]}]},
            ("rules", 0, "give", 0, "points_per_amount", "points"),
        ),
        ({"rules": [{"name": "a", "give": [spend(1_001, 1)]}]}, ("rules", 0, "give", 0, "points_per_amount")),
        ({"ends_on": date(9999, 12, 31)}, ("ends_on",)),
        ({"ends_on": date(2020, 1, 1)}, ()),
        ({"brands": []}, ("brands",)),
        ({"shops": {"take": "listed"}}, ("shops",)),
        ({"unheard": 1}, ("unheard",)),
        ({"rules": [{"name": "a", "give": [{"kind": "nonsense"}]}]}, ("rules", 0, "give", 0)),
    ],
)
def test_wrong_terms_are_refused_with_the_path_of_what_is_wrong(
    change: dict[str, Any], path: tuple[Any, ...]
) -> None:
    good = terms({"give": [spend()]}).model_dump()
    with pytest.raises(ValidationError) as refused:
        Terms.model_validate(good | change)
    assert path in [tuple(fault["loc"]) for fault in refused.value.errors()]


def test_conditions_nest_only_so_deep() -> None:
    when: dict[str, Any] = {"kind": "weekday", "days": [1]}
    for _ in range(5):
        when = {"kind": "all", "of": [when]}
    with pytest.raises(ValidationError):
        terms({"when": when, "give": [spend()]})


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2028, 2, 28), {}),
        (date(2028, 2, 29), {"omo": 10}),
        (date(2028, 3, 1), {}),
    ],
)
def test_a_campaign_of_the_29th_of_february_is_of_that_day(day: date, expected: dict[str, int]) -> None:
    said = terms({"give": [spend()]}, starts_on=date(2028, 2, 29), ends_on=date(2028, 2, 29))
    assert points(judged(basket(line(net=10_000), purchased_on=day), version(said))) == expected


def test_what_ended_yesterday_is_told_with_what_it_would_have_paid() -> None:
    said = terms({"give": [spend()]}, ends_on=DAY.replace(day=29))
    [outcome] = judged(CASE, version(said)).outcomes
    [near] = outcome.near
    assert (near.miss.kind, near.miss.seen["days"], near.would) == ("campaign_late", 1, 215)
    long_over = terms({"give": [spend()]}, ends_on=date(2026, 11, 1))
    assert judged(CASE, version(long_over)).outcomes == ()

"""What must not matter: the order of lines and campaigns, a line in two, a brand that takes no part."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.campaigns.compiled import Version
from domain.campaigns.facts import BasketLine, History
from domain.campaigns.judging import Limits
from tests.domain.campaigns.golden import written
from tests.make.campaigns import basket, id_of, judged, line, points, terms, version

SAID = json.loads((written.HERE / "rules.json").read_text(encoding="utf-8"))
LIMITS = Limits(modes={"first": "first", "best": "best"}, left={id_of("until_the_20th"): 77})
HISTORY = History(
    bought_before=False,
    brands_before=frozenset(),
    products_before=frozenset({id_of("omo-3kg")}),
    stamps={(id_of("knorr_stamps"), "six"): 3},
)


def everything() -> list[Version]:
    """All campaigns of the golden table at once, some in groups that choose, one with a budget."""
    versions = []
    for no, (name, rules) in enumerate(SAID.items()):
        stacking = {"group": ("all", "first", "best")[no % 3], "place": no % 5}
        budget = {"total": 1_000, "short": "rest"} if name == "until_the_20th" else {}
        said = {"brands": ("omo", "knorr", "dove"), "stacking": stacking, "budget": budget} | rules
        versions.append(version(terms(**said), name, no))
    return versions


EVERYTHING = everything()
lines = st.lists(
    st.builds(
        line,
        st.sampled_from(
            ["omo-3kg", "omo-gel", "knorr-cube", "knorr-sauce", "dove-soap", "omo-of-no-product"]
        ),
        st.integers(0, 600_000).map(lambda half: half * 2),
        st.integers(1, 6).map(lambda pairs: pairs * 2),
    ),
    min_size=1,
    max_size=6,
)


def earned(bought: list[BasketLine], versions: list[Version], discount: int) -> dict[str, int]:
    gross = sum(one.net_minor for one in bought)
    case = basket(*bought, total=gross - min(discount, gross))
    return points(judged(case, *versions, history=HISTORY, limits=LIMITS))


@settings(max_examples=40, deadline=None)
@given(bought=lines, discount=st.integers(0, 400_000), seed=st.integers(0, 999))
def test_the_order_of_lines_and_of_campaigns_changes_no_points(
    bought: list[BasketLine], discount: int, seed: int
) -> None:
    before = earned(bought, EVERYTHING, discount)
    chance = random.Random(seed)
    shuffled, versions = list(bought), list(EVERYTHING)
    chance.shuffle(shuffled)
    chance.shuffle(versions)
    assert earned(shuffled, versions, discount) == before


@settings(max_examples=40, deadline=None)
@given(bought=lines, discount=st.integers(0, 400_000), place=st.integers(0, 5))
def test_a_line_printed_as_two_halves_earns_the_same(
    bought: list[BasketLine], discount: int, place: int
) -> None:
    whole = bought[place % len(bought)]
    values: dict[str, Any] = {name: getattr(whole, name) for name in BasketLine.__slots__}
    half = BasketLine(**(values | {"milli": whole.milli // 2, "net_minor": whole.net_minor // 2}))
    parted = [*bought, half]
    parted[place % len(bought)] = half
    assert earned(parted, EVERYTHING, discount) == earned(bought, EVERYTHING, discount)


@settings(max_examples=40, deadline=None)
@given(
    bought=lines, others=st.lists(st.sampled_from(["beer-can", "formula-1", "rau"]), min_size=1, max_size=3)
)
def test_goods_that_take_no_part_change_no_points(bought: list[BasketLine], others: list[str]) -> None:
    more = [*bought, *[line(name, 70_000) for name in others]]
    assert earned(more, EVERYTHING, 0) == earned(bought, EVERYTHING, 0)


@settings(max_examples=40, deadline=None)
@given(bought=lines, discount=st.integers(0, 400_000))
def test_lines_add_up_to_what_is_awarded_and_none_is_below_zero(
    bought: list[BasketLine], discount: int
) -> None:
    gross = sum(one.net_minor for one in bought)
    case = basket(*bought, total=gross - min(discount, gross))
    for award in judged(case, *EVERYTHING, history=HISTORY, limits=LIMITS).awards:
        assert sum(award.points_by_line.values()) == award.points > 0
        assert min(award.points_by_line.values()) >= 0


@settings(max_examples=60, deadline=None)
@given(bought=lines, total=st.integers(0, 5_000_000), rate=st.integers(1, 500))
def test_a_receipt_never_earns_more_than_its_rate_times_what_was_paid(
    bought: list[BasketLine], total: int, rate: int
) -> None:
    pays = {"kind": "points_per_amount", "points": rate, "minor": 10_000}
    paid = min(total, sum(one.net_minor for one in bought))
    sums = points(judged(basket(*bought, total=total), version(terms({"give": [pays]}, currency="omo"))))
    assert sum(sums.values()) == paid * rate // 10_000

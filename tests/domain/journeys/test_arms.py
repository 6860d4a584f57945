"""Arms: nothing else has to do with them, and where nothing is done nothing is found but by chance."""

from __future__ import annotations

import random
from collections import Counter
from uuid import UUID

from domain.insights.measures.statistic import difference_of_rates
from domain.journeys import arms
from schemas.base import new_id
from schemas.journeys import HELD
from tests.make.journeys import terms

# Of the chi-squared distribution with 4 degrees of freedom: one in twenty lies above.
CHI2_4_AT_5_PER_CENT = 9.488


def test_arms_have_nothing_to_do_with_age_region_or_spending() -> None:
    """A chi-squared test of five groups each, over a hundred journeys: as many alarms as chance makes."""
    chance = random.Random(15)
    said = terms(hold_out=20)
    shoppers = [new_id() for _ in range(500)]
    traits = {name: {one: chance.randrange(5) for one in shoppers} for name in ("age", "region", "spending")}
    # Ids tell when somebody joined, and so does a row's place.
    traits["joined"] = {one: place // 100 for place, one in enumerate(shoppers)}
    alarms: Counter[str] = Counter()
    for _ in range(100):
        journey_id = UUID(int=chance.getrandbits(128))
        held = {one: arms.arm_of(journey_id, one, said) == HELD for one in shoppers}
        share = sum(held.values()) / len(held)
        for name, groups in traits.items():
            chi2 = 0.0
            for group in range(5):
                members = [one for one in shoppers if groups[one] == group]
                expected = share * len(members)
                seen = sum(held[one] for one in members)
                chi2 += (seen - expected) ** 2 / expected + (seen - expected) ** 2 / (len(members) - expected)
            alarms[name] += chi2 > CHI2_4_AT_5_PER_CENT
    # Of a hundred tests at 5 %, more than 13 alarms come once in 2,000 times.
    assert all(alarms[name] <= 13 for name in traits), alarms


def test_a_journey_that_does_nothing_seems_to_about_once_in_twenty() -> None:
    chance = random.Random(5)
    said, shoppers, seeds = terms(hold_out=30), 300, 300
    alarms = 0
    for _ in range(seeds):
        journey_id = UUID(int=chance.getrandbits(128))
        drawn: Counter[str] = Counter()
        back: Counter[str] = Counter()
        for _ in range(shoppers):
            arm = arms.arm_of(journey_id, UUID(int=chance.getrandbits(128)), said)
            drawn[arm] += 1
            back[arm] += chance.random() < 0.3
        found = difference_of_rates(back["told"], drawn["told"], back[HELD], drawn[HELD])
        alarms += found is not None and found.is_known
    assert 0.025 <= alarms / seeds <= 0.085, alarms


def test_weights_share_shoppers_out_and_a_change_of_arms_holds_out_nobody_else() -> None:
    journey_id, shoppers = new_id(), [new_id() for _ in range(2000)]
    two = terms(hold_out=10).model_dump(mode="json")
    two["arms"] = [two["arms"][0] | {"name": "a", "weight": 3}, two["arms"][0] | {"name": "b"}]
    more = type(terms()).model_validate(two)
    before = {one: arms.arm_of(journey_id, one, terms(hold_out=10)) for one in shoppers}
    after = {one: arms.arm_of(journey_id, one, more) for one in shoppers}
    assert {one for one in shoppers if before[one] == HELD} == {one for one in shoppers if after[one] == HELD}
    counts = Counter(after.values())
    assert 150 <= counts[HELD] <= 250
    assert 2.4 <= counts["a"] / counts["b"] <= 3.7

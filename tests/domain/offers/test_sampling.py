"""The chance of each choice: as likely as it is the best, a floor for all, and fit to weigh other ways by."""

from __future__ import annotations

import numpy as np
import pytest

from domain.offers.evaluating import Logged, always, by_lot, evaluate
from domain.offers.sampling import FLOOR, SHORTLIST, Arm, chances, draw


def test_an_offer_is_chosen_as_often_as_it_may_be_the_best_of_all() -> None:
    arms = [Arm("buyer", 100, 20), Arm("stranger", 30, 3, worth=2.0), Arm("near"), Arm("lapsed", 500, 60)]
    rng = np.random.default_rng(7)
    drawn = np.stack([rng.beta(*arm.belief, 100_000) * arm.worth for arm in arms])
    best = np.bincount(drawn.argmax(axis=0), minlength=4) / 100_000
    assert chances(arms) == pytest.approx(FLOOR / 4 + (1 - FLOOR) * best, abs=0.01)


def test_every_offer_keeps_its_part_of_the_floor_however_badly_it_does() -> None:
    arms = [Arm("buyer", 1000, 900)] + [Arm("stranger", 1000, 0)] * (SHORTLIST + 3)
    found = chances(arms)
    assert found.sum() == pytest.approx(1)
    assert min(found) == pytest.approx(FLOOR / len(arms))
    assert found[0] > 1 - FLOOR


def test_margin_and_what_lies_together_decide_between_offers_that_are_used_alike() -> None:
    plain, dear = chances([Arm("near"), Arm("near", worth=3.0)])
    assert dear > 2 * plain
    # More than the shortlist holds: it takes those that go with what is bought.
    arms = [Arm("near", lift=1.0)] * SHORTLIST + [Arm("near", lift=2.0)]
    assert chances(arms)[-1] > FLOOR / len(arms) + (1 - FLOOR) / (SHORTLIST + 1)


def test_a_choice_is_drawn_at_its_chance() -> None:
    found = np.array([0.2, 0.5, 0.3])
    assert [draw(found, chance) for chance in (0.0, 0.19, 0.2, 0.69, 0.71, 0.999_999)] == [0, 0, 1, 1, 2, 2]


def test_what_another_way_to_choose_would_bring_is_told_from_what_was_chosen() -> None:
    rng, rates = np.random.default_rng(3), (0.05, 0.15, 0.3)
    odds = np.array([0.6, 0.3, 0.1])
    places = rng.choice(3, 8_000, p=odds)
    log = [
        Logged(
            [(1, "near"), (2, "near"), (3, "near")], int(at), float(odds[at]), bool(rng.random() < rates[at])
        )
        for at in places
    ]
    for policy, truth in ((always(3), 0.3), (by_lot, sum(rates) / 3)):
        found = evaluate(log, policy)
        assert found is not None
        assert found.low < truth < found.high
        assert found.high - found.low < 0.09
    # Of what was never chosen nothing is said.
    assert evaluate([one for one in log if one.place != 2], always(3)) is None

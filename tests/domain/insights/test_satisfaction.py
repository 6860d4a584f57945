"""Scores stand beside interval and response rate, move only by more than chance, and give nobody away."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from domain.insights.satisfaction import Follower, alike, score_of, trend, weighted, withheld
from domain.insights.surveys import results
from infra import clock
from schemas.surveys import SurveyKind
from tests.make.purchases import bought, line_of, shopper_number
from tests.make.surveys import a_survey, agree, an_ask

TODAY = datetime(2026, 6, 20, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def standing_clock() -> Any:
    clock.pretend(TODAY)
    yield
    clock.pretend(None)


def test_a_score_is_promoters_less_detractors_with_its_error() -> None:
    # 50 of 100 promote, 20 detract: 30, give or take 1.96 times the root of (.5 + .2 - .09) / 100.
    found = score_of("nps", [9] * 30 + [10] * 20 + [8] * 15 + [7] * 15 + [6] * 10 + [0] * 10)
    assert found.share.value == pytest.approx(30)
    assert found.error == pytest.approx(7.8102, abs=1e-4)
    assert (found.share.low, found.share.high) == (
        pytest.approx(14.69, abs=0.01),
        pytest.approx(45.31, abs=0.01),
    )


def test_contentment_is_the_share_of_four_and_five_within_wilsons_interval() -> None:
    found = score_of("csat", [5] * 12 + [4] * 6 + [3, 1])
    assert found.share.value == pytest.approx(0.9)
    # As published for 18 of 20.
    assert (found.share.low, found.share.high) == (
        pytest.approx(0.6990, abs=1e-3),
        pytest.approx(0.9721, abs=1e-3),
    )


def test_answers_of_one_mind_are_no_proof_that_all_are() -> None:
    found = score_of("nps", [10] * 30)
    assert (found.share.value, found.share.high) == (100, 100)
    # Three in thirty may think otherwise, each taking two hundredths of a hundred.
    assert found.share.low == pytest.approx(80)
    assert score_of("nps", [7] * 30).share.low == pytest.approx(-10)


def test_a_score_moves_only_by_more_than_chance() -> None:
    before = score_of("nps", [10] * 50 + [0] * 50)
    assert trend(score_of("nps", [10] * 60 + [0] * 40), before) is None
    assert trend(score_of("nps", [10] * 70 + [0] * 30), before) == "up"
    assert trend(score_of("nps", [10] * 30 + [0] * 70), before) == "down"


def test_who_seldom_answers_counts_for_those_alike_who_did_not() -> None:
    def asked(count: int, before: int, score: int | None) -> list[Follower]:
        return [Follower(score, before, None, 52, None)] * count

    # Frequent buyers all answer and promote; of as many rare ones a tenth answers, and detracts.
    group = asked(100, 10, 10) + asked(10, 0, 0) + asked(90, 0, None)
    assert score_of("nps", [one.score for one in group if one.score is not None]).share.value > 80
    assert weighted("nps", group) == pytest.approx(0)


@given(st.lists(st.integers(0, 12), min_size=2, max_size=3))
def test_bands_withheld_are_together_no_small_group(sizes: list[int]) -> None:
    bands = dict(zip("abc", sizes, strict=False))
    hidden = withheld(bands, 5)
    assert all(size >= 5 or size == 0 for band, size in bands.items() if band not in hidden)
    together = sum(bands[band] for band in hidden)
    assert not hidden or together >= 5 or hidden == set(bands)


def test_bands_are_compared_as_if_they_had_bought_alike_before() -> None:
    # Promoters bought three days more before already, and answers change nothing: alike, they don't differ.
    rng = random.Random(7)
    bands, followers = [], []
    for _ in range(600):
        promotes = rng.random() < 0.5
        before = rng.randrange(4) + (3 if promotes else 0)
        after = before + rng.choice((-1, 0, 1))
        bands.append("promoters" if promotes else "detractors")
        followers.append(Follower(None, before, after, rng.uniform(0, 100), None))
    found = alike(bands, followers)
    assert abs(found["promoters"].value - found["detractors"].value) < 0.3
    raw = [np.mean([f.after for f, b in zip(followers, bands, strict=True) if b == band]) for band in found]
    assert abs(raw[0] - raw[1]) > 2.5
    assert all(one.low < one.value < one.high for one in found.values())


def asked_of_many(session: Session, kind: SurveyKind, scores: list[int | None], days_ago: int) -> None:
    """Each shopper asked once: answerers bought twice before, and after half as often as they scored."""
    survey, at = a_survey(session, kind), TODAY - timedelta(days=days_ago)
    for number, score in enumerate(scores):
        shopper = shopper_number(session, number)
        shopper.joined_at = at - timedelta(days=70)
        agree(session, shopper)
        an_ask(session, survey, shopper, at, score=score)
        for offset in [-20, -10, 0, *range(7, 7 + (score or 0) // 2)]:
            day = datetime.combine(clock.day_of(at) + timedelta(days=offset), time(9))
            bought(session, shopper, line_of(session, amount_minor=40_000), at=day, total_minor=100_000)


def test_results_add_up_to_what_was_answered_and_bought(session: Session) -> None:
    asked_of_many(session, "nps", [10] * 10 + [7] * 6 + [2] * 8 + [None] * 6, days_ago=110)
    # One of the detractors takes back that brands may know: gone from every figure.
    agree(session, shopper_number(session, 16), "brand_insight", given=False)
    found = results(session, "omo", "nps")
    (wave,) = found.waves
    assert (wave.first_day, wave.asked, wave.answered) == (date(2026, 1, 1), 29, 23)
    assert wave.response_rate == pytest.approx(23 / 29)
    assert wave.score is not None
    assert wave.score.value == pytest.approx(100 * (10 - 7) / 23)
    assert (wave.trend, wave.withheld) == (None, None)
    assert [(band.band, band.shoppers, band.before, band.after) for band in found.bands] == [
        ("promoters", 10, 2.0, 5.0),
        ("passives", 6, 2.0, 3.0),
        ("detractors", 7, 2.0, 1.0),
    ]
    assert found.bands[0].after_alike is not None
    assert found.bands[0].after_alike.value == pytest.approx(5)
    assert found.others.model_dump() == {
        "shoppers": 6,
        "days_bought": 2.0,
        "weeks_here": 10.0,
        "share_of_basket": pytest.approx(0.4),
    }


def test_few_answers_and_small_bands_are_withheld(session: Session) -> None:
    asked_of_many(session, "csat", [5] * 18 + [1] * 3, days_ago=110)
    found = results(session, "omo", "csat")
    (wave,) = found.waves
    assert (wave.score, wave.withheld) == (None, "few_in_a_band")
    assert all(band.shoppers is None and band.after is None for band in found.bands)


def test_answers_are_followed_only_once_13_weeks_have_passed(session: Session) -> None:
    asked_of_many(session, "nps", [3] * 19, days_ago=90)
    found = results(session, "omo", "nps")
    assert found.waves[0].withheld == "few_answers"
    assert all(band.after is None for band in found.bands)

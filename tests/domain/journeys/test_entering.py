"""Who enters: by what happened, once an occasion, drawn for good; those held out are told nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from domain.insights.measures.statistic import difference_of_rates
from domain.journeys import figures, measuring, sweeps, triggers, versions
from domain.people import holdout
from domain.people.shoppers import join_shopper
from domain.segments.members import put_members
from infra import clock
from schemas.base import new_id
from schemas.campaigns import Campaign
from schemas.journeys import HELD, JourneyAssignment, JourneySweep
from schemas.people import Shopper
from tests import make
from tests.make.journeys import (
    a_journey,
    a_reader,
    approved,
    buy_first,
    happened,
    join,
    later,
    outcomes,
    runs,
    send,
    tell,
    terms,
    told,
    wait,
)
from tests.make.points import earn
from tests.make.segments import a_segment


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Draws everybody for an arm."""

    def draw(arm: str) -> None:
        monkeypatch.setattr("domain.journeys.entering.arm_of", lambda *_: arm)

    return draw


def people(session: Session, count: int) -> list[Shopper]:
    """Shoppers who agreed to nothing: whom a message reaches does not matter here."""
    return [join_shopper(session, f"09012345{no:02d}") for no in range(count)]


def entered(session: Session) -> Counter[str]:
    return Counter(session.exec(select(JourneyAssignment.arm)).all())


def test_an_event_is_an_occasion_once(session: Session) -> None:
    journey, shopper = a_journey(session, again_days=1), a_reader(session)
    event = happened(shopper)
    for _ in range(2):
        triggers.enter_by(session, [event, event])
    assert len(runs(session, journey)) == 1


def test_nobody_enters_by_what_was_before_it_was_live_or_is_old(session: Session) -> None:
    shopper = a_reader(session)
    before = happened(shopper)
    later(minutes=1)
    journey = a_journey(session)
    old = happened(shopper)
    triggers.enter_by(session, [before])
    later(days=3)
    triggers.enter_by(session, [old])
    assert runs(session, journey) == []


@pytest.mark.parametrize(("again", "days", "times"), [(None, 500, 1), (30, 29, 1), (30, 30, 2)])
def test_a_shopper_enters_again_after_as_many_days_as_it_says(
    session: Session, again: int | None, days: int, times: int
) -> None:
    journey, shopper = a_journey(session, again_days=again), a_reader(session)
    join(session, shopper)
    later(days=days)
    join(session, shopper)
    assert len(runs(session, journey)) == times
    assert entered(session) == {"told": 1}


def test_who_is_held_out_is_told_nothing_for_good(session: Session, drawn: Callable[[str], None]) -> None:
    drawn(HELD)
    journey, shopper = a_journey(session, again_days=1), a_reader(session)
    join(session, shopper)
    drawn("told")
    later(days=2)
    join(session, shopper)
    send(session, journey)
    assert (told(session, shopper), runs(session, journey)) == ([], [])
    assert entered(session) == {HELD: 1}


def test_who_is_held_out_of_everything_leaves_no_trace(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdout, "SHARE", 1.0)
    a_journey(session)
    join(session, a_reader(session))
    assert entered(session) == {}


def test_an_arm_that_is_no_more_gives_way_to_another(session: Session, drawn: Callable[[str], None]) -> None:
    drawn("told")
    journey, shopper = a_journey(session, again_days=1), a_reader(session)
    join(session, shopper)
    drawn("new")
    given = terms(again_days=1).model_dump(mode="json")
    given["arms"][0]["name"] = "new"
    versions.write_draft(session, journey, type(terms()).model_validate(given), None)
    versions.publish(session, journey, None)
    later(days=2)
    join(session, shopper)
    assert {run.arm for run in runs(session, journey)} == {"told", "new"}
    assert entered(session) == {"told": 1}


def test_the_second_receipt_is_missed_only_where_there_is_none(session: Session) -> None:
    journey = a_journey(session, kind="no_second_receipt")
    one, other = a_reader(session), a_reader(session, "0901234568")
    for shopper in (one, other):
        buy_first(session, shopper)
    later(days=29, hours=23)
    send(session, journey)
    assert outcomes(session, journey) == []
    approved(session, other, 2)
    later(hours=2)
    send(session, journey)
    assert (len(told(session, one)), len(told(session, other))) == (1, 0)
    assert (0, "skipped", "goal_reached") in outcomes(session, journey)


def test_a_second_receipt_begins_nothing_that_a_first_does(session: Session) -> None:
    journey, shopper = a_journey(session, kind="first_receipt"), a_reader(session)
    approved(session, shopper, 7)
    later(minutes=1)
    buy_first(session, shopper)
    assert runs(session, journey) == []


def test_a_brand_s_first_receipt_is_the_first_with_its_goods(session: Session) -> None:
    journey, shopper = a_journey(session, kind="first_receipt", brand="Comfort"), a_reader(session)
    buy_first(session, shopper)
    assert runs(session, journey) == []


def test_points_that_were_used_since_do_not_expire_any_more(session: Session) -> None:
    words = {"kind": "ready", "template": "points_expire"}
    journey = a_journey(
        session, tell(words=words), wait(1), tell(words=words), kind="points_expiring", goal="none"
    )
    shopper = a_reader(session)
    last_day = clock.till_today() + timedelta(days=5)
    earn(session, shopper, 40, last_day=last_day)
    brand = str(make.brand_id(session))
    data = {"points": 40, "brands": {brand: 40}, "last_day": last_day.isoformat(), "days": 5}
    triggers.enter_by(session, [happened(shopper, "points.expiring_soon", **data)])
    send(session, journey)
    (message,) = told(session, shopper)
    assert message.params["words"]["vi"]["title"] == "40 điểm OMO còn 5 ngày"
    session.execute(text("UPDATE lot SET left_points = 0"))
    later(hours=2)
    send(session, journey)
    assert outcomes(session, journey) == [(0, "sent", None), (2, "skipped", "moot")]


def test_a_new_offer_reaches_everybody_in_batches_once_it_is_live(session: Session) -> None:
    journey = a_journey(session, kind="new_offer", goal="none")
    shoppers = [a_reader(session, f"090123450{no}") for no in range(5)]
    campaign = make.make_campaign(session)
    publish(session, campaign, later_by=timedelta(hours=1))
    assert sweeps.sweep(session, 2) is None
    later(hours=1)
    counts = []
    while (count := sweeps.sweep(session, 2)) is not None:
        counts.append(count)
    assert counts == [2, 2, 1]
    assert {run.shopper_id for run in runs(session, journey)} == {shopper.id for shopper in shoppers}
    # The same campaign in another version is no news.
    publish(session, campaign)
    assert sweeps.sweep(session, 10) is None
    send(session, journey)
    assert {state for _, state, _ in outcomes(session, journey)} == {"sent"}


def publish(session: Session, campaign: Campaign, later_by: timedelta = timedelta()) -> None:
    data = {"campaign": campaign.slug, "from_at": (clock.now() + later_by).isoformat()}
    event = happened(Shopper(id=new_id()), "campaign.published", campaign.id, **data)
    triggers.enter_by(session, [replace(event, shopper_id=None)])


def test_a_segment_that_is_filled_anew_lets_its_new_members_in(session: Session) -> None:
    one, other = a_reader(session), a_reader(session, "0901234568")
    segment = a_segment(session, [one])
    trigger = {"kind": "in_segment", "segment": "regulars"}
    journey = a_journey(session, tell(), brand="OMO", trigger=trigger)
    assert sweeps.begin_for_segments(session) == 1
    assert sweeps.begin_for_segments(session) == 0
    while sweeps.sweep(session, 10) is not None:
        pass
    later(days=1)
    put_members(session, segment, [one.id, other.id])
    assert sweeps.begin_for_segments(session) == 1
    while sweeps.sweep(session, 10) is not None:
        pass
    assert sorted(run.shopper_id for run in runs(session, journey)) == sorted([one.id, other.id])
    put_members(session, segment, [other.id])
    send(session, journey)
    assert (len(told(session, one)), len(told(session, other))) == (0, 1)


def test_a_paused_journey_keeps_its_sweeps_and_an_ended_one_does_not(session: Session) -> None:
    journey = a_journey(session, kind="new_offer")
    a_reader(session)
    publish(session, make.make_campaign(session))
    versions.pause(session, journey, None)
    assert sweeps.sweep(session, 10) is None
    versions.end(session, journey, None)
    assert sweeps.sweep(session, 10) == 0
    assert runs(session, journey) == []
    assert session.exec(select(JourneySweep.done_at)).one() is not None


def test_results_count_who_came_back_in_time_in_whatever_arm(
    session: Session, drawn: Callable[[str], None]
) -> None:
    journey = a_journey(session, window_days=10)
    shoppers = people(session, 40)
    for arm, of_arm in ((HELD, shoppers[:20]), ("told", shoppers[20:])):
        drawn(arm)
        join(session, *of_arm)
    later(days=5)
    for no, shopper in enumerate((*shoppers[:5], *shoppers[20:35])):
        approved(session, shopper, no)
    later(days=4)
    assert measuring.measure(session, 100) == 0
    later(days=2)
    # Too late to count.
    approved(session, shoppers[6], 99)
    assert measuring.measure(session, 100) == 40
    held, reached = figures.results_of(session, journey).arms
    assert (held.shoppers, held.returned, reached.shoppers, reached.returned) == (20, 5, 20, 15)
    found = difference_of_rates(15, 20, 5, 20)
    assert found is not None
    assert (reached.difference, reached.low, reached.high) == (found.value, found.low, found.high)
    assert reached.verdict == "worked"
    assert measuring.measure(session, 100) == 0


def test_results_and_days_of_few_are_not_told_nor_is_the_one_who_was_added(
    session: Session, drawn: Callable[[str], None]
) -> None:
    journey = a_journey(session, window_days=1)
    shoppers = people(session, 24)
    for arm, of_arm in ((HELD, shoppers[:4]), ("told", shoppers[10:14])):
        drawn(arm)
        join(session, *of_arm)
    later(days=2)
    measuring.measure(session, 100)
    few = figures.results_of(session, journey)
    assert {(arm.shoppers, arm.rate) for arm in few.arms} == {(None, None)}
    days = figures.days_of(session, journey, "en").days
    assert {one.count for day in days for one in day.outcomes} == {None}
    for arm, of_arm in ((HELD, shoppers[4:10]), ("told", shoppers[14:20])):
        drawn(arm)
        join(session, *of_arm)
    later(days=2)
    measuring.measure(session, 100)
    before = figures.results_of(session, journey)
    assert [arm.shoppers for arm in before.arms] == [10, 10]
    join(session, shoppers[20])
    later(days=2)
    measuring.measure(session, 100)
    assert figures.results_of(session, journey) == before

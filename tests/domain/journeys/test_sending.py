"""What is sent is decided when it is due: by consent, law, hours, and what is so; else its reason stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from domain.journeys import handing, measuring, sending, triggers, versions
from domain.messages import push
from domain.people import holdout
from domain.privacy.erasure import ask_erasure
from infra import clock
from schemas.messages import PushDelivery
from schemas.people import Shopper
from tests import make
from tests.make.journeys import (
    OWN,
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
from tests.make.segments import a_segment
from tests.make.surveys import agree

READY = {"kind": "ready", "template": "photo_again"}


def test_an_ad_lies_in_the_inbox_marked_as_one_and_rings(session: Session) -> None:
    journey, shopper = a_journey(session, tell("push")), a_reader(session)
    join(session, shopper)
    send(session, journey)
    (message,) = told(session, shopper)
    assert message.params["words"]["vi"] == {"title": "[QC] Tin", "body": "Chào"}
    assert len(push.claim(session)) == 1
    assert outcomes(session, journey) == [(0, "sent", None)]
    assert [run.state for run in runs(session, journey)] == ["done"]


def test_a_text_says_first_that_it_is_an_ad_and_whose_and_last_the_way_out(session: Session) -> None:
    journey, shopper = a_journey(session, tell("sms"), brand="OMO", kind="first_receipt"), a_reader(session)
    buy_first(session, shopper)
    (errand,) = send(session, journey).errands
    assert errand.text == "[QC] OMO: Chao Tu choi: mo ung dung, muc Dong y."
    assert (errand.phone, errand.is_ad) == (shopper.phone, True)
    assert outcomes(session, journey) == [(0, "sending", None)]


@pytest.mark.parametrize(
    ("channel", "withdrawn"),
    [("inbox", "inbox_ads"), ("push", "inbox_ads"), ("push", "push"), ("sms", "sms")],
)
def test_after_a_withdrawal_nothing_more_goes_by_that_channel(
    session: Session, channel: Any, withdrawn: Any
) -> None:
    journey = a_journey(session, tell(channel), wait(1), tell(channel))
    shopper = a_reader(session)
    join(session, shopper)
    for errand in send(session, journey).errands:
        handing.note_taken(session, errand, "1")
    later(minutes=59)
    agree(session, shopper, "messages", given=False, channel=withdrawn)
    later(minutes=2)
    assert send(session, journey).errands == []
    assert outcomes(session, journey) == [(0, "sent", None), (2, "skipped", "no_consent")]


def leave(session: Session, shopper: Shopper) -> None:
    agree(session, shopper, "programme", given=False)


def be_erased(session: Session, shopper: Shopper) -> None:
    ask_erasure(session, shopper.id, "erase")


def be_held_out(_session: Session, _shopper: Shopper) -> None:
    holdout.SHARE = 1.0  # type: ignore[misc] # the fixture puts it back


def come_back(session: Session, shopper: Shopper) -> None:
    approved(session, shopper)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (leave, "left_programme"),
        (be_erased, "gone"),
        (be_held_out, "held_out"),
        (come_back, "goal_reached"),
    ],
)
def test_who_leaves_or_came_back_is_told_nothing_more(
    session: Session, change: Callable[[Session, Shopper], None], reason: str
) -> None:
    journey = a_journey(session, tell(), wait(1), tell(), wait(1), tell())
    shopper = a_reader(session)
    join(session, shopper)
    send(session, journey)
    later(hours=1)
    change(session, shopper)
    send(session, journey)
    later(hours=2)
    send(session, journey)
    assert outcomes(session, journey) == [(0, "sent", None), (2, "skipped", reason)]
    assert [(run.state, run.reason) for run in runs(session, journey)] == [("stopped", reason)]


def test_three_ads_by_a_channel_in_any_24_hours_and_the_fourth_waits(session: Session) -> None:
    journeys = [a_journey(session, tell(), most_per_week=21) for _ in range(4)]
    shopper = a_reader(session)
    join(session, shopper)
    for journey in journeys:
        send(session, journey)
        later(hours=1)
    assert len(told(session, shopper)) == 3
    (waiting,) = runs(session, journeys[3])
    assert (waiting.state, waiting.reason) == ("waiting", "law_limit")
    later(hours=19, minutes=59)
    send(session, journeys[3])
    assert len(told(session, shopper)) == 3
    later(minutes=10)
    send(session, journeys[3])
    assert len(told(session, shopper)) == 4


def test_a_text_that_may_have_arrived_counts_and_one_that_did_not_does_not(session: Session) -> None:
    journeys = [a_journey(session, tell("sms"), most_per_week=21) for _ in range(5)]
    join(session, a_reader(session))
    for journey, is_sure in zip(journeys, (True, True, False, False, False), strict=True):
        (errand,) = send(session, journey).errands
        handing.note_refused(session, errand, is_sure=is_sure)
    last = a_journey(session, tell("sms"), most_per_week=21)
    join(session, session.exec(select(Shopper)).one())
    assert send(session, last).errands == []
    assert [run.reason for run in runs(session, last)] == ["law_limit"]


@pytest.mark.parametrize("hour", [6, 21, 22, 23])
@pytest.mark.parametrize("channel", ["sms", "push"])
def test_no_phone_rings_at_night(session: Session, channel: str, hour: int) -> None:
    clock.pretend(clock.now().astimezone(clock.TILL_ZONE).replace(hour=hour, minute=57))
    journey = a_journey(session, tell(channel))
    join(session, a_reader(session))
    assert send(session, journey).errands == []
    assert outcomes(session, journey) == []
    (run,) = runs(session, journey)
    at = run.due_at.astimezone(clock.TILL_ZONE)
    assert (at.hour, at.minute) == (8, 0)
    clock.pretend(run.due_at)
    send(session, journey)
    assert len(outcomes(session, journey)) == 1


def test_a_bell_of_an_ad_that_could_not_ring_at_once_does_not_ring_later(session: Session) -> None:
    journey, shopper = a_journey(session, tell("push")), a_reader(session)
    join(session, shopper)
    send(session, journey)
    later(minutes=6)
    assert push.claim(session) == []
    assert [one.state for one in session.exec(select(PushDelivery))] == ["dropped"]


def test_a_bell_of_an_ad_does_not_ring_for_who_withdrew_ads_meanwhile(session: Session) -> None:
    journey, shopper = a_journey(session, tell("push")), a_reader(session)
    join(session, shopper)
    send(session, journey)
    agree(session, shopper, "messages", given=False, channel="inbox_ads")
    assert push.claim(session) == []


def test_news_of_what_somebody_did_needs_no_consent_to_ads(session: Session) -> None:
    journey = a_journey(session, tell("inbox", READY), kind="receipt_refused")
    shopper = a_reader(session, channels=())
    receipt = make.make_receipt(session, shopper)
    data = {"status": "unreadable", "reasons": ["blurred"], "points": 0}
    triggers.enter_by(session, [happened(shopper, "receipt.settled", receipt.id, **data)])
    send(session, journey)
    (message,) = told(session, shopper)
    assert not message.params["words"]["vi"]["title"].startswith("[QC]")


@pytest.mark.parametrize(
    ("purpose", "channels", "bell", "channel", "reason"),
    [
        ("personal_offers", ("sms",), True, "sms", "no_personal_offers"),
        (None, ("inbox_ads", "push"), False, "push", "no_address"),
    ],
)
def test_what_keeps_one_message_is_its_reason(
    session: Session, purpose: Any, channels: Any, bell: Any, channel: str, reason: str
) -> None:
    journey = a_journey(session, tell(channel), kind="first_receipt", goal="none")
    shopper = a_reader(session, channels=channels, bell=bell)
    if purpose:
        agree(session, shopper, purpose, given=False)
    buy_first(session, shopper)
    send(session, journey)
    assert outcomes(session, journey) == [(0, "skipped", reason)]


def test_without_a_carrier_of_texts_the_channel_is_off(session: Session) -> None:
    journey = a_journey(session, tell("sms"))
    join(session, a_reader(session))
    send(session, journey, sms_on=False)
    assert outcomes(session, journey) == [(0, "skipped", "channel_off")]


def test_a_shopper_who_is_known_without_a_phone_gets_no_text(session: Session) -> None:
    journey, shopper = a_journey(session, tell("sms")), a_reader(session)
    shopper.phone = None
    session.flush()
    join(session, shopper)
    send(session, journey)
    assert outcomes(session, journey) == [(0, "skipped", "no_address")]


def test_enough_ads_in_a_week_is_enough_and_skipped_where_it_is_said_so(session: Session) -> None:
    first = [a_journey(session, tell(), most_per_week=21) for _ in range(2)]
    waits = a_journey(session, tell(), most_per_week=2)
    skips = a_journey(session, tell(blocked="skip"), most_per_week=2)
    shopper = a_reader(session)
    join(session, shopper)
    for journey in (*first, waits, skips):
        send(session, journey)
    # A week is longer than a message is worth waiting for.
    assert outcomes(session, waits) == outcomes(session, skips) == [(0, "skipped", "weekly_cap")]


def test_who_left_the_audience_is_told_no_more(session: Session) -> None:
    shopper, other = a_reader(session), a_reader(session, "0901234568")
    a_segment(session, [shopper, other])
    journey = a_journey(
        session,
        tell(),
        wait(1),
        tell(),
        brand="OMO",
        trigger={"kind": "first_receipt"},
        audience={"segments": ["regulars"]},
        goal="none",
    )
    for one in (shopper, other):
        buy_first(session, one)
    send(session, journey)
    agree(session, shopper, "personal_offers", given=False)
    later(hours=1)
    send(session, journey)
    assert (len(told(session, shopper)), len(told(session, other))) == (1, 2)
    assert (2, "skipped", "left_audience") in outcomes(session, journey)


def test_a_paused_journey_sends_nothing_and_leaves_out_what_is_late_by_then(session: Session) -> None:
    journey, shopper = a_journey(session, tell()), a_reader(session)
    join(session, shopper)
    versions.pause(session, journey, None)
    assert send(session, journey).looked_at == 0
    assert sending.due_journeys(session) == []
    later(days=4)
    versions.resume(session, journey, None)
    send(session, journey)
    assert outcomes(session, journey) == [(0, "skipped", "too_late")]


def test_what_is_under_way_ends_with_the_journey(session: Session) -> None:
    journey = a_journey(session, tell())
    join(session, a_reader(session))
    versions.end(session, journey, None)
    assert measuring.stop_ended(session, 10) == 1
    assert [(run.state, run.reason) for run in runs(session, journey)] == [("stopped", "journey_ended")]


def test_whoever_is_under_way_keeps_the_words_they_entered_with(session: Session) -> None:
    journey, shopper = a_journey(session, tell()), a_reader(session)
    join(session, shopper)
    newer = terms(tell(words=OWN | {"body_vi": "Khác"}))
    versions.write_draft(session, journey, newer, None)
    versions.publish(session, journey, None)
    send(session, journey)
    assert told(session, shopper)[0].params["words"]["vi"]["body"] == "Chào"


def test_a_text_put_off_is_decided_on_anew(session: Session) -> None:
    journey, shopper = a_journey(session, tell("sms")), a_reader(session)
    join(session, shopper)
    (errand,) = send(session, journey).errands
    handing.put_off(session, errand, 60)
    assert send(session, journey).errands == []
    later(minutes=2)
    agree(session, shopper, "messages", given=False, channel="sms")
    assert send(session, journey).errands == []
    assert outcomes(session, journey) == [(0, "skipped", "no_consent")]


def test_a_text_of_which_nobody_tells_is_never_sent_again_and_the_run_goes_on(session: Session) -> None:
    journey = a_journey(session, tell("sms"), wait(1), tell())
    join(session, a_reader(session))
    (errand,) = send(session, journey).errands
    later(minutes=9)
    assert handing.settle_lost(session, 10) == 0
    later(minutes=2)
    assert handing.settle_lost(session, 10) == 1
    # What comes too late changes nothing.
    handing.put_off(session, errand, 1)
    assert send(session, journey).errands == []
    assert outcomes(session, journey) == [(0, "unsure", None)]
    later(hours=2)
    send(session, journey)
    assert outcomes(session, journey) == [(0, "unsure", None), (2, "sent", None)]


def test_a_step_has_one_row_whoever_writes_it(session: Session) -> None:
    journey = a_journey(session, tell())
    join(session, a_reader(session))
    send(session, journey)
    (run,) = runs(session, journey)
    # As if another had claimed it at once.
    run.state, run.ended_at = "waiting", None
    session.flush()
    with pytest.raises(sending.StepTwiceError):
        send(session, journey)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text("INSERT INTO journey_message SELECT * FROM journey_message"))


def test_a_published_version_never_changes(session: Session) -> None:
    journey = a_journey(session, tell())
    with pytest.raises(Exception, match="published terms never change"), session.begin_nested():
        session.execute(
            text("UPDATE journey_version SET terms = '{}' WHERE journey_id = :id"), {"id": journey.id}
        )

"""Surveys ask who was drawn by lot and agreed, once a quarter of a year at most, and take one tap."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain import settlement
from domain.events.outbox import Cursor, Recorded
from domain.insights.store.touches import touches
from domain.messages.writer import write_messages
from domain.surveys import drawing
from infra import clock
from infra.db import transaction
from schemas.base import new_id
from schemas.events import Event
from schemas.messages import Message, PushDelivery, PushTarget
from schemas.people import Shopper
from schemas.receipts import ReceiptLine
from schemas.surveys import SurveyAsk
from tests import make
from tests.make.surveys import a_survey, agree, an_ask
from workers.brands import ask_surveys


@pytest.fixture
def clocked() -> Generator[Callable[[timedelta], None]]:
    def later(by: timedelta) -> None:
        clock.pretend(clock.now() + by)

    later(timedelta(0))
    yield later
    clock.pretend(None)


@pytest.fixture
def shopper(session: Session) -> Shopper:
    shopper = make.make_shopper(session)
    agree(session, shopper)
    return shopper


def credit(session: Session, shopper: Shopper, brand: str = "OMO", points: int = 5) -> None:
    data = {"points": points, "brands": {str(make.brand_id(session, brand)): points}}
    event = Recorded(new_id(), Cursor(1, 1), "points.credited", 1, new_id(), shopper.id, clock.now(), data)
    drawing.ask_after(session, [event])


def asked(session: Session) -> list[UUID]:
    return list(session.exec(select(SurveyAsk.shopper_id)).all())


def test_a_credit_of_the_brand_that_asks_is_when_somebody_is_asked(
    session: Session, shopper: Shopper
) -> None:
    a_survey(session)
    credit(session, shopper, "Comfort")
    assert asked(session) == []
    credit(session, shopper)
    assert asked(session) == [shopper.id]


@pytest.mark.parametrize(("status", "is_asked"), [("approved", 1), ("rejected", 1), ("in_review", 0)])
def test_who_sent_a_receipt_with_the_brand_on_it_is_asked_about_it_once_it_is_decided(
    client: TestClient, session: Session, shopper: Shopper, status: str, is_asked: int
) -> None:
    a_survey(session, "receipt")
    a_survey(session, "receipt", brand="comfort")
    receipt = make.make_receipt(session, shopper)
    line = {"position": 0, "raw_name": "OMO", "brand_id": make.brand_id(session), "quantity": 1}
    session.add(ReceiptLine(receipt_id=receipt.id, amount_minor=1, **line))
    session.flush()
    for type_ in ("receipt.settled", "receipt.decided"):
        told = {"status": status, "points": 0, "reasons": []}
        event = Recorded(new_id(), Cursor(1, 1), type_, 1, receipt.id, shopper.id, clock.now(), told)
        drawing.ask_after(session, [event])
    found = waiting(client, shopper)
    assert [(one["kind"], one["brand"], one["receipt_id"]) for one in found] == [
        ("receipt", "OMO", str(receipt.id))
    ] * is_asked


def test_nobody_is_asked_who_did_not_agree_or_took_it_back(session: Session, shopper: Shopper) -> None:
    a_survey(session)
    stranger = make.make_shopper(session, "0909999999")
    credit(session, stranger)
    agree(session, shopper, given=False, brand="omo")
    credit(session, shopper)
    assert asked(session) == []


def test_a_shopper_is_asked_once_in_90_days_by_whatever_brand(
    session: Session, shopper: Shopper, clocked: Callable[[timedelta], None]
) -> None:
    a_survey(session)
    a_survey(session, "csat", brand="comfort")
    credit(session, shopper)
    clocked(timedelta(days=89))
    credit(session, shopper, "Comfort")
    assert len(asked(session)) == 1
    clocked(timedelta(days=2))
    credit(session, shopper, "Comfort")
    assert len(asked(session)) == 2


def test_each_active_shopper_is_as_likely_to_be_drawn_however_often_they_shop() -> None:
    survey, wave = new_id(), drawing.wave_of(clock.till_today())
    lots = [drawing.lot(survey, new_id(), wave) % 4 for _ in range(2000)]
    # 500 each are expected; eight standard deviations of chance are not seen in a lifetime.
    assert all(abs(lots.count(number) - 500) < 160 for number in range(4))
    # The same shopper draws the same lot at each of their receipts in a quarter, and another in the next.
    shopper = new_id()
    assert drawing.lot(survey, shopper, wave) == drawing.lot(survey, shopper, wave)
    assert drawing.lot(survey, shopper, wave) != drawing.lot(survey, shopper, wave - timedelta(days=92))


def test_who_was_not_drawn_is_not_asked_at_any_receipt(session: Session, shopper: Shopper) -> None:
    survey = a_survey(session, one_in=1000)
    lot = drawing.lot(survey.id, shopper.id, drawing.wave_of(clock.till_today()))
    for _ in range(3):
        credit(session, shopper)
    assert bool(asked(session)) is (lot % 1000 == 0)


def waiting(client: TestClient, shopper: Shopper) -> list[dict[str, Any]]:
    response = client.get("/v1/me/surveys", headers=make.bearer(shopper) | {"Accept-Language": "en"})
    surveys: list[dict[str, Any]] = response.json()["surveys"]
    return surveys


def test_one_tap_answers_and_a_second_changes_nothing_but_mends_it_for_ten_minutes(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    ask = an_ask(session, a_survey(session), shopper)
    (shown,) = waiting(client, shopper)
    assert "OMO" in shown["question"]
    assert (shown["lowest"], shown["highest"]) == (0, 10)
    path, headers = f"/v1/me/surveys/{ask.id}", make.bearer(shopper)
    assert client.post(f"{path}/shown", headers=headers).json()["state"] == "shown"
    for _ in range(2):
        answered = client.post(f"{path}/answer", headers=headers, json={"score": 9})
        assert answered.json()["state"] == "answered", answered.text
    assert waiting(client, shopper) == []
    session.refresh(ask)
    assert (ask.score, ask.shown_at is not None) == (9, True)
    # Once for whoever reads along, without what was said; the columnar store reads that itself.
    (told,) = session.exec(select(Event).where(Event.type == "survey.answered")).all()
    assert "score" not in told.data
    # Asked and answered: whoever was asked is the audience, whatever they did.
    found = touches(session, ids=[told.subject_id])
    assert [(one["kind"], one["value"], one["brand"]) for one in found] == [
        ("survey_asked", 0, "omo"),
        ("survey_nps", 9, "omo"),
    ]
    ask.ended_at = clock.now() - timedelta(minutes=9)
    session.flush()
    assert client.post(f"{path}/answer", headers=headers, json={"score": 8}).status_code == 200
    assert touches(session, ids=[told.subject_id])[1]["value"] == 8
    ask.ended_at = clock.now() - timedelta(minutes=11)
    session.flush()
    for path_, body in ((f"{path}/answer", {"score": 3}), (f"{path}/skip", None)):
        refused = client.post(path_, headers=headers, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "survey_over")
    session.refresh(ask)
    assert ask.score == 8


def test_a_question_can_be_put_away_for_good(client: TestClient, session: Session, shopper: Shopper) -> None:
    ask = an_ask(session, a_survey(session, "csat"), shopper)
    path, headers = f"/v1/me/surveys/{ask.id}", make.bearer(shopper)
    for _ in range(2):
        assert client.post(f"{path}/skip", headers=headers).json()["state"] == "skipped"
    assert waiting(client, shopper) == []
    assert client.post(f"{path}/answer", headers=headers, json={"score": 3}).status_code == 409


def test_only_numbers_of_the_question_are_taken_and_only_in_time(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    ask = an_ask(session, a_survey(session, "csat"), shopper)
    path, headers = f"/v1/me/surveys/{ask.id}/answer", make.bearer(shopper)
    refused = client.post(path, headers=headers, json={"score": 6})
    assert (refused.status_code, refused.json()["code"]) == (422, "score_out_of_range")
    ask.until_at = clock.now() - timedelta(seconds=1)
    session.flush()
    assert waiting(client, shopper) == []
    assert client.post(path, headers=headers, json={"score": 5}).json()["code"] == "survey_over"


def test_who_takes_the_consent_back_is_asked_no_more(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    ask = an_ask(session, a_survey(session), shopper)
    agree(session, shopper, given=False)
    assert waiting(client, shopper) == []
    path = f"/v1/me/surveys/{ask.id}/answer"
    assert client.post(path, headers=make.bearer(shopper), json={"score": 9}).status_code == 404


def test_a_settled_receipt_asks_once_in_the_inbox_and_rings_nobody(committed: None) -> None:
    with transaction() as session:
        make.make_campaign(session)
        shopper = make.make_shopper(session)
        agree(session, shopper)
        agree(session, shopper, "messages", channel="push")
        a_survey(session)
        target = PushTarget(
            shopper_id=shopper.id, kind="fcm", digest=b"1", language="vi", subscribed_at=clock.now()
        )
        session.add(target)
        receipt_id = make.make_receipt(session, shopper).id
    with transaction() as session:
        settlement.settle_receipt(session, receipt_id, make.make_reading(make.make_line()))
    for _ in range(2):
        ask_surveys()
    with transaction() as session:
        write_messages(session, 100)
    with transaction() as session:
        told = session.exec(select(Message).where(Message.code == "survey_asked")).one()
        rung = session.exec(select(PushDelivery.message_id)).all()
        assert told.id not in rung
        assert rung, "of the receipt itself it did ring"
        assert len(asked(session)) == 1

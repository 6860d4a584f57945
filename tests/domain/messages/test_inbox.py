"""Shoppers are told what happens to their receipts and points: once each, in their language, by reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain import settlement
from domain.events.outbox import Cursor, Recorded
from domain.ledger import notices
from domain.messages import inbox
from domain.messages.compose import compose
from domain.messages.writer import write_messages
from domain.review import decisions
from infra import clock
from infra.db import engine, transaction
from infra.words import LANGUAGES, Language, all_words
from ocr.types import ReadingReason
from schemas.base import new_id
from schemas.messages import Message, MessageCode, MessageView
from schemas.people import Shopper
from tests import make
from tests.make import points
from tests.make.console import in_review


def event(type_: str, **data: Any) -> Recorded:
    given = {"status": "approved", "points": 5, "reasons": []} | data
    return Recorded(new_id(), Cursor(1, 1), type_, 1, new_id(), new_id(), clock.now(), given)


@pytest.mark.parametrize(
    ("type_", "data", "code"),
    [
        ("receipt.settled", {}, "receipt_approved"),
        (
            "receipt.settled",
            {"points": 0, "reasons": ["no_participating_products"]},
            "receipt_without_points",
        ),
        ("receipt.settled", {"status": "in_review"}, "receipt_in_review"),
        ("receipt.settled", {"status": "rejected", "reasons": ["already_sent"]}, "receipt_rejected"),
        ("receipt.settled", {"status": "unreadable", "reasons": ["photo_missing"]}, "receipt_unreadable"),
        ("receipt.settled", {"status": "unreadable", "reasons": ["blurred"]}, "receipt_photo_again"),
        ("receipt.settled", {"status": "in_review", "reasons": ["cut_off_bottom"]}, "receipt_photo_again"),
        ("receipt.decided", {}, "receipt_approved"),
        ("receipt.decided", {"status": "rejected"}, "receipt_rejected"),
        ("receipt.appeal_answered", {}, "appeal_granted"),
        ("receipt.appeal_answered", {"status": "rejected"}, "appeal_refused"),
        ("receipt.undone", {"status": "in_review"}, "receipt_waits_again"),
        ("points.expiring_soon", {"brands": {}, "last_day": "2026-12-31", "days": 7}, "points_expiring"),
        ("points.expired", {"brands": {}}, "points_expired"),
        ("session.reused", {}, "session_reused"),
        ("voucher.expiring_soon", {"last_day": "2026-12-31", "days": 7}, "voucher_expiring"),
        ("purchase.credited", {}, "purchase_credited"),
        ("purchase.credited", {"status": "in_review"}, None),
        ("purchase.returned", {"taken_back": 5}, "purchase_returned"),
        ("purchase.returned", {"taken_back": 0}, None),
        ("receipt.appealed", {"status": "in_review"}, None),
        ("points.credited", {"brands": {}}, None),
    ],
)
def test_what_is_told_of_an_event(type_: str, data: dict[str, Any], code: str | None) -> None:
    told = compose(event(type_, **data))
    assert (told.code if told else None) == code


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_has_a_title_and_a_body_in_both_languages(language: Language) -> None:
    wanted = {f"{code}_{part}" for code in get_args(MessageCode) for part in ("title", "body")}
    assert all_words(language)["message"].keys() == wanted


def told(shopper_id: UUID, language: Language = "en") -> list[MessageView]:
    with transaction() as session:
        while write_messages(session, 100):
            pass
    with Session(engine()) as session:
        return inbox.messages(session, shopper_id, language, before=None, limit=20)


@pytest.mark.usefixtures("committed")
def test_a_shopper_is_told_once_of_each_decision_and_why() -> None:
    with transaction() as session:
        make.make_campaign(session)
        receipt = in_review(session)
        owner = receipt.shopper_id
        reviewer = make.make_staff(session)
        decisions.settle_review(
            session,
            receipt.id,
            reviewer_id=reviewer.id,
            decision="reject",
            reason="Seen",
            refusal="not_original",
        )
    for _ in range(2):
        refused, waits = told(owner)
    assert [refused.code, waits.code] == ["receipt_rejected", "receipt_in_review"]
    assert "a reprint, a copy or a provisional bill" in refused.body
    assert waits.title == "Your receipt is being checked"
    assert "185 points" in waits.body
    assert refused.receipt_id == receipt.id
    assert told(owner, "vi")[0].title == "Hoá đơn không được chấp nhận"


@pytest.mark.usefixtures("committed")
def test_who_sent_a_blurred_picture_is_told_that_a_clearer_one_will_do() -> None:
    with transaction() as session:
        receipt = make.make_receipt(session)
        blurred = ReadingReason(code="blurred", severity="reject")
        settlement.settle_receipt(
            session, receipt.id, make.make_reading(status="unreadable", reasons=(blurred,))
        )
    [message] = told(receipt.shopper_id)
    assert message.code == "receipt_photo_again"
    assert "Hold still" in message.body


@pytest.mark.usefixtures("committed")
def test_an_erased_shopper_is_told_nothing_more() -> None:
    with transaction() as session:
        receipt = make.make_receipt(session)
        settlement.settle_receipt(session, receipt.id, make.make_reading())
        owner = session.get_one(Shopper, receipt.shopper_id)
        owner.phone, owner.erased_at = None, clock.now()
        session.add(owner)
    assert told(owner.id) == []


@pytest.mark.usefixtures("committed")
def test_points_that_expire_are_told_of_a_month_a_week_and_a_day_before_and_never_twice() -> None:
    today = clock.till_today()
    with transaction() as session:
        shopper = make.make_shopper(session)
        for number, days in enumerate((0, 3, None)):
            last = None if days is None else today + timedelta(days=40 + days)
            points.earn(session, shopper, 10, f"{number}", last_day=last)
        # Spending takes from the points that expire soonest: 8 of the first 10.
        points.spend(session, shopper, 8)
    announced = []
    for day in range(44):
        with transaction() as session:
            for _ in range(2):
                count, _after = notices.announce_expiring(
                    session, today + timedelta(days=day), after=None, limit=10
                )
                assert count in {0, 1, 2}
        announced.append(len(told(shopper.id)))
    grew = [day for day in range(44) if announced[day] > (announced[day - 1] if day else 0)]
    assert grew == [10, 13, 33, 36, 39, 42]
    last_day = f"{today + timedelta(days=40):%d/%m/%Y}"
    bodies = [message.body for message in told(shopper.id)]
    assert bodies.count(f"Use 2 OMO points by the end of {last_day}.") == 3


def make_message(session: Session, shopper: Shopper, minutes: int = 0, **values: Any) -> Message:
    told_at = clock.now() - timedelta(minutes=minutes)
    given = {"code": "receipt_approved", "params": {"points": minutes, "reasons": []}, "event_key": new_id()}
    message = Message(shopper_id=shopper.id, told_at=told_at, **(given | values))
    session.add(message)
    session.flush()
    return message


def test_the_inbox_is_paged_newest_first_and_is_nobody_else_s(
    client: TestClient, session: Session, empty_redis: None
) -> None:
    shopper, other = make.make_shopper(session), make.make_shopper(session, "0907654321")
    messages = [make_message(session, shopper, minutes) for minutes in range(3)]
    make_message(session, other)
    first = ask(client, shopper, "/v1/me/inbox?limit=2")
    assert [shown["id"] for shown in first["messages"]] == ids(messages[:2])
    assert first["unread"] == 3
    rest = ask(client, shopper, f"/v1/me/inbox?limit=2&cursor={first['next_cursor']}")
    assert [shown["id"] for shown in rest["messages"]] == ids(messages[2:])
    assert rest["next_cursor"] is None


def test_messages_are_marked_as_read_by_their_owner_alone(
    client: TestClient, session: Session, empty_redis: None
) -> None:
    shopper, other = make.make_shopper(session), make.make_shopper(session, "0907654321")
    mine = [make_message(session, shopper, minutes) for minutes in range(3)]
    strange = make_message(session, other)

    def mark(**marks: Any) -> Any:
        return client.post("/v1/me/inbox/read", json=marks, headers=make.bearer(shopper)).json()

    assert mark(ids=ids([mine[0], strange])) == {"unread": 2}
    assert ask(client, shopper, "/v1/me/inbox")["messages"][0]["read_at"]
    assert ask(client, other, "/v1/me/inbox")["unread"] == 1
    assert mark(until=mine[1].told_at.isoformat()) == {"unread": 0}
    for nothing in ({}, {"ids": ids(mine), "until": mine[0].told_at.isoformat()}):
        assert mark(**nothing)["code"] == "invalid_request"


def test_a_message_can_be_read_when_its_receipt_is_gone(session: Session) -> None:
    shopper = make.make_shopper(session)
    params = {"points": 0, "reasons": ["blurred"]}
    make_message(session, shopper, code="receipt_photo_again", receipt_id=new_id(), params=params)
    [shown] = inbox.messages(session, shopper.id, "en", before=None, limit=1)
    assert "Hold still" in shown.body


def ids(messages: Sequence[Message]) -> list[str]:
    return [str(message.id) for message in messages]


def ask(client: TestClient, shopper: Shopper, path: str) -> Any:
    return client.get(path, headers=make.bearer(shopper) | {"Accept-Language": "en"}).json()

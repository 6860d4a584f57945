"""What happens to a receipt and to points is recorded with it, and says nothing of a person."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlmodel import Session, col, select

from domain import settlement
from domain.ledger import expiry
from domain.receipts import unread
from domain.review import decisions
from ocr.types import ReadingReason
from schemas.campaigns import Campaign
from schemas.events import Event
from schemas.people import Shopper, StaffMember
from schemas.receipts import Receipt
from tests import make
from tests.make import points
from tests.make.console import in_review


def told(session: Session, receipt: Receipt) -> list[tuple[str, object]]:
    """Types of a receipt's events in order, each with its status or its points."""
    statement = select(Event).where(Event.subject_id == receipt.id).order_by(col(Event.version))
    return [(row.type, row.data.get("status", row.data["points"])) for row in session.exec(statement).all()]


@pytest.fixture
def shopper(session: Session, campaign: Campaign) -> Shopper:
    return make.make_shopper(session)


@pytest.fixture
def reviewer(session: Session) -> StaffMember:
    return make.make_staff(session)


def decide(session: Session, receipt: Receipt, reviewer: StaffMember, decision: str) -> None:
    decisions.settle_review(
        session,
        receipt.id,
        reviewer_id=reviewer.id,
        decision=decision,
        reason="Seen",  # type: ignore[arg-type]
    )


def test_a_settled_receipt_and_its_points_are_told_once(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    for _ in range(2):
        settlement.settle_receipt(session, receipt.id, make.make_reading())
    assert told(session, receipt) == [("receipt.settled", "approved"), ("points.credited", 185)]
    points = session.exec(select(Event).where(Event.type == "points.credited")).one()
    assert points.data["brands"] == {str(make.brand_id(session)): 185}
    assert points.shopper_id == shopper.id


def test_a_picture_that_is_no_receipt_is_told_with_the_reason(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    reasons = (ReadingReason(code="not_a_receipt", severity="reject"),)
    settlement.settle_receipt(session, receipt.id, make.make_reading(status="not_a_receipt", reasons=reasons))
    assert told(session, receipt) == [("receipt.settled", "rejected")]
    event = session.exec(select(Event).where(Event.subject_id == receipt.id)).one()
    assert event.data["reasons"] == ["not_a_receipt"]


def test_points_pend_until_a_person_decides_and_return_when_that_is_undone(
    session: Session, campaign: Campaign, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer, "approve")
    decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    kinds = [kind for kind, _ in told(session, receipt)]
    assert kinds == [
        "receipt.settled",
        "points.pending",
        "receipt.decided",
        "points.credited",
        "receipt.undone",
        "points.reversed",
        "points.pending",
    ]
    amounts = {amount for kind, amount in told(session, receipt) if kind.startswith("points.")}
    assert len(amounts) == 1


def test_an_appeal_and_its_answer_are_told(
    session: Session, campaign: Campaign, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer, "reject")
    decisions.appeal(session, receipt.id, shopper_id=receipt.shopper_id, words="It is mine")
    other = make.make_staff(session, "admin")
    decide(session, receipt, other, "reject")
    kinds = [kind for kind, _ in told(session, receipt)]
    assert kinds == [
        "receipt.settled",
        "points.pending",
        "receipt.decided",
        "receipt.appealed",
        "points.pending",
        "receipt.appeal_answered",
    ]


def test_a_receipt_that_ended_unread_and_is_reopened_is_told_of_each_time(
    session: Session, shopper: Shopper
) -> None:
    receipt = make.make_receipt(session, shopper)
    unread.end_unread(session, receipt, "photo_missing")
    session.flush()
    unread.reopen(session, unread.Unread(), operator="ops", limit=10)
    settlement.settle_receipt(session, receipt.id, make.make_reading())
    assert told(session, receipt) == [
        ("receipt.settled", "unreadable"),
        ("receipt.reopened", "received"),
        ("receipt.settled", "approved"),
        ("points.credited", 185),
    ]


def test_points_that_expire_are_told_with_their_brand(session: Session, shopper: Shopper) -> None:
    points.earn(session, shopper, 10, last_day=date(2026, 1, 1))
    for _ in range(2):
        expiry.expire_points(session, date(2026, 1, 2), 10)
    expired = session.exec(select(Event).where(Event.type == "points.expired")).one()
    assert (expired.type, expired.subject_id, expired.shopper_id) == (
        "points.expired",
        shopper.id,
        shopper.id,
    )
    assert expired.data == {"points": 10, "brands": {str(make.brand_id(session)): 10}}


def test_no_event_holds_what_a_receipt_shows_or_who_sent_it(
    session: Session, campaign: Campaign, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer, "reject")
    sender = session.get_one(Shopper, receipt.shopper_id)
    held = json.dumps([row.data for row in session.exec(select(Event)).all()])
    named = [sender.phone, receipt.store, receipt.merchant, str(receipt.total_minor), receipt.receipt_no]
    assert [value for value in named if value and value in held] == []
    assert str(sender.id) not in held

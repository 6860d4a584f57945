"""An approved receipt is taken back when fraud is found later, with its points, spent or not."""

from __future__ import annotations

import pytest
from sqlmodel import Session, col, select

from domain import settlement
from domain.ledger.verify import differences
from domain.loyalty import wallet
from domain.people import staff
from domain.people.shoppers import join_staff
from domain.receipts.errors import ConflictOfInterestError
from domain.review import decisions, reversals
from domain.review.errors import DecidedBeforeError, NotApprovedError, ProposalGoneError
from domain.verification import CHECKS
from infra.settings import override_settings, settings
from schemas.events import Event
from schemas.people import Shopper, StaffAct, StaffMember
from schemas.receipts import Receipt
from tests import make
from tests.make.points import spend


@pytest.fixture
def shopper(session: Session) -> Shopper:
    make.make_campaign(session)
    return make.make_shopper(session)


@pytest.fixture
def receipt(session: Session, shopper: Shopper) -> Receipt:
    found = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, found.id, make.make_reading(make.make_line(amount_minor=100_000)))
    return found


def reviewer(session: Session, name: str = "one") -> StaffMember:
    return join_staff(session, f"{name}@example.vn", "reviewer")


def shown(session: Session, shopper: Shopper) -> tuple[int, int]:
    view = wallet.balances(session, shopper.id)[0]
    return view.available, view.owed


def reverse(session: Session, receipt: Receipt, who: StaffMember) -> str:
    return reversals.reverse_receipt(
        session, receipt.id, reviewer_id=who.id, reason="the picture is drawn", refusal="edited"
    ).state


def test_points_are_taken_back_and_owed_where_they_were_spent(
    session: Session, shopper: Shopper, receipt: Receipt
) -> None:
    spend(session, shopper, 60)
    assert reverse(session, receipt, reviewer(session)) == "done"
    assert shown(session, shopper) == (0, 60)
    assert receipt.status == "reversed"
    assert receipt.reasons[-1].code == "refused_by_reviewer"
    acts = session.exec(select(StaffAct.act).where(StaffAct.receipt_id == receipt.id)).all()
    assert "reversed" in acts
    told = session.exec(select(Event).where(col(Event.type) == "points.reversed")).one()
    assert told.data["points"] == 100
    assert [one for one in differences(session, CHECKS) if one.check != "redeemed"] == []
    with pytest.raises(NotApprovedError):
        reverse(session, receipt, reviewer(session, "two"))


def test_what_brought_many_points_takes_two_persons(
    session: Session, shopper: Shopper, receipt: Receipt
) -> None:
    before = settings().second_person_points
    override_settings(second_person_points=99)
    try:
        first, second = reviewer(session), reviewer(session, "two")
        assert reverse(session, receipt, first) == "proposed"
        assert shown(session, shopper) == (100, 0)
        with pytest.raises(DecidedBeforeError):
            reverse(session, receipt, first)
        assert reverse(session, receipt, second) == "done"
        assert shown(session, shopper) == (0, 0)
    finally:
        override_settings(second_person_points=before)


def test_a_proposal_can_be_dropped_and_then_the_receipt_stays(
    session: Session, shopper: Shopper, receipt: Receipt
) -> None:
    before = settings().second_person_points
    override_settings(second_person_points=99)
    try:
        first = reviewer(session)
        reverse(session, receipt, first)
        reversals.withdraw_reversal(session, receipt.id, reviewer_id=first.id)
        with pytest.raises(ProposalGoneError):
            reversals.withdraw_reversal(session, receipt.id, reviewer_id=first.id)
        assert receipt.status == "approved"
        assert shown(session, shopper) == (100, 0)
    finally:
        override_settings(second_person_points=before)


def test_nobody_takes_their_familys_receipt_back(
    session: Session, shopper: Shopper, receipt: Receipt
) -> None:
    relative = reviewer(session)
    staff.set_relations(session, relative.id, [shopper.phone or ""])
    with pytest.raises(ConflictOfInterestError):
        reverse(session, receipt, relative)


def test_an_appeal_against_it_is_granted_by_somebody_else_and_pays_once_more(
    session: Session, shopper: Shopper, receipt: Receipt
) -> None:
    spend(session, shopper, 60)
    first, second = reviewer(session), reviewer(session, "two")
    reverse(session, receipt, first)
    decisions.appeal(session, receipt.id, shopper_id=shopper.id, words="It is genuine")
    with pytest.raises(DecidedBeforeError):
        decisions.settle_review(
            session, receipt.id, reviewer_id=first.id, decision="approve", reason="after all"
        )
    decisions.settle_review(
        session, receipt.id, reviewer_id=second.id, decision="approve", reason="it is genuine"
    )
    # What was owed is paid out of it first.
    assert shown(session, shopper) == (40, 0)

"""What a reviewer's decision may do: correct, wait for a second person, be taken back, be refused."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from domain import settlement
from domain.errors import InvalidValueError
from domain.fraud import bands
from domain.ledger.errors import InsufficientPointsError
from domain.ledger.transfers import of_receipt
from domain.loyalty import wallet
from domain.people import staff
from domain.people.shoppers import join_staff
from domain.receipts.errors import ConflictOfInterestError
from domain.review import decisions
from domain.review.cases import take_case
from domain.review.errors import (
    CaseDecidedError,
    CaseHeldError,
    CorrectionMatchesError,
    DecidedBeforeError,
    UndoRefusedError,
)
from infra import clock
from schemas.campaigns import Campaign
from schemas.people import Shopper, StaffAct, StaffMember
from schemas.reasons import Reason
from schemas.receipts import Receipt, ReceiptLine
from schemas.review import Corrections, Decision, LineCorrection, ReviewDecision
from tests import make
from tests.make.console import in_review, settled
from tests.make.points import balances_of_shopper, spend

TOTAL = 200_000


@pytest.fixture
def reviewer(session: Session, campaign: Campaign) -> StaffMember:
    return make.make_staff(session)


@pytest.fixture
def colleague(session: Session) -> StaffMember:
    return join_staff(session, "colleague@example.vn", "reviewer")


def decide(
    session: Session,
    receipt: Receipt,
    reviewer: StaffMember,
    decision: Decision = "approve",
    corrections: Corrections | None = None,
) -> ReviewDecision | None:
    return decisions.settle_review(
        session,
        receipt.id,
        reviewer_id=reviewer.id,
        decision=decision,
        reason="Seen",
        corrections=corrections,
    )


def held(session: Session, receipt: Receipt) -> int:
    return balances_of_shopper(session, receipt.shopper_id).get(make.brand_id(session), 0)


def acts(session: Session, receipt_id: UUID) -> list[str]:
    statement = select(StaffAct.act).where(StaffAct.receipt_id == receipt_id).order_by(col(StaffAct.id))
    return list(session.exec(statement).all())


# --- taking back


def test_an_approval_taken_back_returns_the_points_by_a_transfer_of_its_own(
    session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    decided = decide(session, receipt, reviewer)
    assert decided is not None
    decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    assert receipt.status == "in_review"
    assert held(session, receipt) == 0
    assert wallet.pending_points(session, receipt.shopper_id) == {make.brand_id(session): 185}
    moved = of_receipt(session, receipt.id)
    assert [row.kind for row in moved] == ["earn", "reverse"]
    assert moved[1].follows == moved[0].key


def test_a_case_taken_back_can_be_approved_again_and_credits_again(
    session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    for _ in range(3):
        decide(session, receipt, reviewer)
        assert held(session, receipt) == 185
        decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
        assert held(session, receipt) == 0
    decide(session, receipt, reviewer)
    assert held(session, receipt) == 185


def test_a_case_taken_back_waits_since_it_first_waited_and_is_held(
    session: Session, reviewer: StaffMember, colleague: StaffMember
) -> None:
    receipt = in_review(session)
    since, settled_at = receipt.waiting_since, receipt.settled_at
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        decide(session, receipt, reviewer)
        decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
        with pytest.raises(CaseHeldError):
            decide(session, receipt, colleague)
    assert (receipt.waiting_since, receipt.settled_at) == (since, settled_at)
    assert acts(session, receipt.id) == ["approved", "undone"]


def test_a_rejection_taken_back_claims_the_paper_again(session: Session, reviewer: StaffMember) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer, "reject")
    decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    assert [reason.code for reason in receipt.reasons] == ["sums_differ"]
    copy = make.make_receipt(session, make.make_shopper(session, "0909999999"), image=f"{1:064}")
    settlement.settle_receipt(session, copy.id, make.make_reading())
    assert copy.status == "rejected"


def test_a_paper_that_another_sent_meanwhile_is_said_when_the_case_opens_again(
    session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer, "reject")
    copy = make.make_receipt(session, make.make_shopper(session, "0909999999"), image=f"{1:064}")
    settlement.settle_receipt(session, copy.id, make.make_reading(receipt_no="99887766"))
    assert copy.status == "approved"
    decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    assert receipt.reasons[-1] == Reason("same_image", "review", {"matching_receipt_id": str(copy.id)})


@pytest.mark.parametrize(("minutes", "status"), [(9, "in_review"), (11, "approved")])
def test_a_decision_can_be_taken_back_for_ten_minutes(
    session: Session, reviewer: StaffMember, minutes: int, status: str
) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer)
    with time_machine.travel(clock.now() + timedelta(minutes=minutes)):
        if status == "approved":
            with pytest.raises(UndoRefusedError):
                decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
        else:
            decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    assert receipt.status == status


def test_only_who_decided_takes_back_and_only_once(
    session: Session, reviewer: StaffMember, colleague: StaffMember
) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer)
    with pytest.raises(UndoRefusedError):
        decisions.undo_review(session, receipt.id, reviewer_id=colleague.id)
    decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    with pytest.raises(UndoRefusedError):
        decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)


def test_points_that_were_spent_can_t_be_taken_back(session: Session, reviewer: StaffMember) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer)
    spend(session, session.get_one(Shopper, receipt.shopper_id), 100)
    with pytest.raises(InsufficientPointsError):
        decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)


# --- a second person


def second_person_from(session: Session, campaign: Campaign, value: int, admin: StaffMember) -> None:
    bands.change_bands(session, campaign.id, bands.Bands(second_reviewer_from_minor=value), admin.id)


@pytest.mark.parametrize(("limit", "status"), [(TOTAL, "in_review"), (TOTAL + 1, "approved")])
def test_an_approval_above_the_value_waits_for_a_second_person(
    session: Session, campaign: Campaign, reviewer: StaffMember, limit: int, status: str
) -> None:
    second_person_from(session, campaign, limit, reviewer)
    receipt = in_review(session)
    decided = decide(session, receipt, reviewer)
    assert receipt.status == status
    assert (decided is None) == (status == "in_review")
    assert held(session, receipt) == (185 if status == "approved" else 0)


def test_the_second_person_must_be_another(
    session: Session, campaign: Campaign, reviewer: StaffMember, colleague: StaffMember
) -> None:
    second_person_from(session, campaign, TOTAL, reviewer)
    receipt = in_review(session)
    decide(session, receipt, reviewer)
    for decision in ("approve", "reject"):
        with pytest.raises(DecidedBeforeError):
            decide(session, receipt, reviewer, decision)  # type: ignore[arg-type]
    assert decide(session, receipt, colleague) is not None
    assert held(session, receipt) == 185
    assert acts(session, receipt.id) == ["proposed", "approved"]


def test_the_second_person_may_refuse(
    session: Session, campaign: Campaign, reviewer: StaffMember, colleague: StaffMember
) -> None:
    second_person_from(session, campaign, TOTAL, reviewer)
    receipt = in_review(session)
    decide(session, receipt, reviewer)
    decide(session, receipt, colleague, "reject")
    assert receipt.status == "rejected"
    assert held(session, receipt) == 0


def test_a_refusal_needs_one_person_whatever_the_value(
    session: Session, campaign: Campaign, reviewer: StaffMember
) -> None:
    second_person_from(session, campaign, 1, reviewer)
    receipt = in_review(session)
    assert decide(session, receipt, reviewer, "reject") is not None


def test_what_the_first_corrected_is_credited_when_the_second_agrees(
    session: Session, campaign: Campaign, reviewer: StaffMember, colleague: StaffMember
) -> None:
    second_person_from(session, campaign, TOTAL, reviewer)
    receipt = in_review(session)
    decide(session, receipt, reviewer, corrections=Corrections(total_minor=92_500))
    assert receipt.total_minor == TOTAL
    decide(session, receipt, colleague)
    assert receipt.total_minor == 92_500
    assert held(session, receipt) == 92


# --- rights


def test_nobody_decides_on_their_own_or_family_s_receipts(session: Session, reviewer: StaffMember) -> None:
    receipt = in_review(session, 7)
    staff.set_relations(session, reviewer.id, ["+84901000007"])
    with pytest.raises(ConflictOfInterestError):
        decide(session, receipt, reviewer)


def test_nobody_decides_what_another_holds(
    session: Session, reviewer: StaffMember, colleague: StaffMember
) -> None:
    receipt = in_review(session)
    take_case(session, receipt.id, colleague.id)
    with pytest.raises(CaseHeldError):
        decide(session, receipt, reviewer)
    assert decide(session, receipt, colleague) is not None


def test_a_case_is_decided_once(session: Session, reviewer: StaffMember, colleague: StaffMember) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer, "reject")
    with pytest.raises(CaseDecidedError):
        decide(session, receipt, colleague)


# --- correcting


def test_corrected_fields_are_kept_with_what_stood_there_and_decide_the_points(
    session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    at = make.NOON + timedelta(hours=1)
    wanted = Corrections(
        total_minor=92_500,
        purchased_at=at,
        receipt_no="09017156",
        lines=(LineCorrection(position=0, amount_minor=92_500),),
    )
    decide(session, receipt, reviewer, corrections=wanted)
    assert (receipt.total_minor, receipt.purchased_at, receipt.receipt_no) == (92_500, at, "09017156")
    assert held(session, receipt) == 92
    [act] = session.exec(select(StaffAct).where(StaffAct.act == "approved")).all()
    assert act.details["changes"]["total_minor"] == [TOTAL, 92_500]
    assert act.details["changes"]["line_1_amount_minor"] == [185_000, 92_500]


def test_a_shop_and_brand_that_a_person_knows_earn(session: Session, reviewer: StaffMember) -> None:
    line = make.make_line("Gi4t t3y 5K")
    receipt = make.make_receipt(session)
    reading = make.make_reading(line, chain=None, merchant="W1NMART")
    settlement.settle_receipt(session, receipt.id, reading)
    wanted = Corrections(retailer="WinMart", lines=(LineCorrection(position=0, brand="OMO"),))
    decide(session, receipt, reviewer, corrections=wanted)
    assert receipt.retailer_id == make.retailer_id(session)
    assert held(session, receipt) == 185
    kept = session.exec(select(ReceiptLine).where(ReceiptLine.receipt_id == receipt.id)).one()
    assert kept.match_method == "person"


def test_a_correction_that_makes_it_a_receipt_already_taken_is_refused(
    session: Session, reviewer: StaffMember
) -> None:
    first = make.make_receipt(session, make.make_shopper(session, "0907654321"), image="a" * 64)
    settlement.settle_receipt(session, first.id, make.make_reading())
    second = in_review(session, 2, receipt_no="55443322", purchased_at=make.NOON + timedelta(minutes=7))
    wanted = Corrections(purchased_at=make.NOON, receipt_no="09017155", total_minor=185_000)
    with pytest.raises(CorrectionMatchesError) as refused:
        decide(session, second, reviewer, corrections=wanted)
    assert refused.value.values == {"matching_receipt_id": str(first.id)}


@pytest.mark.parametrize(
    "wanted",
    [
        Corrections(retailer="Nowhere"),
        Corrections(lines=(LineCorrection(position=9, amount_minor=1),)),
        Corrections(lines=(LineCorrection(position=0, brand="No such brand"),)),
    ],
)
def test_a_correction_names_what_exists(session: Session, reviewer: StaffMember, wanted: Corrections) -> None:
    with pytest.raises(InvalidValueError):
        decide(session, in_review(session), reviewer, corrections=wanted)


# --- many at once


def test_many_are_decided_alike_and_one_that_can_t_be_stops_none(
    session: Session, campaign: Campaign, reviewer: StaffMember
) -> None:
    second_person_from(session, campaign, TOTAL + 50_000, reviewer)
    good, family, dear = (
        settled(session, 1),
        settled(session, 2),
        settled(session, 3, total_minor=TOTAL + 60_000),
    )
    staff.set_relations(session, reviewer.id, ["0901000002"])
    outcome = decisions.settle_many(
        session,
        [good.id, family.id, dear.id, good.id],
        reviewer_id=reviewer.id,
        decision="approve",
        reason="Same till",
    )
    assert outcome.decided == (good.id,)
    assert outcome.proposed == (dear.id,)
    assert outcome.refused == {family.id: "conflict_of_interest"}
    assert held(session, good) == 185


# --- kept for ever


@pytest.mark.parametrize(
    ("table", "column"),
    [("staff_act", "staff_id"), ("review_undo", "reviewer_id"), ("review_decision", "reviewer_id")],
)
def test_what_was_done_is_never_changed(
    session: Session, reviewer: StaffMember, table: str, column: str
) -> None:
    receipt = in_review(session)
    decide(session, receipt, reviewer)
    decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET reviewer_id = reviewer_id"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.connection().exec_driver_sql(statement.replace("reviewer_id", column))

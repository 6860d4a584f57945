"""Whoever approves, and however: a paper that another receipt was paid for is not paid again unseen."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlmodel import Session, select

from domain import settlement
from domain.fraud import bands
from domain.people.shoppers import join_staff
from domain.review import cases, decisions
from domain.review.errors import AlreadyPaidError, DecidedBeforeError
from infra.db import transaction
from schemas.campaigns import Campaign
from schemas.people import StaffAct, StaffMember
from schemas.receipts import Receipt
from schemas.review import ReviewDecision
from tests import make
from tests.make.points import balances_of_shopper

Staff = tuple[StaffMember, StaffMember]


@pytest.fixture
def staff(session: Session, campaign: Campaign) -> Staff:
    return make.make_staff(session), join_staff(session, "colleague@example.vn", "reviewer")


def sent(session: Session, number: int, *, image: str | None = None, **reading: object) -> Receipt:
    """A receipt by a shopper of its own; all are of one paper unless the reading says otherwise."""
    shopper = make.make_shopper(session, f"09010000{number:02}")
    receipt = make.make_receipt(session, shopper, image=image or f"{number:064}")
    settlement.settle_receipt(session, receipt.id, make.make_reading(**reading))
    session.flush()
    return receipt


def approve(
    session: Session, receipt: Receipt, who: StaffMember, *, pay_again: bool = False
) -> ReviewDecision | None:
    return decisions.settle_review(
        session, receipt.id, reviewer_id=who.id, decision="approve", reason="Seen", pay_again=pay_again
    )


def reject(session: Session, receipt: Receipt, who: StaffMember) -> None:
    decisions.settle_review(session, receipt.id, reviewer_id=who.id, decision="reject", reason="Seen")


def paid(session: Session, *receipts: Receipt) -> list[int]:
    brand = make.brand_id(session)
    return [balances_of_shopper(session, row.shopper_id).get(brand, 0) for row in receipts]


def test_the_print_of_a_paid_paper_is_refused_and_the_other_named(session: Session, staff: Staff) -> None:
    first, copy = sent(session, 1), sent(session, 2)
    assert (first.status, copy.status) == ("approved", "in_review")
    with pytest.raises(AlreadyPaidError) as refused:
        approve(session, copy, staff[0])
    assert refused.value.values == {"receipt_id": str(first.id)}
    assert paid(session, first, copy) == [185, 0]


def test_the_picture_of_a_paid_paper_is_refused_even_where_nothing_printed_is_alike(
    session: Session, staff: Staff
) -> None:
    rejected_first = sent(session, 1, image="f" * 64, total_minor=200_000)
    reject(session, rejected_first, staff[0])
    other = sent(session, 2, image="f" * 64, receipt_no="99887766", chain="Co.opmart", total_minor=185_000)
    assert other.status == "approved"
    decisions.appeal(session, rejected_first.id, shopper_id=rejected_first.shopper_id, words="It is mine")
    with pytest.raises(AlreadyPaidError) as refused:
        approve(session, rejected_first, staff[1])
    assert refused.value.values == {"receipt_id": str(other.id)}


def test_of_copies_that_wait_together_whichever_is_approved_first_is_the_only_one(
    session: Session, staff: Staff
) -> None:
    first = sent(session, 1, total_minor=200_000)
    copies = [sent(session, number, total_minor=200_000, receipt_no=None) for number in (2, 3)]
    assert {row.status for row in (first, *copies)} == {"in_review"}
    approve(session, copies[1], staff[0])
    for other in (first, copies[0]):
        with pytest.raises(AlreadyPaidError) as refused:
            approve(session, other, staff[0])
        assert refused.value.values == {"receipt_id": str(copies[1].id)}


def test_after_the_paid_one_is_taken_back_its_copy_may_be_paid_and_then_it_is_refused_itself(
    session: Session, staff: Staff
) -> None:
    first, copy = sent(session, 1, total_minor=200_000), sent(session, 2, total_minor=200_000)
    approve(session, first, staff[0])
    decisions.undo_review(session, first.id, reviewer_id=staff[0].id)
    approve(session, copy, staff[1])
    with pytest.raises(AlreadyPaidError):
        approve(session, first, staff[0])
    assert paid(session, first, copy) == [0, 185]


def test_paying_again_takes_an_act_of_its_own_by_two_persons(session: Session, staff: Staff) -> None:
    first, copy = sent(session, 1), sent(session, 2)
    assert approve(session, copy, staff[0], pay_again=True) is None
    with pytest.raises(DecidedBeforeError):
        approve(session, copy, staff[0], pay_again=True)
    with pytest.raises(AlreadyPaidError):
        approve(session, copy, staff[1])
    assert approve(session, copy, staff[1], pay_again=True) is not None
    assert paid(session, first, copy) == [185, 185]
    [act] = session.exec(select(StaffAct).where(StaffAct.act == "paid_again")).all()
    assert (act.staff_id, act.receipt_id) == (staff[1].id, copy.id)
    assert act.details == {"paid_by": [str(first.id)]}


def test_a_proposal_from_before_the_other_was_paid_does_not_count_as_the_act(
    session: Session, staff: Staff, campaign: Campaign
) -> None:
    first, copy = sent(session, 1, total_minor=200_000), sent(session, 2, total_minor=200_000)
    bands.change_bands(session, campaign.id, bands.Bands(second_reviewer_from_minor=200_000), staff[0].id)
    assert approve(session, copy, staff[0]) is None
    bands.change_bands(session, campaign.id, bands.Bands(), staff[0].id)
    assert approve(session, first, staff[0]) is not None
    # The second person's own act is a first one: it waits for another.
    assert approve(session, copy, staff[1], pay_again=True) is None
    assert paid(session, first, copy) == [185, 0]
    assert approve(session, copy, staff[0], pay_again=True) is not None


def test_many_at_once_never_take_what_looks_like_another_receipt(session: Session, staff: Staff) -> None:
    first = sent(session, 1, total_minor=200_000)
    copies = [sent(session, number, total_minor=200_000) for number in range(2, 6)]
    outcome = decisions.settle_many(
        session,
        [first.id, *(copy.id for copy in copies)],
        reviewer_id=staff[0].id,
        decision="approve",
        reason="Same till",
    )
    assert outcome.decided == (first.id,)
    assert outcome.refused == {copy.id: "not_in_bulk" for copy in copies}
    assert sum(paid(session, first, *copies)) == 185


def test_many_copies_may_still_be_refused_at_once(session: Session, staff: Staff) -> None:
    copies = [sent(session, number) for number in range(1, 4)][1:]
    outcome = decisions.settle_many(
        session, [copy.id for copy in copies], reviewer_id=staff[0].id, decision="reject", reason="Copies"
    )
    assert set(outcome.decided) == {copy.id for copy in copies}


def test_the_case_names_who_was_paid(session: Session, staff: Staff) -> None:
    first, copy = sent(session, 1), sent(session, 2)
    assert cases.case(session, copy.id, "en", viewer_id=staff[0].id).paid_by == [first.id]
    assert cases.case(session, first.id, "en", viewer_id=staff[0].id).paid_by == []


@pytest.mark.usefixtures("committed")
def test_eight_persons_at_once_pay_one_paper_once() -> None:
    with transaction() as session:
        make.make_campaign(session)
        people = [join_staff(session, f"r{number}@example.vn", "reviewer").id for number in range(8)]
        ids = [sent(session, number, total_minor=200_000).id for number in range(1, 9)]
    together = threading.Barrier(8)

    def decide(place: int) -> str:
        together.wait()
        try:
            with transaction() as session:
                decisions.settle_review(
                    session, ids[place], reviewer_id=people[place], decision="approve", reason="Seen"
                )
        except AlreadyPaidError as error:
            return error.code
        return "approved"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(decide, range(8)))
    assert outcomes == ["already_paid"] * 7 + ["approved"]
    with transaction() as session:
        assert [session.get_one(Receipt, id_).status for id_ in ids].count("approved") == 1


@pytest.mark.usefixtures("committed")
def test_bulk_and_single_approvals_at_once_end_and_pay_once() -> None:
    with transaction() as session:
        make.make_campaign(session)
        people = [join_staff(session, f"r{number}@example.vn", "reviewer").id for number in range(4)]
        ids = [sent(session, number, total_minor=200_000, receipt_no=None).id for number in range(1, 7)]
    together = threading.Barrier(4)

    def decide(place: int) -> None:
        chosen: list[UUID] = ids[place:] + ids[:place]
        together.wait()
        with transaction() as session:
            decisions.settle_many(
                session, chosen, reviewer_id=people[place], decision="approve", reason="Same till"
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(decide, range(4)))
    with transaction() as session:
        assert [session.get_one(Receipt, id_).status for id_ in ids].count("approved") == 1

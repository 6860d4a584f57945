"""What one reviewer may not do alone: credit many points, or move a figure far from what was read."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from domain.people.shoppers import join_staff
from domain.review import decisions
from domain.review.errors import ProposalGoneError
from infra.settings import settings
from schemas.campaigns import Campaign
from schemas.people import StaffMember
from schemas.receipts import Receipt
from schemas.review import Corrections, LineCorrection, ReviewDecision
from tests import make
from tests.make.console import in_review, settled
from tests.make.points import balances_of_shopper

Staff = tuple[StaffMember, StaffMember]
ENORMOUS = 10**12


@pytest.fixture
def staff(session: Session, campaign: Campaign) -> Staff:
    return make.make_staff(session), join_staff(session, "colleague@example.vn", "reviewer")


def approve(
    session: Session, receipt: Receipt, who: StaffMember, corrections: Corrections | None = None
) -> ReviewDecision | None:
    return decisions.settle_review(
        session,
        receipt.id,
        reviewer_id=who.id,
        decision="approve",
        reason="Seen",
        corrections=corrections,
    )


def held(session: Session, receipt: Receipt) -> int:
    return balances_of_shopper(session, receipt.shopper_id).get(make.brand_id(session), 0)


def amount(minor: int) -> Corrections:
    """The receipt's only line costs so much, and so does the whole."""
    return Corrections(total_minor=minor, lines=(LineCorrection(position=0, amount_minor=minor),))


def test_no_reviewer_alone_mints_by_correcting(session: Session, staff: Staff) -> None:
    receipt = in_review(session)
    assert approve(session, receipt, staff[0], amount(ENORMOUS)) is None
    assert (receipt.status, receipt.total_minor, held(session, receipt)) == ("in_review", 200_000, 0)


def test_points_past_the_bound_take_two_persons_though_nothing_was_corrected(
    session: Session, staff: Staff
) -> None:
    enough = (settings().second_person_points + 1) * 1000
    receipt = in_review(session, 1, lines=(make.make_line(amount_minor=enough),), total_minor=enough + 1)
    assert approve(session, receipt, staff[0]) is None
    assert approve(session, receipt, staff[1]) is not None
    assert held(session, receipt) == settings().second_person_points + 1


@pytest.mark.parametrize(
    ("wanted", "alone"),
    [
        (Corrections(total_minor=100_000), True),
        (amount(250_000), True),
        # More than twice what was read.
        (amount(410_000), False),
        (Corrections(lines=(LineCorrection(position=0, amount_minor=185_000 + 500_001),)), False),
        # A brand alone moves no figure.
        (Corrections(lines=(LineCorrection(position=0, brand="Sunlight"),)), True),
    ],
)
def test_a_correction_that_moves_a_figure_far_takes_two_persons(
    session: Session, staff: Staff, wanted: Corrections, *, alone: bool
) -> None:
    receipt = in_review(session)
    assert (approve(session, receipt, staff[0], wanted) is not None) == alone


def test_a_dear_receipt_moves_by_no_more_than_the_absolute_bound(session: Session, staff: Staff) -> None:
    dear = (make.make_line("Gạo ST25", 1_500_000),)
    small, far = (settled(session, number, lines=dear, total_minor=1_500_001) for number in (1, 2))
    within = Corrections(total_minor=1_500_001 + settings().correction_minor_max)
    past = Corrections(total_minor=1_500_002 + settings().correction_minor_max)
    assert approve(session, small, staff[0], within) is not None
    assert approve(session, far, staff[0], past) is None


def test_small_steps_add_up_over_corrections_that_were_taken_back(session: Session, staff: Staff) -> None:
    receipt = in_review(session)
    for minor in (250_000, 330_000):
        assert approve(session, receipt, staff[0], amount(minor)) is not None
        decisions.undo_review(session, receipt.id, reviewer_id=staff[0].id)
    assert approve(session, receipt, staff[0], amount(410_000)) is None
    assert held(session, receipt) == 0


def test_small_steps_add_up_over_lines(session: Session, staff: Staff) -> None:
    lines = tuple(make.make_line(f"OMO {number}kg", 90_000) for number in range(1, 11))
    receipt = in_review(session, lines=lines, total_minor=950_000)
    raised = tuple(LineCorrection(position=place, amount_minor=150_000) for place in range(10))
    assert approve(session, receipt, staff[0], Corrections(lines=raised)) is None


def test_the_second_person_does_not_mint_alone_either(session: Session, staff: Staff) -> None:
    receipt = in_review(session)
    approve(session, receipt, staff[0], amount(410_000))
    # What the second one adds is theirs alone, until another confirms it.
    assert approve(session, receipt, staff[1], amount(ENORMOUS)) is None
    assert (receipt.status, held(session, receipt)) == ("in_review", 0)
    assert approve(session, receipt, staff[0]) is not None


def test_what_a_figure_was_read_as_is_measured_even_where_no_total_was_read(
    session: Session, staff: Staff
) -> None:
    receipt = in_review(session, total_minor=None)
    assert approve(session, receipt, staff[0], Corrections(total_minor=185_000 * 3)) is None
    other = in_review(session, 2, total_minor=None)
    assert approve(session, other, staff[0], Corrections(total_minor=185_000)) is not None


def test_a_proposal_is_withdrawn_by_its_author_alone_and_the_case_waits_as_before(
    session: Session, staff: Staff
) -> None:
    receipt = in_review(session)
    approve(session, receipt, staff[0], amount(ENORMOUS))
    with pytest.raises(ProposalGoneError):
        decisions.withdraw_proposal(session, receipt.id, reviewer_id=staff[1].id)
    decisions.withdraw_proposal(session, receipt.id, reviewer_id=staff[0].id)
    with pytest.raises(ProposalGoneError):
        decisions.withdraw_proposal(session, receipt.id, reviewer_id=staff[0].id)
    assert approve(session, receipt, staff[0]) is not None
    assert held(session, receipt) == 185


@pytest.mark.parametrize("status", ["received", "reading"])
def test_what_has_ended_never_waits_to_be_read_again(session: Session, staff: Staff, status: str) -> None:
    receipt = in_review(session)
    approve(session, receipt, staff[0])
    session.flush()
    with pytest.raises(IntegrityError, match="has ended"), session.begin_nested():
        session.connection().exec_driver_sql(f"UPDATE receipt SET status = '{status}'")

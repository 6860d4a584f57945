"""The story of a receipt after reading."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from domain import settlement
from domain.errors import NotFoundError
from domain.loyalty import wallet
from domain.review import decisions
from domain.review.errors import CaseDecidedError
from infra import clock
from infra.db import transaction
from ocr.types import Reading, ReadingReason
from schemas.base import new_id
from schemas.campaigns import Campaign
from schemas.ledger import Transfer
from schemas.people import Shopper
from schemas.reasons import Reason
from schemas.receipts import Receipt, ReceiptLine
from tests import make
from tests.make.points import balances_of_shopper


def codes(receipt: Receipt) -> list[str]:
    return [reason.code for reason in receipt.reasons]


def held(session: Session, shopper: Shopper, brand: str = "OMO") -> int:
    return balances_of_shopper(session, shopper.id).get(make.brand_id(session, brand), 0)


@pytest.fixture
def shopper(session: Session) -> Shopper:
    make.make_campaign(session)
    return make.make_shopper(session)


def test_a_good_receipt_is_approved_and_credits_its_brand(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(make.make_line(amount_minor=185_000)))
    assert receipt.status == "approved"
    assert held(session, shopper) == 185
    line = session.exec(select(ReceiptLine).where(ReceiptLine.receipt_id == receipt.id)).one()
    assert line.points == 185


def test_the_same_receipt_settled_twice_earns_once(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading())
    settlement.settle_receipt(session, receipt.id, make.make_reading())
    assert held(session, shopper) == 185
    assert len(session.exec(select(ReceiptLine).where(ReceiptLine.receipt_id == receipt.id)).all()) == 1


def test_points_are_on_what_was_paid_after_discounts(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    line = make.make_line(amount_minor=100_000, discount_minor=30_000)
    settlement.settle_receipt(session, receipt.id, make.make_reading(line))
    assert held(session, shopper) == 70


def test_a_discount_on_the_whole_receipt_is_spread_over_its_lines(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    lines = (make.make_line(amount_minor=100_000), make.make_line("Rau muong", amount_minor=100_000))
    reading = make.make_reading(*lines, discount_total_minor=50_000, total_minor=150_000)
    settlement.settle_receipt(session, receipt.id, reading)
    assert held(session, shopper) == 75


def test_a_receipt_without_participating_products_is_approved_and_says_so(
    session: Session, shopper: Shopper
) -> None:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(make.make_line("Rau muong kg")))
    assert receipt.status == "approved"
    assert codes(receipt) == ["no_participating_products"]


def test_a_rule_limited_to_other_retailers_earns_nothing(session: Session, shopper: Shopper) -> None:
    campaign = session.exec(select(Campaign)).one()
    make.change_terms(session, campaign, shops={"take": "listed", "retailers": ["aeon"]})
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading())
    assert held(session, shopper) == 0


def test_a_picture_that_could_not_be_read_ends_unreadable_with_its_reason(
    session: Session, shopper: Shopper
) -> None:
    receipt = make.make_receipt(session, shopper)
    blurred = Reading(status="unreadable", reasons=(ReadingReason(code="blurred", severity="reject"),))
    settlement.settle_receipt(session, receipt.id, blurred)
    assert receipt.status == "unreadable"
    assert codes(receipt) == ["blurred"]


def test_a_better_photo_of_an_unreadable_receipt_earns(session: Session, shopper: Shopper) -> None:
    first = make.make_receipt(session, shopper, image="a" * 64)
    settlement.settle_receipt(session, first.id, Reading(status="unreadable"))
    second = make.make_receipt(session, shopper, image="b" * 64)
    settlement.settle_receipt(session, second.id, make.make_reading())
    assert second.status == "approved"


def test_the_same_bytes_from_another_shopper_are_refused(session: Session, shopper: Shopper) -> None:
    first = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, first.id, make.make_reading())
    other = make.make_shopper(session, "0907654321")
    second = make.make_receipt(session, other)
    settlement.settle_receipt(session, second.id, make.make_reading())
    assert second.status == "rejected"
    assert codes(second) == ["same_image"]
    assert second.reasons[0].evidence == {"matching_receipt_id": str(first.id)}
    assert held(session, other) == 0


def test_one_s_own_receipt_sent_again_is_refused_kindly(session: Session, shopper: Shopper) -> None:
    first = make.make_receipt(session, shopper, image="a" * 64)
    settlement.settle_receipt(session, first.id, make.make_reading())
    second = make.make_receipt(session, shopper, image="b" * 64)
    settlement.settle_receipt(session, second.id, make.make_reading())
    assert second.status == "rejected"
    assert codes(second) == ["already_sent"]


@pytest.mark.parametrize("number", ["09017155", "09017156", None])
def test_the_same_paper_photographed_by_another_goes_to_review_even_with_its_number_misread(
    session: Session, shopper: Shopper, number: str | None
) -> None:
    first = make.make_receipt(session, shopper, image="a" * 64)
    settlement.settle_receipt(session, first.id, make.make_reading())
    other = make.make_shopper(session, "0907654321")
    second = make.make_receipt(session, other, image="b" * 64)
    settlement.settle_receipt(session, second.id, make.make_reading(receipt_no=number))
    assert second.status == "in_review"
    assert codes(second) == ["same_receipt"]


@pytest.mark.parametrize(
    "differs",
    [
        {"receipt_no": "11223344"},
        {"purchased_at": make.NOON + timedelta(minutes=1), "receipt_no": "09017156"},
        {"chain": "AEON", "merchant": "AEON"},
    ],
)
def test_a_receipt_that_is_only_alike_is_approved(
    session: Session, shopper: Shopper, differs: dict[str, object]
) -> None:
    first = make.make_receipt(session, shopper, image="a" * 64)
    settlement.settle_receipt(session, first.id, make.make_reading())
    other = make.make_shopper(session, "0907654321")
    second = make.make_receipt(session, other, image="b" * 64)
    settlement.settle_receipt(session, second.id, make.make_reading(**differs))
    assert second.status == "approved"


def test_lines_that_do_not_add_up_go_to_review_with_both_sums(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=285_000))
    assert receipt.status == "in_review"
    assert receipt.reasons == [
        Reason("sums_differ", "review", {"lines_minor": 185_000, "total_minor": 285_000})
    ]
    assert held(session, shopper) == 0
    assert wallet.pending_points(session, shopper.id) == {make.brand_id(session): 185}


def test_a_time_that_has_not_come_goes_to_review(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    at = clock.till_now() + timedelta(hours=3)
    settlement.settle_receipt(session, receipt.id, make.make_reading(purchased_at=at))
    assert receipt.status == "in_review"
    assert "printed_in_future" in codes(receipt)


def test_a_clock_that_runs_a_little_ahead_is_no_fault(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    at = clock.till_now() + timedelta(minutes=30)
    settlement.settle_receipt(session, receipt.id, make.make_reading(purchased_at=at))
    assert receipt.status == "approved"


@pytest.mark.parametrize(("days", "status"), [(30, "approved"), (31, "rejected")])
def test_a_receipt_is_taken_for_as_long_as_the_campaign_says(
    session: Session, shopper: Shopper, days: int, status: str
) -> None:
    receipt = make.make_receipt(session, shopper)
    at = clock.till_now() - timedelta(days=days)
    settlement.settle_receipt(session, receipt.id, make.make_reading(purchased_at=at))
    assert receipt.status == status
    assert ("too_old" in codes(receipt)) == (status == "rejected")


def test_a_day_on_which_no_campaign_ran_is_refused(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    at = clock.till_now() - timedelta(days=400)
    settlement.settle_receipt(session, receipt.id, make.make_reading(purchased_at=at))
    assert codes(receipt) == ["outside_campaign"]


def test_a_refused_receipt_gives_its_claims_back(session: Session, shopper: Shopper) -> None:
    first = make.make_receipt(session, shopper)
    old = clock.till_now() - timedelta(days=400)
    settlement.settle_receipt(session, first.id, make.make_reading(purchased_at=old))
    second = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, second.id, make.make_reading())
    assert second.status == "approved"


def test_a_reprint_goes_to_review(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(marks=("reprint",)))
    assert receipt.status == "in_review"
    assert codes(receipt) == ["not_original"]


def test_an_unknown_shop_goes_to_review(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(chain=None, merchant="Tap hoa Ba Tu"))
    assert receipt.status == "in_review"
    assert codes(receipt)[0] == "unknown_retailer"


def test_approval_by_a_reviewer_credits_once(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    reviewer = make.make_staff(session)
    settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=200_000))
    decisions.settle_review(
        session, receipt.id, reviewer_id=reviewer.id, decision="approve", reason="Total torn off"
    )
    assert receipt.status == "approved"
    assert held(session, shopper) == 185
    with pytest.raises(CaseDecidedError):
        decisions.settle_review(
            session, receipt.id, reviewer_id=reviewer.id, decision="approve", reason="Again"
        )
    assert held(session, shopper) == 185


def test_rejection_by_a_reviewer_credits_nothing_and_leaves_nothing_pending(
    session: Session, shopper: Shopper
) -> None:
    receipt = make.make_receipt(session, shopper)
    reviewer = make.make_staff(session)
    settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=200_000))
    decisions.settle_review(session, receipt.id, reviewer_id=reviewer.id, decision="reject", reason="Fake")
    session.flush()
    assert receipt.status == "rejected"
    assert held(session, shopper) == 0
    assert wallet.pending_points(session, shopper.id) == {}


def test_a_receipt_that_does_not_exist_is_refused(session: Session) -> None:
    with pytest.raises(NotFoundError):
        settlement.settle_receipt(session, new_id(), make.make_reading())


def test_one_paper_settled_by_many_at_once_earns_once(committed: None) -> None:
    with transaction() as session:
        make.make_campaign(session)
        shoppers = [make.make_shopper(session, f"09010000{number:02}") for number in range(12)]
        ids = [
            make.make_receipt(session, shopper, image=f"{number:064}").id
            for number, shopper in enumerate(shoppers)
        ]
    barrier = threading.Barrier(len(ids))

    def settle(receipt_id: UUID) -> None:
        barrier.wait()
        with transaction() as own:
            settlement.settle_receipt(own, receipt_id, make.make_reading())

    threads = [threading.Thread(target=settle, args=(receipt_id,)) for receipt_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction() as session:
        statuses = sorted(session.exec(select(Receipt.status)).all())
        assert statuses == ["approved"] + ["in_review"] * 11
        assert len(session.exec(select(Transfer).where(col(Transfer.kind) == "earn")).all()) == 1

"""Orders of partners: taken once, credited by the same rules, kept for who joins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from domain.catalog.products import new_version
from domain.people.shoppers import join_shopper
from domain.privacy import consents
from domain.privacy.consents import record_for_trial
from domain.purchases import members, orders, shown, waiting
from domain.purchases.errors import MemberUnknownError, OrderChangedError, PurchaseInFutureError
from domain.receipts import display
from domain.review.decisions import appeal, settle_review
from domain.review.errors import AlreadyPaidError
from domain.review.reversals import reverse_receipt
from domain.settlement import settle_receipt
from infra import clock
from schemas.campaigns import Campaign
from schemas.people import Shopper
from schemas.privacy import ConsentChoice
from schemas.purchases import NewPurchase
from tests import make
from tests.make import orders as make_orders
from tests.make.orders import PHONE, settle_due, stands, take, told_line, told_order


def follow(session: Session, shopper: Shopper) -> None:
    """What the chore does once it has read that somebody joined."""
    waiting.call_for(session, shopper.id)
    while settle_due(session):
        session.expire_all()


def test_an_order_earns_what_its_photograph_would(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    purchase = take(session, told_line(), told_line("Sting dâu 330ml", 12_000))
    told = stands(session, shopper)

    photographer = make.make_shopper(session, "0907654321")
    reading = make.make_reading(
        make.make_line(), make.make_line("Sting dâu 330ml", 12_000), purchased_at=make.NOON.replace(hour=9)
    )
    receipt = make.make_receipt(session, photographer)
    assert settle_receipt(session, receipt.id, reading) == "approved"

    assert purchase.state == "counted"
    assert told == stands(session, photographer) == 185


def test_the_same_order_again_changes_nothing(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    first = take(session)
    again = take(session)

    assert again.id == first.id
    assert stands(session, shopper) == 185
    assert len(make_orders.receipts_of(session, shopper)) == 1


def test_a_quantity_is_the_same_however_it_is_written(session: Session, campaign: Campaign) -> None:
    of_ten = {orders.content_digests(order)[0] for order in map(_of_quantity, (10, 10.0, "10.000", "1E+1"))}
    assert len(of_ten) == 1
    assert of_ten != {orders.content_digests(_of_quantity("9.5"))[0]}
    assert take(session, told_line(quantity=2)).id == take(session, told_line(quantity="2.0")).id


def _of_quantity(quantity: Any) -> NewPurchase:
    return NewPurchase.model_validate(told_order(told_line(quantity=quantity)))


def test_another_content_under_the_same_name_is_refused(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    take(session)

    with pytest.raises(OrderChangedError):
        take(session, told_line(amount=999_000))
    with pytest.raises(OrderChangedError):
        take(session, phone="+84907654321")
    assert stands(session, shopper) == 185


def test_two_partners_may_use_one_name(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    take(session)
    other = make_orders.a_partner(session, "marketplace")
    take(session, partner=other, channel="marketplace", number=None, purchased_at="2026-11-01T08:00:00")

    assert len(make_orders.receipts_of(session, shopper)) == 2


def test_one_paper_that_two_partners_tell_of_earns_once(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    take(session)
    second = take(session, partner=make_orders.a_partner(session, "invoices"))

    assert second.state == "repeated"
    assert stands(session, shopper) == 185


def test_web_orders_of_one_minute_and_total_are_apart(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    for order in ("W-1", "W-2"):
        take(session, order=order, channel="web", store=None, number=None)

    assert stands(session, shopper) == 2 * 185


def test_a_photograph_after_the_purchase_earns_nothing_more(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    take(session)
    receipt = make.make_receipt(session, shopper)

    assert settle_receipt(session, receipt.id, make.make_reading()) == "rejected"
    assert [reason.code for reason in receipt.reasons] == ["purchase_counted"]
    assert stands(session, shopper) == 185


def test_a_strangers_photograph_of_it_waits_for_a_person(session: Session, campaign: Campaign) -> None:
    make.make_shopper(session)
    take(session)
    stranger = make.make_shopper(session, "0907654321")
    receipt = make.make_receipt(session, stranger)

    assert settle_receipt(session, receipt.id, make.make_reading()) == "in_review"
    assert stands(session, stranger) == 0


def test_a_purchase_after_its_photograph_earns_nothing_more(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    receipt = make.make_receipt(session, shopper)
    settle_receipt(session, receipt.id, make.make_reading())
    purchase = take(session)

    assert (purchase.state, purchase.receipt_id) == ("repeated", receipt.id)
    assert stands(session, shopper) == 185
    [view] = shown.history(session, shopper.id, before=None, limit=10, language="en")
    assert view.why is not None
    assert view.why.code == "purchase_repeated"


def test_a_photograph_whose_number_was_not_read_is_the_same_paper(
    session: Session, campaign: Campaign
) -> None:
    shopper = make.make_shopper(session)
    receipt = make.make_receipt(session, shopper)
    settle_receipt(session, receipt.id, make.make_reading(receipt_no=None))

    assert take(session).state == "repeated"
    assert take(session, order="A-2", number="09020000", total=185_001).state == "counted"


def test_a_purchase_waits_while_its_photograph_is_looked_at(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    receipt = make.make_receipt(session, shopper)
    settle_receipt(session, receipt.id, make.make_reading(marks=("copy",)))
    assert receipt.status == "in_review"
    purchase = take(session)
    assert (purchase.state, purchase.receipt_id) == ("waiting", receipt.id)

    receipt.status = "rejected"
    purchase.due_at = clock.now()
    session.flush()
    assert settle_due(session)
    assert purchase.state == "counted"
    assert stands(session, shopper) == 185


@pytest.mark.parametrize("by", ["phone", "phone_hash"])
def test_what_came_before_they_joined_is_credited_then(session: Session, campaign: Campaign, by: str) -> None:
    buyer: dict[str, Any] = {"phone": PHONE} if by == "phone" else {"phone_hash": make_orders.hash_of()}
    purchase = take(session, **buyer)
    assert purchase.state == "waiting"
    assert purchase.shopper_id is None

    shopper = make.make_shopper(session)
    follow(session, shopper)

    assert purchase.state == "counted"
    assert purchase.phone_digest is None
    assert stands(session, shopper) == 185


def test_one_that_fails_keeps_no_other_from_its_turn(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    first, second = take(session, phone="+84907654321"), take(session, order="A-2", phone="+84907654322")
    waiting.call_for(session, shopper.id)
    first.due_at, second.due_at = clock.now() - timedelta(minutes=2), clock.now() - timedelta(minutes=1)
    session.flush()

    assert waiting.claim_due(session, clock.now()) == first.id, "and its worker dies"
    assert waiting.claim_due(session, clock.now()) == second.id
    assert waiting.claim_due(session, clock.now()) is None
    assert waiting.claim_due(session, clock.now() + timedelta(minutes=5)) == first.id


def test_a_member_is_found_by_the_agreed_hash(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    members.note_phone(session, shopper.id)

    assert take(session, phone_hash=make_orders.hash_of()).shopper_id == shopper.id


def test_a_number_that_moved_on_is_no_longer_theirs(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    members.note_phone(session, shopper.id)
    shopper.phone = None
    session.flush()

    assert take(session, phone_hash=make_orders.hash_of()).shopper_id is None


def test_a_member_shows_their_code(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    code = members.code_of(session, shopper.id)
    order = NewPurchase.model_validate(told_order(membership_code=code.lower()))
    taken = orders.take_order(session, make_orders.a_partner(session), order)

    assert orders.answer(session, order, taken.purchase).points == 185
    with pytest.raises(MemberUnknownError):
        take(session, order="A-2", membership_code="00000-00000-000")


def test_partners_do_not_learn_whose_phone_is_a_members(session: Session, campaign: Campaign) -> None:
    make.make_shopper(session)
    answers = []
    for number, phone in enumerate((PHONE, "+84907654321")):
        order = NewPurchase.model_validate(told_order(order=f"A-{number}", phone=phone))
        taken = orders.take_order(session, make_orders.a_partner(session), order)
        answers.append(orders.answer(session, order, taken.purchase))

    assert [answer.points for answer in answers] == [None, None]


def test_what_nobody_came_for_is_forgotten(session: Session, campaign: Campaign) -> None:
    purchase = take(session)
    assert waiting.forget_waiting(session, clock.now(), 100) == 0
    assert waiting.forget_waiting(session, clock.now() + timedelta(days=31), 100) == 1
    session.refresh(purchase)

    assert (purchase.state, purchase.told, purchase.phone_digest) == ("forgotten", None, None)
    # As for a member's: what is answered says nothing of who has joined.
    assert make_orders.give_back(session, (1, None)).left[0].quantity == 0
    follow(session, make.make_shopper(session))
    assert take(session).state == "forgotten", "told again, it is still the same order"


def test_an_erased_shopper_is_credited_nothing(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    shopper.erased_at = clock.now()
    session.flush()

    assert take(session).state == "waiting"
    assert stands(session, shopper) == 0


def test_a_purchase_of_who_did_not_agree_waits_and_says_so(session: Session, campaign: Campaign) -> None:
    shopper = join_shopper(session, PHONE)
    purchase = take(session)

    assert (purchase.state, purchase.shopper_id, stands(session, shopper)) == ("waiting", shopper.id, 0)
    for language, words in (("en", "not agreed"), ("vi", "chưa đồng ý")):
        [view] = shown.history(session, shopper.id, before=None, limit=10, language=language)
        assert view.why is not None
        assert (view.why.code, view.points) == ("purchase_needs_consent", 0)
        assert words in view.why.message
    follow(session, shopper)
    assert purchase.state == "waiting"
    record_for_trial(session, shopper.id)
    follow(session, shopper)
    assert (purchase.state, stands(session, shopper)) == ("counted", 185)


def test_what_comes_after_a_no_waits_again(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    take(session)
    no = [ConsentChoice(purpose="programme", given=False)]
    consents.record(session, shopper.id, no, asked_in="app", language="vi")

    later = make.NOON.replace(hour=15).isoformat()
    assert take(session, order="A-2", number="77120844", purchased_at=later).state == "waiting"
    assert stands(session, shopper) == 185


@pytest.mark.parametrize("first", ["photograph", "purchase"])
def test_the_same_basket_an_hour_later_is_another_purchase(
    session: Session, campaign: Campaign, first: str
) -> None:
    shopper = make.make_shopper(session)
    receipt, later = make.make_receipt(session, shopper), make.NOON.replace(hour=13)

    def buy() -> None:
        assert take(session, number="09017160", purchased_at=later.isoformat()).state == "counted"

    if first == "purchase":
        buy()
    assert settle_receipt(session, receipt.id, make.make_reading()) == "approved"
    if first == "photograph":
        buy()
    assert stands(session, shopper) == 2 * 185


def test_a_purchase_counts_once_its_photograph_turns_out_a_fraud(
    session: Session, campaign: Campaign
) -> None:
    shopper, reviewer = make.make_shopper(session), make.make_staff(session)
    receipt = make.make_receipt(session, shopper)
    settle_receipt(session, receipt.id, make.make_reading())
    purchase = take(session)
    assert purchase.state == "repeated"
    reverse_receipt(session, receipt.id, reviewer_id=reviewer.id, reason="drawn", refusal="edited")
    assert stands(session, shopper) == 0

    purchase.due_at = clock.now()
    session.flush()
    assert settle_due(session)
    assert (purchase.state, stands(session, shopper)) == ("counted", 185)


def test_a_refused_photograph_of_a_counted_purchase_is_not_paid_after_an_appeal(
    session: Session, campaign: Campaign
) -> None:
    shopper, reviewer = make.make_shopper(session), make.make_staff(session)
    take(session)
    receipt = make.make_receipt(session, shopper)
    settle_receipt(session, receipt.id, make.make_reading())
    appeal(session, receipt.id, shopper_id=shopper.id, words="mine")

    decide = {"reviewer_id": reviewer.id, "decision": "approve", "reason": "looks good"}
    with pytest.raises(AlreadyPaidError):
        settle_review(session, receipt.id, **decide)
    make_orders.give_back(session, (1, None))
    with pytest.raises(AlreadyPaidError):
        settle_review(session, receipt.id, **decide)
    assert stands(session, shopper) == 0


def test_a_purchase_that_a_person_refused_says_so(session: Session, campaign: Campaign) -> None:
    shopper, reviewer = make.make_shopper(session), make.make_staff(session)
    purchase = take(session)
    assert purchase.receipt_id is not None
    reverse_receipt(session, purchase.receipt_id, reviewer_id=reviewer.id, reason="a clerk", refusal="edited")

    assert stands(session, shopper) == 0
    [view] = shown.history(session, shopper.id, before=None, limit=10, language="en")
    assert view.why is not None
    assert view.why.code == "refused_by_reviewer"
    assert make_orders.give_back(session, (1, None)).left[0].quantity == 0


def test_what_law_keeps_from_earning_earns_nothing_from_a_partner_either(session: Session) -> None:
    make.make_campaign(session)
    session.execute(text("UPDATE brand SET restricted_class = 'infant_0_24' WHERE name = 'OMO'"))
    new_version(session)
    shopper = make.make_shopper(session)

    assert take(session).state == "counted"
    [view] = shown.history(session, shopper.id, before=None, limit=10, language="en")
    assert (view.points, stands(session, shopper)) == (0, 0)
    assert view.lines[0].why is not None
    assert view.lines[0].why.code == "restricted"


def test_a_purchase_of_tomorrow_is_refused(session: Session, campaign: Campaign) -> None:
    tomorrow = (clock.till_now() + timedelta(days=1)).isoformat()
    with pytest.raises(PurchaseInFutureError):
        take(session, purchased_at=tomorrow)


def test_a_clerk_with_their_own_code_goes_to_a_person(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    for told in make_orders.many_orders(21):
        order = NewPurchase.model_validate(told)
        last = orders.take_order(session, make_orders.a_partner(session), order).purchase

    *before, newest = make_orders.receipts_of(session, shopper)
    assert {receipt.status for receipt in before} == {"approved"}
    assert newest.status == "in_review"
    assert newest.id == last.receipt_id
    assert stands(session, shopper) == 20 * 185


def test_purchases_stand_apart_from_photographs(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    take(session, told_line(), told_line("Gạo ST25", 90_000))

    assert display.history(session, shopper.id, before=None, limit=10) == []
    [view] = shown.history(session, shopper.id, before=None, limit=10, language="vi")
    assert (view.points, [line.points for line in view.lines]) == (185, [185, 0])
    assert view.lines[1].why is not None
    assert view.campaigns[0].points == 185

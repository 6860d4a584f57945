"""Rewards that campaigns give with a receipt: vouchers out of stock, once, and taken back with it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, col, select

from domain import settlement
from domain.campaigns.errors import UnknownNamesError
from domain.ledger.verify import differences
from domain.receipts import display
from domain.review import decisions, reversals
from domain.review.errors import UndoRefusedError
from domain.rewards import catalogue, counter, granting, redemptions, stock
from domain.verification import CHECKS
from schemas.events import Event
from schemas.partners import Partner
from schemas.people import Shopper
from schemas.receipts import Receipt
from schemas.rewards import RewardGrant, Transaction, Voucher
from tests import make
from tests.make.points import earn
from tests.make.rewards import an_admin, offered_reward, partner

GIFT = {"name": "gift", "give": [{"kind": "grant_reward", "reward": "coffee"}]}
CARD = {"name": "card", "give": [{"kind": "stamp", "card": "two", "full": 2, "reward": "coffee"}]}


@pytest.fixture
def shopper(session: Session) -> Shopper:
    return make.make_shopper(session)


def sent(session: Session, shopper: Shopper, image: str = "1", **values: Any) -> Receipt:
    found = make.make_receipt(session, shopper, image=image.zfill(64))
    line = make.make_line(amount_minor=100_000)
    reading = make.make_reading(line, receipt_no=f"N{image}", **values)
    settlement.settle_receipt(session, found.id, reading)
    return found


def vouchers(session: Session) -> list[str]:
    held = select(Voucher.state).where(col(Voucher.shopper_id).is_not(None)).order_by(col(Voucher.issued_at))
    return list(session.exec(held).all())


def told(session: Session, receipt: Receipt) -> list[tuple[str, str]]:
    [view] = display.views(session, [receipt], audience="shopper", language="en")
    return [(reward.state, reward.message) for reward in view.rewards]


def reverse(session: Session, receipt: Receipt) -> int:
    reviewer = make.make_staff(session, "reviewer")
    done = reversals.reverse_receipt(session, receipt.id, reviewer_id=reviewer.id, reason="drawn")
    return done.vouchers_used


def test_a_receipt_brings_its_voucher_once_and_takes_it_along(session: Session, shopper: Shopper) -> None:
    offered_reward(session, stock_size=2)
    make.make_campaign(session, rules=[GIFT])
    receipt = sent(session, shopper)
    granting.grant(session, receipt)
    assert vouchers(session) == ["issued"]
    [voucher] = redemptions.vouchers(session, shopper.id, "en", before=None, limit=9)
    assert (voucher.points, bool(voucher.code)) == (0, True)
    assert told(session, receipt) == [("issued", "You find it under your vouchers.")]
    assert session.exec(select(Event).where(col(Event.type) == "reward.granted")).one().shopper_id
    assert reverse(session, receipt) == 0
    assert vouchers(session) == ["cancelled"]
    assert told(session, receipt) == [("taken_back", "It was taken back with its receipt.")]
    assert differences(session, CHECKS) == []


def test_a_full_card_brings_a_voucher(session: Session, shopper: Shopper) -> None:
    offered_reward(session)
    make.make_campaign(session, rules=[CARD])
    for image in "123":
        sent(session, shopper, image)
    assert vouchers(session) == ["issued"]


def test_who_calls_an_act_of_their_own_like_a_grant_keeps_nobody_waiting(
    session: Session, shopper: Shopper
) -> None:
    reward = offered_reward(session, stock_size=0)
    make.make_campaign(session, rules=[GIFT])
    sent(session, shopper)
    waits = session.exec(select(RewardGrant)).one()
    earn(session, shopper, 200)
    stock.draw_batch(session, reward, 5, an_admin(session).id)
    for key in (f"grant:{waits.id}", "grant:mine"):
        redemptions.redeem(session, shopper.id, reward.id, key)
    assert granting.fill_waiting(session, 9) == 1
    assert vouchers(session) == ["issued"] * 3
    assert [one.check for one in differences(session, CHECKS) if one.check != "lots"] == []


def test_who_finds_no_stock_waits_for_it_and_is_served_in_order(session: Session, shopper: Shopper) -> None:
    reward = offered_reward(session, stock_size=1)
    make.make_campaign(session, rules=[GIFT])
    receipts = [sent(session, shopper, image) for image in "123"]
    assert [told(session, receipt)[0][0] for receipt in receipts] == ["issued", "waiting", "waiting"]
    assert "out of stock" in told(session, receipts[1])[0][1]
    assert granting.fill_waiting(session, 9) == 0
    reverse(session, receipts[2])
    stock.draw_batch(session, reward, 5, an_admin(session).id)
    assert [granting.fill_waiting(session, 9) for _ in range(2)] == [1, 0]
    assert [told(session, receipt)[0][0] for receipt in receipts] == ["issued", "issued", "taken_back"]
    assert catalogue.managed_one(session, reward).stock.free == 4
    assert differences(session, CHECKS) == []


def test_a_voucher_that_was_used_stays_and_is_told_to_who_takes_the_receipt_back(
    session: Session, shopper: Shopper
) -> None:
    offered_reward(session)
    make.make_campaign(session, rules=[GIFT])
    receipt = sent(session, shopper)
    use(session, shopper)
    assert reverse(session, receipt) == 1
    assert vouchers(session) == ["used"]
    assert told(session, receipt)[0][0] == "kept"
    assert differences(session, CHECKS) == []


def use(session: Session, shopper: Shopper) -> None:
    """Use the newest voucher at a till."""
    partner(session)
    voucher = redemptions.vouchers(session, shopper.id, "en", before=None, limit=1)[0]
    partner_id = session.exec(select(Partner.id)).one()
    counter.use(session, partner_id, voucher.code or "", Transaction(transaction="T1"), "en")


def test_what_a_person_approves_brings_its_voucher_then_and_undoing_takes_it_back(
    session: Session, shopper: Shopper
) -> None:
    offered_reward(session)
    make.make_campaign(session, rules=[GIFT])
    receipt = sent(session, shopper, total_minor=200_000)
    assert receipt.status == "in_review"
    assert vouchers(session) == []
    reviewer = make.make_staff(session, "reviewer")
    for _ in range(2):
        decisions.settle_review(
            session, receipt.id, reviewer_id=reviewer.id, decision="approve", reason="genuine"
        )
        decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    assert vouchers(session) == ["cancelled", "cancelled"]
    decisions.settle_review(
        session, receipt.id, reviewer_id=reviewer.id, decision="approve", reason="genuine"
    )
    use(session, shopper)
    with pytest.raises(UndoRefusedError):
        decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    assert session.exec(select(RewardGrant.round).order_by(col(RewardGrant.round))).all() == [0, 1, 2]


def test_terms_that_give_an_unknown_reward_are_refused(session: Session) -> None:
    with pytest.raises(UnknownNamesError):
        make.make_campaign(session, rules=[GIFT])

"""Friends: paid once, for a first receipt that stands, and never for accounts that are linked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.ledger import lots
from domain.ledger.accounts import currency_of
from domain.membership import follow, referral
from domain.membership.errors import ReferralClosedError, ReferralRefusedError, ReferralUnknownError
from domain.origins import links
from infra import clock
from schemas.events import Event
from schemas.membership import Referral, ReferralTermsBody
from schemas.people import Shopper
from tests import make
from tests.make.rewards import an_admin

HOLD_DAYS = 7


def set_terms(session: Session, **values: Any) -> None:
    given: dict[str, Any] = {
        "brand": "omo",
        "referrer_points": 50,
        "newcomer_points": 20,
        "hold_days": HOLD_DAYS,
        "starts_at": clock.now() - timedelta(days=1),
    }
    referral.set_terms(session, ReferralTermsBody(**(given | values)), staff_id=an_admin(session).id)


@pytest.fixture
def friends(session: Session) -> list[Shopper]:
    """A referrer and three newcomers, and terms by which two friends a month are paid for."""
    set_terms(session, month_max=2)
    return [make.make_shopper(session, f"090111110{number}") for number in range(4)]


def bring(session: Session, referrer: Shopper, newcomer: Shopper) -> Referral:
    return referral.claim(session, newcomer, referral.code_of(session, referrer.id))


def approve_one(session: Session, shopper: Shopper) -> Any:
    receipt = make.make_receipt(session, shopper, status="approved", image=shopper.id.hex * 2)
    referral.follow(session, shopper.id, clock.till_today())
    return receipt


def pay(session: Session, *, days: int = HOLD_DAYS) -> None:
    follow.follow_days(session, clock.till_today() + timedelta(days=days), 100)


def held(session: Session, shopper: Shopper) -> int:
    omo = currency_of(session, make.brand_id(session))
    return lots.spendable(session, shopper.id, clock.till_today()).get(omo, 0)


def test_both_are_paid_once_when_the_first_receipt_has_stood(
    session: Session, friends: list[Shopper]
) -> None:
    old, new, *_ = friends
    bring(session, old, new)
    bring(session, old, new)
    pay(session)
    assert (held(session, old), held(session, new)) == (0, 0)
    approve_one(session, new)
    pay(session, days=HOLD_DAYS - 1)
    assert held(session, old) == 0
    pay(session)
    pay(session)
    assert (held(session, old), held(session, new)) == (50, 20)
    assert len(session.exec(select(Event).where(Event.type == "referral.paid")).all()) == 2


def test_a_first_receipt_that_is_taken_back_pays_nothing(session: Session, friends: list[Shopper]) -> None:
    old, new, *_ = friends
    bring(session, old, new)
    approve_one(session, new).status = "reversed"
    session.flush()
    pay(session)
    assert held(session, old) == 0
    assert session.get_one(Referral, new.id).state == "waiting"


def test_another_first_receipt_is_held_as_long_as_the_one_before(
    session: Session, friends: list[Shopper]
) -> None:
    old, new, *_ = friends
    bring(session, old, new)
    first = approve_one(session, new)
    make.make_receipt(session, new, status="approved", image="b" * 64)
    first.status = "rejected"
    session.flush()
    session.get_one(Referral, new.id).pays_on = clock.till_today()
    session.flush()
    pay(session, days=0)
    assert session.get_one(Referral, new.id).state == "held"
    pay(session)
    assert held(session, old) == 50


def test_linked_accounts_are_refused_with_a_reason(session: Session, friends: list[Shopper]) -> None:
    old, new, *_ = friends
    bring(session, old, new)
    links.link_shoppers(session, "device", "d" * 32, [old.id, new.id], clock.now())
    approve_one(session, new)
    pay(session)
    refused = session.get_one(Referral, new.id)
    assert (refused.state, refused.reason, held(session, old)) == ("refused", "linked_accounts", 0)


def test_a_ring_pays_nobody(session: Session, friends: list[Shopper]) -> None:
    ring = friends[:3]
    for newcomer, referrer in zip(ring, [*ring[1:], ring[0]], strict=True):
        bring(session, referrer, newcomer)
    for shopper in ring:
        approve_one(session, shopper)
    pay(session)
    assert [session.get_one(Referral, shopper.id).reason for shopper in ring] == ["ring"] * 3


def test_a_month_has_room_for_so_many_friends(session: Session, friends: list[Shopper]) -> None:
    old, *newcomers = friends
    for newcomer in newcomers:
        bring(session, old, newcomer)
        approve_one(session, newcomer)
    pay(session)
    states = sorted(session.get_one(Referral, newcomer.id).state for newcomer in newcomers)
    assert (states, held(session, old)) == (["paid", "paid", "refused"], 100)
    assert referral.view(session, old.id).left_this_month == 0


def test_only_a_newcomer_names_another_and_only_once(session: Session, friends: list[Shopper]) -> None:
    old, new, other, _ = friends
    with pytest.raises(ReferralUnknownError):
        referral.claim(session, new, "NOBODY22")
    with pytest.raises(ReferralRefusedError):
        bring(session, new, new)
    bring(session, old, new)
    with pytest.raises(ReferralRefusedError):
        bring(session, other, new)
    make.make_receipt(session, other, status="approved")
    with pytest.raises(ReferralRefusedError):
        bring(session, old, other)
    new.joined_at = other.joined_at = clock.now() - timedelta(days=40)
    assert bring(session, old, new).state == "waiting"


def test_without_terms_nothing_is_given(session: Session) -> None:
    with pytest.raises(ReferralClosedError):
        bring(session, make.make_shopper(session), make.make_shopper(session, "0902222222"))

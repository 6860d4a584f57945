"""Points lie in lots with a last day: what is spent, expires, comes back or is taken back names its lots."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from domain.ledger import reversal, spending
from domain.ledger.errors import (
    HoldEndedError,
    InsufficientPointsError,
    RefundTooHighError,
    TransferUnknownError,
)
from domain.ledger.expiry import expire_points
from domain.ledger.lots import last_day
from domain.ledger.transfers import key_of
from domain.loyalty import wallet
from infra import clock
from schemas.base import Points
from schemas.ledger import BalanceView, Lot, LotUse
from schemas.people import Shopper
from tests import make
from tests.make.points import balances_of_shopper, earn, owner, spend

JANUARY, JUNE = date(2027, 1, 1), date(2027, 6, 1)


def noon(day: date) -> datetime:
    """Noon in Vietnam."""
    return datetime(day.year, day.month, day.day, 5, tzinfo=UTC)


@pytest.fixture
def shopper(session: Session) -> Shopper:
    return make.make_shopper(session)


@pytest.fixture(autouse=True)
def in_december() -> Generator[None]:
    """The time from which every last day here is still to come."""
    clock.pretend(noon(date(2026, 12, 1)))
    yield
    clock.pretend(None)


def held(session: Session, shopper: Shopper) -> int:
    return balances_of_shopper(session, shopper.id)[make.brand_id(session)]


def shown(session: Session, shopper: Shopper) -> BalanceView:
    return wallet.balances(session, shopper.id)[0]


def lefts(session: Session) -> list[int]:
    return list(session.exec(select(Lot.left_points).order_by(col(Lot.id))).all())


def expire_on(session: Session, day: date) -> int:
    clock.pretend(noon(day))
    return expire_points(session, day, 100)


def test_points_that_expire_first_are_spent_first_and_those_without_a_last_day_last(
    session: Session, shopper: Shopper
) -> None:
    earn(session, shopper, 10, "1")
    earn(session, shopper, 10, "2", last_day=JUNE)
    earn(session, shopper, 10, "3", last_day=JANUARY)
    spend(session, shopper, 4, "1")
    assert lefts(session) == [10, 10, 6]
    spend(session, shopper, 8, "2")
    assert lefts(session) == [10, 8, 0]
    spend(session, shopper, 10, "3")
    assert lefts(session) == [8, 0, 0]


def test_the_next_days_are_shown_the_soonest_first(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 10, "1")
    earn(session, shopper, 20, "2", last_day=JUNE)
    earn(session, shopper, 30, "3", last_day=JANUARY)
    view = shown(session, shopper)
    assert view.available == 60
    assert [(lot.points, lot.expires_on) for lot in view.expiring] == [(30, JANUARY), (20, JUNE)]
    assert view.expiring_next == view.expiring[0]


def test_points_expire_the_day_after_their_last_and_only_once(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 10, "1", last_day=JANUARY)
    earn(session, shopper, 10, "2", last_day=JUNE)
    spend(session, shopper, 4)
    assert expire_on(session, JANUARY) == 0
    assert [expire_on(session, JANUARY + timedelta(days=1)) for _ in range(2)] == [1, 0]
    assert held(session, shopper) == 10
    assert lefts(session) == [0, 10]


@pytest.mark.parametrize("second_lasts_until", [JUNE, None])
def test_a_receipt_taken_back_touches_its_own_points_and_no_others(
    session: Session, shopper: Shopper, second_lasts_until: date | None
) -> None:
    receipt = make.make_receipt(session, shopper)
    earn(session, shopper, 100, "a", last_day=JANUARY)
    earn(session, shopper, 50, "b", last_day=second_lasts_until, receipt_id=receipt.id)
    assert reversal.take_back(session, receipt.id, event="1", at=clock.now()) == 50
    assert reversal.take_back(session, receipt.id, event="1", at=clock.now()) == 0
    expire_on(session, JANUARY + timedelta(days=1))
    assert held(session, shopper) == 0
    assert lefts(session) == [0, 0]


@pytest.mark.parametrize(
    ("credited_at", "last"),
    [
        (datetime(2026, 11, 30, 17, 30, tzinfo=UTC), date(2027, 12, 1)),
        (datetime(2026, 11, 30, 16, 30, tzinfo=UTC), date(2027, 11, 30)),
        (datetime(2027, 2, 28, 17, 0, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_the_last_day_is_counted_from_the_day_in_vietnam(credited_at: datetime, last: date) -> None:
    assert last_day(credited_at, 365) == last


def test_points_can_be_spent_until_midnight_of_their_last_day_in_vietnam(
    session: Session, shopper: Shopper
) -> None:
    earn(session, shopper, 10, last_day=JANUARY)
    clock.pretend(datetime(2027, 1, 1, 16, 59, tzinfo=UTC))
    assert shown(session, shopper).available == 10
    spend(session, shopper, 4, "1")
    clock.pretend(datetime(2027, 1, 1, 17, 0, tzinfo=UTC))
    assert shown(session, shopper).available == 0
    with pytest.raises(InsufficientPointsError):
        spend(session, shopper, 1, "2")


def test_what_is_refunded_goes_back_to_its_lots_with_their_last_days(
    session: Session, shopper: Shopper
) -> None:
    earn(session, shopper, 10, "1", last_day=JANUARY)
    earn(session, shopper, 10, "2", last_day=JUNE)
    spent = spend(session, shopper, 15)
    for _ in range(2):
        spending.refund(session, key_of("refund", 1), of=spent, points=Points(7), at=clock.now())
        assert lefts(session) == [2, 10]
    assert spending.refund(session, key_of("refund", 2), of=spent, at=clock.now()) == 8
    assert lefts(session) == [10, 10]
    with pytest.raises(RefundTooHighError):
        spending.refund(session, key_of("refund", 3), of=spent, points=Points(1), at=clock.now())
    assert [lot.last_day for lot in session.exec(select(Lot).order_by(col(Lot.id)))] == [JANUARY, JUNE]


def test_what_is_refunded_after_its_last_day_lasts_a_week_more(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 10, last_day=JANUARY)
    spent = spend(session, shopper, 10)
    clock.pretend(noon(date(2027, 2, 1)))
    spending.refund(session, key_of("refund", 1), of=spent, at=clock.now())
    view = shown(session, shopper)
    assert (view.available, view.expiring[0].expires_on) == (10, date(2027, 2, 8))
    assert expire_on(session, date(2027, 2, 8)) == 0
    assert expire_on(session, date(2027, 2, 9)) == 1


def test_spending_and_giving_back_again_and_again_keeps_no_points_for_ever(
    session: Session, shopper: Shopper
) -> None:
    earn(session, shopper, 10, last_day=JANUARY)
    for turn, day in enumerate((JANUARY, date(2027, 1, 16))):
        clock.pretend(noon(day))
        spent = spend(session, shopper, 10, f"turn {turn}")
        clock.pretend(noon(day + timedelta(days=8)))
        spending.refund(session, key_of("refund", turn), of=spent, at=clock.now())
    assert shown(session, shopper).available == 0


def test_what_is_reserved_cannot_be_spent_and_does_not_expire(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 10, last_day=JANUARY)
    reserved = key_of("hold", 1)
    for _ in range(2):
        spending.hold(session, reserved, owner(session, shopper), Points(8), at=clock.now(), until=noon(JUNE))
    view = shown(session, shopper)
    assert (view.available, view.held) == (2, 8)
    with pytest.raises(InsufficientPointsError):
        spend(session, shopper, 3)
    expire_on(session, JANUARY + timedelta(days=1))
    for _ in range(2):
        spending.post_hold(session, reserved, key=key_of("taken", 1), points=Points(5), at=clock.now())
    view = shown(session, shopper)
    assert (view.available, view.held) == (3, 0)
    assert view.expiring[0].expires_on == JANUARY + timedelta(days=8)
    with pytest.raises(HoldEndedError):
        spending.void_hold(session, reserved, at=clock.now())
    with pytest.raises(TransferUnknownError):
        spending.refund(session, key_of("refund", 1), of=key_of("taken", 1), at=clock.now())


def test_what_was_reserved_is_free_again_when_its_time_is_over(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 10, last_day=JUNE)
    spending.hold(
        session, key_of("h"), owner(session, shopper), Points(8), at=clock.now(), until=noon(JANUARY)
    )
    assert spending.void_lapsed(session, noon(JANUARY)) == 0
    assert [spending.void_lapsed(session, noon(date(2027, 1, 2))) for _ in range(2)] == [1, 0]
    assert lefts(session) == [10]
    assert shown(session, shopper).held == 0


def test_points_of_one_brand_become_another_ones(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 10, last_day=JUNE)
    for _ in range(2):
        spending.exchange(
            session,
            key_of("exchange", 1),
            owner(session, shopper),
            Points(10),
            to_currency_id=owner(session, shopper, "Dove").currency_id,
            becoming=Points(4),
            last_day=JANUARY,
            at=clock.now(),
        )
    assert {view.brand: view.available for view in wallet.balances(session, shopper.id)} == {
        "Dove": 4,
        "OMO": 0,
    }


def test_what_lots_have_left_is_what_the_account_holds(session: Session, shopper: Shopper) -> None:
    for number in range(300):
        earn(session, shopper, 10, f"{number}", last_day=JUNE + timedelta(days=number))
    spend(session, shopper, 2995)
    assert sum(lefts(session)) == held(session, shopper) == 5
    assert sum(session.exec(select(LotUse.points)).all()) == 2995

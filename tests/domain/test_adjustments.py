"""Points given or taken by hand: with a reason, by two persons above a value, once however often sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.errors import NotFoundError
from domain.ledger import liability
from domain.ledger.errors import InsufficientPointsError
from domain.ledger.verify import differences
from domain.loyalty import adjustments, wallet
from domain.loyalty.errors import (
    AdjustedByOneselfError,
    AdjustmentEndedError,
    OwnPointsError,
    RequestReusedError,
)
from domain.people import staff
from domain.people.shoppers import join_staff
from domain.verification import CHECKS
from infra import clock
from infra.settings import settings
from schemas.people import Shopper, StaffAct, StaffMember
from schemas.reversals import AdjustmentRequest, PointsAdjustment
from tests import make
from tests.make.points import earn, owner, spend

Ask = Callable[..., PointsAdjustment]


@pytest.fixture
def shopper(session: Session) -> Shopper:
    return make.make_shopper(session)


@pytest.fixture
def admin(session: Session) -> StaffMember:
    return join_staff(session, "one@example.vn", "admin")


@pytest.fixture
def ask(session: Session, shopper: Shopper, admin: StaffMember) -> Ask:
    def asked(points: int, request: str = "request 1", **values: Any) -> PointsAdjustment:
        given = {"phone": shopper.phone, "brand": "omo", "reason": "A till was down", **values}
        body = AdjustmentRequest(request=request, points=points, **given)
        return adjustments.adjust(session, body, admin_id=admin.id)

    return asked


def available(session: Session, shopper: Shopper) -> int:
    return wallet.balances(session, shopper.id)[0].available


def test_points_are_given_and_taken_once_for_each_request(
    session: Session, shopper: Shopper, ask: Ask
) -> None:
    assert [ask(50).state, ask(50).state] == ["done", "done"]
    assert available(session, shopper) == 50
    ask(-20, "request 2")
    assert available(session, shopper) == 30
    with pytest.raises(InsufficientPointsError):
        ask(-31, "request 3")
    assert session.exec(select(StaffAct.act).where(StaffAct.act == "adjusted")).all() == ["adjusted"] * 2
    assert differences(session, CHECKS) == []


def test_many_points_wait_for_a_second_admin(
    session: Session, shopper: Shopper, admin: StaffMember, ask: Ask
) -> None:
    second = join_staff(session, "two@example.vn", "admin")
    made = ask(1_000_000)
    assert made.state == "proposed"
    with pytest.raises(AdjustedByOneselfError):
        adjustments.confirm(session, made.id, admin_id=admin.id)
    assert adjustments.confirm(session, made.id, admin_id=second.id).state == "done"
    assert available(session, shopper) == 1_000_000
    with pytest.raises(AdjustmentEndedError):
        adjustments.confirm(session, made.id, admin_id=second.id)
    dropped = ask(1_000_000, "request 2")
    adjustments.withdraw(session, dropped.id, admin_id=second.id)
    assert available(session, shopper) == 1_000_000
    assert [row.state for row in adjustments.listing(session)] == ["withdrawn", "done"]


def test_many_small_ones_of_one_day_wait_for_a_second_admin_too(
    session: Session, shopper: Shopper, ask: Ask
) -> None:
    most = settings().second_person_points
    assert [ask(most // 2, "one half").state, ask(-(most // 2), "other half").state] == ["done", "done"]
    assert ask(most, "one more").state == "proposed"
    clock.pretend(clock.now() + timedelta(days=1))
    try:
        assert ask(most, "tomorrow").state == "done"
    finally:
        clock.pretend(None)


@pytest.mark.parametrize("other", [{"points": 51}, {"reason": "Another one"}, {"valid_days": 3}])
def test_a_request_that_says_something_else_under_one_name_is_refused(
    session: Session, shopper: Shopper, ask: Ask, other: dict[str, Any]
) -> None:
    ask(50)
    with pytest.raises(RequestReusedError):
        ask(**({"points": 50} | other))
    assert available(session, shopper) == 50


def test_points_that_may_be_taken_can_not_be_spent_until_it_is_decided(
    session: Session, shopper: Shopper, ask: Ask
) -> None:
    second = join_staff(session, "two@example.vn", "admin")
    most = settings().second_person_points
    earn(session, shopper, 4 * most)
    waiting, dropped = ask(-2 * most, "much of it"), ask(-2 * most, "the rest")
    assert available(session, shopper) == 0
    with pytest.raises(InsufficientPointsError):
        spend(session, shopper, 1)
    adjustments.withdraw(session, dropped.id, admin_id=second.id)
    assert available(session, shopper) == 2 * most
    adjustments.confirm(session, waiting.id, admin_id=second.id)
    assert (available(session, shopper), wallet.balances(session, shopper.id)[0].held) == (2 * most, 0)
    months = liability.months(session, owner(session, shopper).currency_id)
    assert (months[-1].adjusted, months[-1].outstanding) == (-2 * most, 2 * most)
    assert differences(session, CHECKS) == []


def test_nobody_adjusts_their_familys_points(
    session: Session, shopper: Shopper, admin: StaffMember, ask: Ask
) -> None:
    staff.set_relations(session, admin.id, [shopper.phone or ""])
    with pytest.raises(OwnPointsError):
        ask(10)


@pytest.mark.parametrize("wrong", [{"phone": "0911111111"}, {"brand": "no-such-brand"}])
def test_an_unknown_shopper_or_brand_is_refused(ask: Ask, wrong: dict[str, str]) -> None:
    with pytest.raises(NotFoundError):
        ask(10, **wrong)

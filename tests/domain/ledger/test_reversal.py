"""Points taken back: out of their own lots, of others where those were spent, and owed where none is left."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from domain import settlement
from domain.ledger import reversal
from domain.ledger.errors import InsufficientPointsError
from domain.loyalty import wallet
from infra import clock
from schemas.ledger import BalanceView
from schemas.people import Shopper
from schemas.receipts import Receipt
from tests import make
from tests.make.points import earn, spend


@pytest.fixture
def shopper(session: Session) -> Shopper:
    make.make_campaign(session)
    return make.make_shopper(session)


def shown(session: Session, shopper: Shopper) -> tuple[int, int]:
    """What can be spent, and what is owed."""
    views: list[BalanceView] = wallet.balances(session, shopper.id)
    return views[0].available, views[0].owed


def credited(session: Session, shopper: Shopper, points: int, number: int = 1) -> Receipt:
    receipt = make.make_receipt(session, shopper, image=f"{number:064}")
    line = make.make_line(amount_minor=points * 1000)
    settlement.settle_receipt(session, receipt.id, make.make_reading(line, receipt_no=f"{number:08}"))
    return receipt


def test_what_was_spent_is_taken_from_other_points_and_refused_where_they_do_not_reach(
    session: Session, shopper: Shopper
) -> None:
    receipt = credited(session, shopper, 100)
    spend(session, shopper, 60)
    with pytest.raises(InsufficientPointsError):
        reversal.take_back(session, receipt.id, event="1", at=clock.now())
    assert shown(session, shopper) == (40, 0)
    earn(session, shopper, 70)
    assert reversal.take_back(session, receipt.id, event="1", at=clock.now()) == 100
    assert shown(session, shopper) == (10, 0)


def test_fraud_found_after_spending_leaves_a_debt_that_the_next_earning_repays(
    session: Session, shopper: Shopper
) -> None:
    receipt = credited(session, shopper, 100)
    spend(session, shopper, 60)
    for points, owed in ((100, 60), (0, 0)):
        taken = reversal.claw_back(session, receipt.id, shopper_id=shopper.id, event="fraud", at=clock.now())
        assert (taken.points, taken.owed) == (points, owed)
        assert shown(session, shopper) == (0, 60)
    credited(session, shopper, 25, 2)
    assert shown(session, shopper) == (0, 35)
    credited(session, shopper, 50, 3)
    assert shown(session, shopper) == (15, 0)
    credited(session, shopper, 5, 4)
    assert shown(session, shopper) == (20, 0)


def test_the_history_tells_each_movement_once_and_adds_up(session: Session, shopper: Shopper) -> None:
    receipt = credited(session, shopper, 100)
    spend(session, shopper, 60)
    reversal.claw_back(session, receipt.id, shopper_id=shopper.id, event="fraud", at=clock.now())
    credited(session, shopper, 75, 2)
    rows = wallet.transfer_history(session, shopper.id, before=None, limit=50)
    assert sorted((row.kind, row.points, row.owed) for row in rows) == [
        ("claw_back", 0, 60),
        ("earn", 75, 0),
        ("earn", 100, 0),
        ("redeem", -60, 0),
        ("repay", -60, -60),
        ("reverse", -40, 0),
    ]
    assert sum(row.points for row in rows) == shown(session, shopper)[0] == 15

"""Points are neither made nor lost, move once, and nobody goes below zero."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError
from sqlmodel import Session, func, select

from domain.ledger.accounts import balance, currency_of, system_account
from domain.ledger.errors import InsufficientPointsError, TransferMismatchError
from infra.db import engine, transaction
from schemas.ledger import Transfer
from schemas.people import Shopper
from tests import make
from tests.make.points import balances_of_shopper, earn, spend


@pytest.fixture
def shopper(session: Session) -> Shopper:
    return make.make_shopper(session)


def held(session: Session, shopper: Shopper, brand: str = "OMO") -> int:
    return balances_of_shopper(session, shopper.id).get(make.brand_id(session, brand), 0)


def test_a_transfer_moves_points_from_one_account_to_the_other(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 30)
    issuer = system_account(session, currency_of(session, make.brand_id(session)), "issuer")
    assert held(session, shopper) == 30
    assert balance(session, issuer) == -30


def test_the_same_event_moves_points_once(session: Session, shopper: Shopper) -> None:
    assert earn(session, shopper, 30) == earn(session, shopper, 30)
    assert held(session, shopper) == 30
    assert session.exec(select(func.count()).select_from(Transfer)).one() == 1


def test_the_same_event_with_other_points_is_refused(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 30)
    with pytest.raises(TransferMismatchError):
        earn(session, shopper, 31)
    assert held(session, shopper) == 30


def test_a_shopper_cannot_spend_more_than_is_held(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 30)
    with pytest.raises(InsufficientPointsError):
        spend(session, shopper, 31)
    spend(session, shopper, 30)
    assert held(session, shopper) == 0


def test_spending_replayed_after_the_points_are_gone_changes_nothing(
    session: Session, shopper: Shopper
) -> None:
    earn(session, shopper, 30)
    assert spend(session, shopper, 30) == spend(session, shopper, 30)
    with pytest.raises(TransferMismatchError):
        spend(session, shopper, 29)
    assert held(session, shopper) == 0


@pytest.mark.parametrize("table", ["transfer", "lot_use", "budget_use"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET points = 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_what_moved(
    session: Session, shopper: Shopper, table: str, statement: str
) -> None:
    earn(session, shopper, 30)
    with pytest.raises((InternalError, IntegrityError), match="append-only"):
        session.execute(text(statement.format(table)))


def test_the_database_refuses_points_that_are_not_above_zero(session: Session, shopper: Shopper) -> None:
    with pytest.raises(IntegrityError, match="points_positive"):
        earn(session, shopper, 0)


def test_the_database_refuses_an_account_below_zero(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 30)
    with pytest.raises(IntegrityError, match="never_below_zero"):
        session.execute(text("UPDATE account SET posted = posted - 31 WHERE kind = 'shopper'"))


def test_two_spendings_at_once_cannot_both_have_the_last_points(committed: None) -> None:
    with transaction() as session:
        shopper = make.make_shopper(session)
        earn(session, shopper, 30)
    refused = []

    def spend_in_a_thread(number: int) -> None:
        try:
            with transaction() as own:
                spend(own, shopper, 20, f"{number}")
        except InsufficientPointsError:
            refused.append(number)

    threads = [threading.Thread(target=spend_in_a_thread, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine()) as session:
        assert held(session, shopper) == 10
    assert len(refused) == 4

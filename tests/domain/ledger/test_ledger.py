"""Points are neither made nor lost, and nobody goes below zero."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError
from sqlmodel import Session, func, select

from domain.ledger import expiry, transfers
from domain.ledger.errors import InsufficientPointsError, TransferMismatchError
from infra import clock
from infra.db import engine, transaction
from schemas.base import Points
from schemas.ledger import Account, Transfer
from tests import make

BRANDS = ("OMO", "Dove", "Sunlight")


def earn(session: Session, account: UUID, points: int, key: str = "earn:1", **values: object) -> Transfer:
    issuer = transfers.account_id(session, make.brand_id(session), "issuer")
    movement = transfers.Movement(key, "earn", issuer, account, Points(points), clock.now(), **values)  # type: ignore[arg-type]
    return transfers.transfer(session, movement)


def spend(session: Session, account: UUID, points: int, key: str = "redeem:1") -> Transfer:
    spent = transfers.account_id(session, make.brand_id(session), "spent")
    return transfers.transfer(
        session, transfers.Movement(key, "redeem", account, spent, Points(points), clock.now())
    )


@pytest.fixture
def account(session: Session) -> UUID:
    shopper = make.make_shopper(session)
    return transfers.account_id(session, make.brand_id(session), "shopper", shopper.id)


def test_a_transfer_moves_points_from_one_account_to_the_other(session: Session, account: UUID) -> None:
    earn(session, account, 30)
    issuer = transfers.account_id(session, make.brand_id(session), "issuer")
    assert transfers.balance(session, account) == 30
    assert transfers.balance(session, issuer) == -30


def test_the_same_event_moves_points_once(session: Session, account: UUID) -> None:
    first = earn(session, account, 30)
    second = earn(session, account, 30)
    assert first.id == second.id
    assert transfers.balance(session, account) == 30


def test_the_same_event_with_other_points_is_refused(session: Session, account: UUID) -> None:
    earn(session, account, 30)
    with pytest.raises(TransferMismatchError):
        earn(session, account, 31)
    assert transfers.balance(session, account) == 30


def test_a_shopper_cannot_spend_more_than_is_held(session: Session, account: UUID) -> None:
    earn(session, account, 30)
    with pytest.raises(InsufficientPointsError):
        spend(session, account, 31)
    spend(session, account, 30)
    assert transfers.balance(session, account) == 0


def test_spending_replayed_after_the_points_are_gone_changes_nothing(session: Session, account: UUID) -> None:
    earn(session, account, 30)
    first = spend(session, account, 30)
    assert spend(session, account, 30).id == first.id


@pytest.mark.parametrize(
    "statement", ["UPDATE transfer SET points = 1", "DELETE FROM transfer", "TRUNCATE transfer"]
)
def test_the_database_refuses_to_change_a_transfer(session: Session, account: UUID, statement: str) -> None:
    earn(session, account, 30)
    with pytest.raises((InternalError, IntegrityError), match="append-only"):
        session.execute(text(statement))


def test_the_database_refuses_points_that_are_not_above_zero(session: Session, account: UUID) -> None:
    with pytest.raises(IntegrityError, match="points_positive"):
        earn(session, account, 0)


def test_points_that_expire_first_are_spent_first(session: Session, account: UUID) -> None:
    soon, later = date(2027, 1, 1), date(2027, 6, 1)
    earn(session, account, 10, "earn:1", expires_on=later)
    earn(session, account, 10, "earn:2", expires_on=soon)
    spend(session, account, 4)
    assert transfers.expiring_next(session, account) == (6, soon)
    spend(session, account, 8, "redeem:2")
    assert transfers.expiring_next(session, account) == (8, later)


def test_points_without_a_last_day_never_expire(session: Session, account: UUID) -> None:
    earn(session, account, 10)
    assert transfers.expiring_next(session, account) is None


def test_points_expire_the_day_after_their_last_and_only_once(session: Session, account: UUID) -> None:
    last = date(2027, 1, 1)
    earn(session, account, 10, "earn:1", expires_on=last)
    earn(session, account, 10, "earn:2", expires_on=last + timedelta(days=9))
    spend(session, account, 4)
    assert expiry.accounts_to_expire(session, last, 10) == []
    day_after = last + timedelta(days=1)
    assert expiry.accounts_to_expire(session, day_after, 10) == [account]
    assert [expiry.expire_points(session, account, day_after) for _ in range(2)] == [6, 0]
    assert expiry.accounts_to_expire(session, day_after, 10) == []
    assert transfers.balance(session, account) == 10


def test_what_was_spent_in_time_does_not_expire(session: Session, account: UUID) -> None:
    last = date(2027, 1, 1)
    earn(session, account, 10, expires_on=last)
    spend(session, account, 10)
    assert expiry.expire_points(session, account, last + timedelta(days=1)) == 0
    assert transfers.balance(session, account) == 0


def test_two_spendings_at_once_cannot_both_have_the_last_points(committed: None) -> None:
    with transaction() as session:
        shopper = make.make_shopper(session)
        account = transfers.account_id(session, make.brand_id(session), "shopper", shopper.id)
        transfers.account_id(session, make.brand_id(session), "spent")
        earn(session, account, 30)
    refused = []

    def spend_in_a_thread(number: int) -> None:
        try:
            with transaction() as own:
                spend(own, account, 20, f"redeem:{number}")
        except InsufficientPointsError:
            refused.append(number)

    threads = [threading.Thread(target=spend_in_a_thread, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine()) as session:
        assert transfers.balance(session, account) == 10
    assert len(refused) == 4


steps = st.lists(
    st.tuples(
        st.sampled_from(["earn", "spend", "replay"]),
        st.integers(0, 2),
        st.sampled_from(BRANDS),
        st.integers(1, 50),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_points_are_neither_made_nor_lost(
    session: Session, history: list[tuple[str, int, str, int]]
) -> None:
    nested = session.begin_nested()
    phones = ("0901000001", "0901000002", "0901000003")
    shoppers = [make.make_shopper(session, phone) for phone in phones]
    done: list[transfers.Movement] = []
    expected: dict[UUID, int] = {}
    for number, (act, who, brand, points) in enumerate(history):
        brand_id = make.brand_id(session, brand)
        account = transfers.account_id(session, brand_id, "shopper", shoppers[who].id)
        other = transfers.account_id(session, brand_id, "issuer" if act == "earn" else "spent")
        expected.setdefault(account, 0)
        if act == "replay":
            for movement in done:
                transfers.transfer(session, movement)
            continue
        source, target = (other, account) if act == "earn" else (account, other)
        movement = transfers.Movement(f"{act}:{number}", "earn", source, target, Points(points), clock.now())
        if act == "spend" and points > expected[account]:
            with pytest.raises(InsufficientPointsError):
                transfers.transfer(session, movement)
            continue
        transfers.transfer(session, movement)
        done.append(movement)
        expected[account] += points if act == "earn" else -points
    accounts = session.exec(select(Account.id)).all()
    balances = {account: transfers.balance(session, account) for account in accounts}
    assert sum(balances.values()) == 0
    assert {account: balances[account] for account in expected} == expected
    assert all(balances[account] >= 0 for account in expected)
    assert session.exec(select(func.count()).select_from(Transfer)).one() == len(done)
    nested.rollback()

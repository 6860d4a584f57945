"""Points are neither made nor lost, move once, and nobody goes below zero."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError
from sqlmodel import Session, func, select

from domain.ledger.accounts import balance, balances_of_shopper, currency_of, system_account
from domain.ledger.errors import InsufficientPointsError, TransferMismatchError
from domain.loyalty import earning
from infra.db import engine, transaction
from schemas.ledger import Transfer
from schemas.people import Shopper
from tests import make
from tests.make.points import earn, spend


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


@given(
    nets=st.lists(st.integers(0, 10_000_000), max_size=12),
    total=st.integers(0, 50_000_000),
    rate=st.integers(1, 500),
)
def test_a_receipt_never_earns_more_than_its_rate_times_what_was_paid(
    nets: list[int], total: int, rate: int
) -> None:
    paid = earning.paid_by_line(nets, total)
    assert sum(paid) <= max(0, min(total, sum(nets))) or total >= sum(nets)
    brand = UUID(int=1)
    rule = earning.Rule(UUID(int=2), brand, rate, date.min, date.max, 30, None, frozenset())
    spends = [earning.Spend(line, brand, minor) for line, minor in enumerate(paid)]
    awards = earning.award_points(
        spends, [rule], retailer_id=UUID(int=3), purchased_on=date(2026, 1, 1) + timedelta(days=1)
    )
    points = sum(award.points for award in awards)
    assert points == sum(paid) * rate // 10_000
    assert all(share >= 0 for award in awards for share in award.points_by_line.values())
    assert points == sum(share for award in awards for share in award.points_by_line.values())


def test_a_transfer_takes_250_bytes_at_most_with_its_indexes(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 1)
    before = session.execute(text("SELECT pg_total_relation_size('transfer')")).scalar_one()
    session.execute(text("SET LOCAL session_replication_role = 'replica'"))
    # As they come: two brands a receipt, shoppers in any order, receipts in the order of time.
    session.execute(
        text("""
            INSERT INTO transfer (occurred_at, points, debit_id, credit_id, last_day, key, receipt_id,
                campaign_id, kind)
            SELECT now() + number * interval '1 s', 185, 1 + number % 2, 3 + random() * 5000, '2027-11-30',
                gen_random_uuid(), uuidv7(number / 2 * interval '1 s'), gen_random_uuid(), 'earn'
            FROM generate_series(1, 20000) AS number
        """)
    )
    after = session.execute(text("SELECT pg_total_relation_size('transfer')")).scalar_one()
    assert (after - before) / 20_000 <= 250

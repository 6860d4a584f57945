"""Budgets stop to the point, whoever claims at once, and hold what waits for a person."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, func, select

from domain.ledger import budgets
from domain.ledger.budgets import Claim
from domain.ledger.errors import BudgetUsedError
from infra import clock
from infra.db import engine, transaction
from schemas.base import new_id
from schemas.budgets import BudgetHold, BudgetSlice, BudgetUse

NOON = datetime(2026, 12, 1, 5, tzinfo=UTC)


def claim(
    session: Session, *budget_ids: int, points: int, at: datetime = NOON, key: UUID | None = None
) -> int:
    named = key or new_id()
    return budgets.claim(session, [Claim(named, points, budget_ids)], at=at)[named]


def left(session: Session, budget: int, at: datetime = NOON) -> int:
    return budgets.left(session, [budget], at=at)[budget]


def test_a_budget_is_given_out_to_the_last_point(session: Session) -> None:
    budget = budgets.open_budget(session, scope="total", amount=100)
    granted = [claim(session, budget, points=7) for _ in range(16)]
    assert granted == [7] * 14 + [0, 0]
    assert left(session, budget) == 2
    assert claim(session, budget, points=2) == 2
    assert left(session, budget) == 0


def test_where_a_part_is_allowed_the_last_claim_gets_what_is_left(session: Session) -> None:
    budget = budgets.open_budget(session, scope="total", amount=100, policy="partial")
    assert [claim(session, budget, points=60) for _ in range(3)] == [60, 40, 0]


def test_a_days_budget_is_whole_again_at_midnight_in_vietnam(session: Session) -> None:
    budget = budgets.open_budget(session, scope="day", amount=10, policy="partial")
    before_midnight = datetime(2026, 12, 1, 16, 59, 59, tzinfo=UTC)
    after = before_midnight + timedelta(seconds=1)
    assert claim(session, budget, points=8, at=before_midnight) == 8
    assert claim(session, budget, points=8, at=before_midnight) == 2
    assert left(session, budget, after) == 10
    assert claim(session, budget, points=8, at=after) == 8


def test_all_budgets_of_a_claim_pay_alike_or_none_does(session: Session) -> None:
    total = budgets.open_budget(session, scope="total", amount=100)
    day = budgets.open_budget(session, scope="day", amount=30)
    assert claim(session, total, day, points=20) == 20
    assert claim(session, total, day, points=20) == 0
    assert claim(session, total, day, points=20, at=NOON + timedelta(days=1)) == 20
    assert (left(session, total), left(session, day)) == (60, 10)


@pytest.mark.parametrize("amount", [100, 10])
def test_the_same_event_claims_once_also_near_the_end(session: Session, amount: int) -> None:
    budget = budgets.open_budget(session, scope="total", amount=amount, slices=4)
    key = new_id()
    assert [claim(session, budget, points=10, key=key) for _ in range(3)] == [10, 10, 10]
    assert left(session, budget) == amount - 10


def test_what_waits_for_a_person_is_held_so_that_nobody_else_gets_it(session: Session) -> None:
    budget = budgets.open_budget(session, scope="total", amount=100)
    receipt, key = new_id(), new_id()
    for _ in range(2):
        assert budgets.hold(session, receipt, [Claim(key, 70, (budget,))], at=NOON) == {key: 70}
    assert claim(session, budget, points=40) == 0
    # A person found less on the paper than the machine: the rest is free again.
    for _ in range(2):
        assert budgets.post(session, receipt, [Claim(key, 50, (budget,))], at=NOON) == {key: 50}
    assert left(session, budget) == 50
    assert session.exec(select(func.count()).select_from(BudgetHold)).one() == 0


def test_what_a_day_held_is_used_of_that_day_and_a_refusal_lets_go(session: Session) -> None:
    budget = budgets.open_budget(session, scope="day", amount=10)
    late, tomorrow = new_id(), NOON + timedelta(days=1)
    budgets.hold(session, late, [Claim(new_id(), 10, (budget,))], at=NOON)
    assert budgets.post(session, late, [Claim(late, 10, (budget,))], at=tomorrow) == {late: 10}
    assert (left(session, budget), left(session, budget, tomorrow)) == (0, 10)
    refused = new_id()
    budgets.hold(session, refused, [Claim(new_id(), 4, (budget,))], at=tomorrow)
    assert left(session, budget, tomorrow) == 6
    for _ in range(2):
        budgets.void(session, refused)
    assert left(session, budget, tomorrow) == 10


def test_what_is_taken_back_can_be_given_away_again_and_once_only(session: Session) -> None:
    budget = budgets.open_budget(session, scope="total", amount=10)
    key, back = new_id(), new_id()
    claim(session, budget, points=8, key=key)
    for _ in range(2):
        budgets.give_back(session, {key: (back, 8)})
    assert left(session, budget) == 10
    assert claim(session, budget, points=10) == 10


def test_a_budget_can_be_raised_and_lowered_to_what_was_given_away(session: Session) -> None:
    budget = budgets.open_budget(session, scope="total", amount=100)
    claim(session, budget, points=60)
    with pytest.raises(BudgetUsedError):
        budgets.lower_budget(session, budget, 41)
    budgets.lower_budget(session, budget, 40)
    assert claim(session, budget, points=1) == 0
    budgets.raise_budget(session, budget, 5)
    assert claim(session, budget, points=5) == 5
    daily = budgets.open_budget(session, scope="day", amount=10)
    budgets.raise_budget(session, daily, 10)
    assert (left(session, daily, clock.now()), left(session, daily, NOON)) == (20, 20)


def test_many_who_claim_at_once_never_get_more_than_there_is(committed: None) -> None:
    with transaction() as session:
        total = budgets.open_budget(session, scope="total", amount=5_000)
        day = budgets.open_budget(session, scope="day", amount=4_000)
    deadlocks = _deadlocks()
    granted: list[int] = []

    def claim_much(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(25):
            with transaction() as own:
                granted.append(claim(own, total, day, points=chance.randrange(1, 40)))

    threads = [threading.Thread(target=claim_much, args=(seed,)) for seed in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine()) as session:
        assert len(granted) == 12 * 25
        assert sum(granted) + left(session, day) == 4_000
        assert sum(granted) + left(session, total) == 5_000
        assert left(session, day) < 40
        used = session.exec(select(func.sum(col(BudgetUse.points))).where(BudgetUse.budget_id == total)).one()
        assert used == sum(granted)
        assert session.exec(select(func.min(col(BudgetSlice.left_points)))).one() == 0
    assert _deadlocks() == deadlocks


def _deadlocks() -> int:
    with engine().connect() as connection:
        asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(connection.execute(text(asked)).scalar_one())

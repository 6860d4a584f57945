"""Chores are called when due, once however many look, whatever becomes of Redis and the clock."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from rq import Queue
from rq.serializers import JSONSerializer
from sqlmodel import Session, select

from domain.receipts import rows
from infra import clock, queue
from infra.db import engine, only_one, transaction
from infra.settings import override_settings, settings
from schemas.ledger import Transfer
from tests import make
from tests.make.points import earn
from workers import catalog, chores

RING = "workers.chores.ring_forgotten_receipts"
PRICES = "workers.catalog.measure_prices"


@pytest.fixture(autouse=True)
def start(committed: None) -> Generator[datetime]:
    """When each test begins; its clock stands until it is moved on."""
    queue.redis().flushall()
    begun = clock.now()
    clock.pretend(begun)
    yield begun
    clock.pretend(None)


def called() -> list[str]:
    """Jobs that wait on the queue of chores and questions."""
    jobs = Queue(queue.QUICK_QUEUE, connection=queue.redis(), serializer=JSONSerializer).jobs
    return sorted(job.func_name for job in jobs)


def due_after(pause: timedelta) -> list[str]:
    clock.pretend(clock.now() + pause)
    return chores.call_due_chores()


def test_a_chore_that_is_due_is_enqueued_once_by_many_supervisors() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: chores.call_due_chores(), range(8)))
    every = sorted(chore.job for chore in chores.chores())
    assert sorted(job for jobs in found for job in jobs) == every == called()
    assert chores.call_due_chores() == []


def test_a_chore_is_due_again_once_its_time_has_passed() -> None:
    chores.call_due_chores()
    chores.ring_forgotten_receipts()
    every = timedelta(seconds=settings().ring_interval_seconds)
    assert RING not in due_after(every - timedelta(seconds=1))
    assert RING in due_after(timedelta(seconds=1))


def test_a_call_that_redis_forgot_is_made_again() -> None:
    chores.call_due_chores()
    queue.redis().flushall()
    soon = {chore.job for chore in chores.chores() if chore.every < chores.CALL_AGAIN}
    assert set(due_after(chores.CALL_AGAIN - timedelta(seconds=1))) == soon
    assert set(due_after(timedelta(seconds=1))) == {chore.job for chore in chores.chores()} - soon


def test_a_chore_that_raises_runs_again_at_its_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    chores.call_due_chores()

    def broken(*_: object, **__: object) -> list[UUID]:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(rows, "receipts_to_ring", broken)
        with pytest.raises(RuntimeError):
            chores.ring_forgotten_receipts()
    make_forgotten()
    assert RING in due_after(timedelta(seconds=settings().ring_interval_seconds))
    assert chores.ring_forgotten_receipts() == 1


def test_two_workers_never_do_one_chore_at_once() -> None:
    make_forgotten()
    with only_one(RING) as alone:
        assert alone
        assert chores.ring_forgotten_receipts() == 0
    assert chores.ring_forgotten_receipts() == 1


def test_a_call_that_comes_twice_is_followed_once() -> None:
    chores.call_due_chores()
    chores.ring_forgotten_receipts()
    make_forgotten()
    assert chores.ring_forgotten_receipts() == 0


@pytest.mark.parametrize("shift", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400)])
def test_a_clock_that_is_set_to_another_time_delays_no_lost_bell(shift: timedelta) -> None:
    chores.call_due_chores()
    chores.ring_forgotten_receipts()
    make_waiting()
    queue.redis().flushall()
    assert RING in due_after(shift)
    assert chores.ring_forgotten_receipts() == 1


def test_prices_are_measured_once_a_day_even_before_there_is_one() -> None:
    chores.call_due_chores()
    assert catalog.measure_prices() == 0
    assert PRICES not in due_after(timedelta(hours=23))
    assert PRICES in due_after(timedelta(hours=1))


def test_what_takes_longer_than_a_moment_is_done_in_turns(
    start: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "MOMENT_SECONDS", 0.0)
    monkeypatch.setattr(chores, "EXPIRED_AT_ONCE_MAX", 1)
    yesterday = clock.till_today() - timedelta(days=1)
    with transaction() as session:
        for number in range(3):
            shopper = make.make_shopper(session, f"090100000{number}")
            earn(session, shopper, 10, f"{number}", last_day=yesterday)
    chores.call_due_chores()
    for _ in range(3):
        assert chores.expire_points() == 1
        assert "workers.chores.expire_points" in chores.call_due_chores()
    assert chores.expire_points() == 0
    assert chores.call_due_chores() == []
    with Session(engine()) as session:
        expired = session.exec(select(Transfer.points).where(Transfer.kind == "expire")).all()
    assert expired == [10, 10, 10]


def test_links_are_forgotten_only_where_a_setting_says_after_how_long() -> None:
    forget = "workers.chores.forget_links"
    assert forget not in chores.call_due_chores()
    assert chores.forget_links() == 0
    override_settings(links_days=90)
    try:
        assert chores.call_due_chores() == [forget]
    finally:
        override_settings(links_days=0)


def make_waiting() -> UUID:
    with transaction() as session:
        return make.make_receipt(session).id


def make_forgotten() -> UUID:
    with transaction() as session:
        long_ago = clock.now() - timedelta(days=1)
        return make.make_receipt(session, received_at=long_ago, rung_at=long_ago).id

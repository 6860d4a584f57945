"""Processes die, Redis forgets, bells ring twice: every receipt ends once and is credited once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, update
from sqlmodel import Session, col, func, select

import samples
from domain.campaigns.seed import seed_campaign
from domain.errors import DomainError
from domain.receipts import rows
from infra import clock, queue, storage
from infra.db import engine, transaction
from infra.settings import settings
from schemas.base import new_id
from schemas.ledger import Transfer
from schemas.receipts import WAITING_STATUSES, Receipt
from tests import make
from tests.make.app import just_started
from workers.chores import ring_forgotten_receipts
from workers.receipts import read_and_settle

pytestmark = pytest.mark.slow

QUICK = {
    "QUETBILL_RING_AGAIN_SECONDS": "2",
    "QUETBILL_RING_INTERVAL_SECONDS": "1",
    "QUETBILL_LOG_LEVEL": "ERROR",
}
PATIENCE_SECONDS = 60.0


@contextmanager
def workers(number: int = 1) -> Generator[subprocess.Popen[bytes]]:
    """Real workers in a process group of their own, killed without warning at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "work", "--workers", str(number)],
        env=os.environ | QUICK,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_all(process)


def kill_all(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def wait_until(what: Callable[[], bool], seconds: float = PATIENCE_SECONDS, pause: float = 0.05) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(pause)


def statuses() -> list[str]:
    with Session(engine()) as session:
        return list(session.exec(select(Receipt.status)).all())


def all_ended() -> bool:
    return not set(statuses()) & set(WAITING_STATUSES)


def earned() -> dict[UUID, int]:
    """Points credited by receipt, straight from the ledger."""
    with Session(engine()) as session:
        rows = session.exec(
            select(Transfer.receipt_id, func.sum(Transfer.points)).group_by(col(Transfer.receipt_id))
        ).all()
        return {receipt_id: int(points) for receipt_id, points in rows if receipt_id}


@pytest.fixture
def photo() -> bytes:
    """A clean sample that earns."""
    return (samples.photos_dir() / "04-bach-hoa-xanh.jpg").read_bytes()


@pytest.fixture
def app(committed: None) -> Generator[TestClient]:
    with transaction() as session:
        seed_campaign(session)
    with TestClient(just_started()) as client:
        yield client


def upload(app: TestClient, photo: bytes, phone: str = "0901234567") -> UUID:
    with transaction() as session:
        shopper = make.make_shopper(session, phone)
    answer = app.post("/v1/receipts", files={"image": photo}, headers=make.bearer(shopper))
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["id"])


def test_a_receipt_is_read_matched_and_credited_from_upload_to_ledger(app: TestClient, photo: bytes) -> None:
    receipt_id = upload(app, photo)
    with workers():
        wait_until(all_ended)
    assert statuses() == ["approved"]
    assert earned()[receipt_id] > 0
    with transaction() as session:
        owner = make.bearer(make.make_shopper(session))
    shown = app.get(f"/v1/receipts/{receipt_id}", headers=owner).json()
    balances = app.get("/v1/me/balances", headers=owner).json()["balances"]
    assert shown["points"] == sum(row["available"] for row in balances) == earned()[receipt_id]


def test_operators_see_what_waits_what_ended_and_which_engine_read(app: TestClient, photo: bytes) -> None:
    queue.redis().flushall()
    receipt_id = upload(app, photo)
    with transaction() as session:
        # Its bell was rung again just now; it has waited since it came.
        since = {"received_at": clock.now() - timedelta(hours=1), "rung_at": clock.now()}
        session.execute(update(Receipt).where(col(Receipt.id) == receipt_id).values(**since))
    shown = app.get("/metrics").text
    assert 'quetbill_receipts_waiting{status="received"} 1.0' in shown
    assert 'quetbill_oldest_waiting_seconds{status="received"} 36' in shown
    for _ in range(2):
        read_and_settle(str(receipt_id))
    shown = app.get("/metrics").text
    assert 'quetbill_receipts_waiting{status="received"}' not in shown
    assert 'quetbill_receipts_settled_total{status="approved"} 1.0' in shown
    assert 'quetbill_readings_total{engine="recogniser"} 1.0' in shown
    assert 'quetbill_layouts_total{layout="tagger"} 1.0' in shown


def test_a_worker_killed_in_the_middle_of_reading_loses_nothing(app: TestClient, photo: bytes) -> None:
    receipt_id = upload(app, photo)
    with workers() as first:
        wait_until(lambda: statuses() == ["reading"], pause=0.005)
        kill_all(first)
    assert statuses() == ["reading"]
    with workers():
        wait_until(all_ended)
    assert statuses() == ["approved"]
    with Session(engine()) as session:
        assert session.get_one(Receipt, receipt_id).attempts == 2
        assert session.exec(select(func.count()).select_from(Receipt)).one() == 1


def test_redis_may_forget_everything_while_work_waits(app: TestClient, photo: bytes) -> None:
    ids = [upload(app, photo + bytes([number]), f"090100000{number}") for number in range(3)]
    queue.redis().flushall()
    assert queue.bells_waiting() == 0
    with workers():
        wait_until(all_ended)
    # One paper sent by three: one earns, the others wait for a person.
    assert sorted(statuses()) == ["approved", "in_review", "in_review"]
    assert len(earned()) == 1
    assert set(earned()) <= set(ids)


def test_two_workers_given_the_same_receipt_credit_it_once(app: TestClient, photo: bytes) -> None:
    receipt_id = upload(app, photo)
    queue.ring_receipts([str(receipt_id)] * 5)
    with workers(2):
        wait_until(all_ended)
        wait_until(lambda: queue.bells_waiting() == 0)
        time.sleep(1)
    assert statuses() == ["approved"]
    with Session(engine()) as session:
        keys = session.exec(select(Transfer.key)).all()
    assert len(keys) == len(set(keys))
    assert earned().keys() == {receipt_id}


def test_twenty_shoppers_with_one_picture_at_once_earn_once_and_are_told_why(
    app: TestClient, photo: bytes
) -> None:
    phones = [f"09010000{number:02}" for number in range(20)]
    with workers(2), ThreadPoolExecutor(20) as pool:
        ids = list(pool.map(lambda phone: upload(app, photo, phone), phones))
        wait_until(all_ended, seconds=120)
    assert sorted(statuses()) == ["approved"] + ["rejected"] * 19
    assert len(earned()) == 1
    told = []
    for phone, receipt_id in zip(phones, ids, strict=True):
        with transaction() as session:
            owner = make.bearer(make.make_shopper(session, phone))
        shown = app.get(f"/v1/receipts/{receipt_id}", headers=owner).json()
        told += [reason["code"] for reason in shown["reasons"] if shown["status"] == "rejected"]
    assert told == ["same_image"] * 19


def test_an_upload_never_keeps_two_connections(app: TestClient, photo: bytes) -> None:
    taken, most = 0, 0

    def count(change: int) -> Callable[..., None]:
        def counted(*_: object) -> None:
            nonlocal taken, most
            taken += change
            most = max(most, taken)

        return counted

    out, back = count(1), count(-1)
    event.listen(engine(), "checkout", out)
    event.listen(engine(), "checkin", back)
    try:
        upload(app, photo)
    finally:
        event.remove(engine(), "checkout", out)
        event.remove(engine(), "checkin", back)
    assert (most, taken) == (1, 0)


def test_a_picture_that_kills_its_workers_ends_unreadable(app: TestClient, photo: bytes) -> None:
    receipt_id = upload(app, photo)
    for _ in range(settings().read_attempts_max):
        with transaction() as session:
            [name] = rows.pages_to_read(session, receipt_id) or []
            assert name.endswith(storage.photo_hash(photo))
            assert rows.begin_reading(session, receipt_id)
    with transaction() as session:
        assert not rows.begin_reading(session, receipt_id)
        assert rows.pages_to_read(session, receipt_id) is None
    with Session(engine()) as session:
        receipt = session.get_one(Receipt, receipt_id)
        assert (receipt.status, receipt.reasons[0].code) == ("unreadable", "reading_failed")


def test_a_receipt_that_is_gone_ends_its_job(committed: None) -> None:
    for look in (rows.pages_to_read, rows.begin_reading):
        with pytest.raises(DomainError), transaction() as session:
            look(session, new_id())


def test_it_is_rung_again_only_for_what_has_waited_too_long(app: TestClient, photo: bytes) -> None:
    late, fresh = upload(app, photo, "0901000001"), upload(app, photo, "0901000002")
    queue.redis().flushall()
    overdue = clock.now() - timedelta(seconds=settings().ring_again_seconds + 1)
    with transaction() as session:
        session.execute(update(Receipt).where(col(Receipt.id) == late).values(rung_at=overdue))
    assert ring_forgotten_receipts() == 1
    assert [list(job.args) for job in queue.read_queue().jobs] == [[str(late)]]
    assert ring_forgotten_receipts() == 0
    assert fresh != late


def test_ringing_again_never_lengthens_a_queue_that_holds_all_that_waits(
    app: TestClient, photo: bytes
) -> None:
    receipt_id = upload(app, photo)
    overdue = clock.now() - timedelta(seconds=settings().ring_again_seconds + 1)
    with transaction() as session:
        session.execute(update(Receipt).where(col(Receipt.id) == receipt_id).values(rung_at=overdue))
    assert queue.bells_waiting() == 1
    assert ring_forgotten_receipts() == 0

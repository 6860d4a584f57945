"""A service that is away costs a receipt time, never its end; what a fault of ours ended is opened again."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func as sql
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select
from typer.testing import CliRunner

from cli.main import app as command_line
from domain import settlement
from domain.people.audit import ActFilters, acts
from domain.receipts import rows, unread
from domain.review import decisions
from infra import clock, queue, storage
from infra.db import engine, transaction
from infra.metrics import SETTLED_KEY
from infra.settings import override_settings, settings
from ocr.types import Reading
from schemas.people import StaffAct
from schemas.receipts import Receipt
from tests import make
from workers import receipts as job
from workers.chores import ring_forgotten_receipts


@pytest.fixture(autouse=True)
def start(committed: None) -> Generator[datetime]:
    """When each test begins; its clock stands until it is moved on."""
    queue.redis().flushall()
    with transaction() as session:
        make.make_campaign(session)
    begun = clock.now()
    clock.pretend(begun)
    yield begun
    clock.pretend(None)


@pytest.fixture
def folder(fresh_store: None, tmp_path: Path) -> Path:
    """A local folder of photographs."""
    override_settings(storage_url=f"file://{tmp_path / 'photos'}")
    storage.store.cache_clear()
    storage.have_folder()
    return tmp_path / "photos"


@pytest.fixture
def quick_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading takes no time here: what was read is said at once."""

    def read(photos: Sequence[bytes], _engine: object) -> Reading:
        assert photos
        return make.make_reading()

    monkeypatch.setattr(job, "read_receipt", read)
    monkeypatch.setattr(job, "engine", lambda: type("Engine", (), {"name": "none"}))


def received(number: int) -> UUID:
    """A receipt that waits, as an upload leaves it, its photograph kept."""
    return make_waiting(number, storage.put_photo(make.make_photo(mark=str(number))))


def make_waiting(number: int, sha256: str) -> UUID:
    with transaction() as session:
        shopper = make.make_shopper(session, f"09010000{number:02}")
        receipt = make.make_receipt(session, shopper, image=sha256)
        queue.ring_after_commit(session, str(receipt.id))
        return receipt.id


def kept_at(folder: Path, name: str) -> Path:
    return folder / storage._path(name)


def photo_of(folder: Path, receipt_id: UUID) -> Path:
    with Session(engine()) as session:
        return kept_at(folder, rows.pages_of(session, receipt_id)[0].object_name)


def ended(receipt_id: UUID) -> tuple[str, str | None, int]:
    """A receipt's status, its first reason and the attempts it took."""
    with Session(engine()) as session:
        receipt = session.get_one(Receipt, receipt_id)
        return receipt.status, receipt.reasons[0].code if receipt.reasons else None, receipt.attempts


def work() -> int:
    """Do all jobs that wait, as a worker would; return how many."""
    jobs = queue.read_queue().jobs
    queue.read_queue().empty()
    for waiting in jobs:
        job.read_and_settle(*waiting.args)
    return len(jobs)


def settled_counts() -> dict[str, int]:
    return {key.decode(): int(value) for key, value in queue.redis().hgetall(SETTLED_KEY).items()}  # type: ignore[union-attr]


def test_a_store_that_is_away_for_ten_minutes_ends_nothing_and_is_asked_less_and_less(
    start: datetime, folder: Path, quick_reading: None
) -> None:
    ids = [received(number) for number in range(8)]
    folder.rename(folder.with_name("away"))
    asked = 0
    for seconds in range(0, 601, 30):
        clock.pretend(start + timedelta(seconds=seconds))
        ring_forgotten_receipts()
        asked += work()
    assert [ended(receipt_id) for receipt_id in ids] == [("received", None, 0)] * 8
    assert 5 * 8 <= asked <= 7 * 8
    folder.with_name("away").rename(folder)
    clock.pretend(start + timedelta(seconds=1200))
    ring_forgotten_receipts()
    assert work() == 8
    # One paper, eight pictures: none of them is told to photograph again.
    assert {ended(receipt_id)[0] for receipt_id in ids} <= {"approved", "in_review"}


def test_a_store_that_hangs_costs_a_worker_seconds_and_the_receipt_nothing(
    hanging_store: None, quick_reading: None
) -> None:
    override_settings(storage_timeout_seconds=2)
    storage.store.cache_clear()
    ids = [make_waiting(number, f"{number:064}") for number in range(4)]
    began = time.monotonic()
    assert work() == 4
    assert time.monotonic() - began < 4
    assert [ended(receipt_id) for receipt_id in ids] == [("received", None, 0)] * 4


def test_an_empty_folder_in_the_store_s_place_ends_nothing(folder: Path, quick_reading: None) -> None:
    ids = [received(number) for number in range(5)]
    folder.rename(folder.with_name("away"))
    storage.have_folder()
    work()
    # What is taken in meanwhile lies in the wrong place, and says nothing of what came before.
    late = received(9)
    ring_after(timedelta(minutes=10))
    work()
    assert [ended(receipt_id)[:2] for receipt_id in ids] == [("received", None)] * 5
    assert ended(late)[0] == "approved"


def ring_after(pause: timedelta) -> None:
    clock.pretend(clock.now() + pause)
    ring_forgotten_receipts()


def test_a_photograph_that_is_gone_while_others_are_there_ends_with_a_code_of_its_own(
    folder: Path, quick_reading: None
) -> None:
    first, second = received(1), received(2)
    photo_of(folder, second).unlink()
    work()
    assert ended(first)[0] == "approved"
    assert ended(second) == ("unreadable", "photo_missing", 0)
    assert settled_counts() == {"approved": 1, "unreadable": 1}


def test_the_first_photograph_ever_may_be_gone_or_its_store_so_its_receipt_waits(
    folder: Path, quick_reading: None
) -> None:
    receipt_id = received(1)
    photo_of(folder, receipt_id).unlink()
    work()
    assert ended(receipt_id) == ("received", None, 0)


def test_a_swapped_photograph_is_never_read(folder: Path, quick_reading: None) -> None:
    receipt_id = received(1)
    photo_of(folder, receipt_id).write_bytes(make.make_photo(mark="another"))
    work()
    assert ended(receipt_id) == ("unreadable", "photo_changed", 0)


def test_only_what_dies_inside_reading_counts_and_too_often_is_the_end(
    folder: Path, quick_reading: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt_id = received(1)

    def dies(*_: object) -> Reading:
        raise MemoryError

    monkeypatch.setattr(job, "read_receipt", dies)
    for attempt in range(1, settings().read_attempts_max + 1):
        with pytest.raises(MemoryError):
            work()
        assert ended(receipt_id) == ("reading", None, attempt)
        ring_after(timedelta(seconds=settings().ring_again_seconds + 1))
    work()
    assert ended(receipt_id)[:2] == ("unreadable", "reading_failed")
    assert settled_counts() == {"unreadable": 1}


def test_what_was_read_outlives_a_database_that_goes_away_while_it_is_settled(
    folder: Path, quick_reading: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt_id = received(1)
    settle, left = settlement.settle_receipt, [2]

    def interrupted(session: Session, receipt_id: UUID, reading: Reading) -> str | None:
        if left[0]:
            left[0] -= 1
            session.execute(select(sql.pg_terminate_backend(sql.pg_backend_pid())))
        return settle(session, receipt_id, reading)

    monkeypatch.setattr(settlement, "settle_receipt", interrupted)
    work()
    assert (ended(receipt_id)[0], ended(receipt_id)[2]) == ("approved", 1)
    assert left == [0]


def unread_receipts(start: datetime, count: int, code: unread.UnreadCode = "reading_failed") -> list[UUID]:
    """Receipts that ended unread, one a minute."""
    ids = [make_waiting(number, f"{number:064}") for number in range(count)]
    for minute, receipt_id in enumerate(ids):
        clock.pretend(start + timedelta(minutes=minute))
        with transaction() as session:
            unread.end_unread(session, rows.locked(session, receipt_id), code)
    queue.redis().flushall()
    return ids


def test_an_operator_opens_again_what_an_outage_ended(
    start: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "operator")
    monkeypatch.setattr("cli.receipts.BATCH_MAX", 2)
    failed = unread_receipts(start, 5)
    shown = CliRunner().invoke(command_line, ["receipts", "reopen", "--reason", "reading_failed"])
    assert shown.exit_code == 0, shown.output
    assert "5 of 5 receipts" in shown.output
    assert [ended(receipt_id) for receipt_id in failed] == [("received", None, 0)] * 5
    assert {waiting.args[0] for waiting in queue.read_queue().jobs} == {str(one) for one in failed}
    with Session(engine()) as session:
        assert session.exec(select(func.count()).where(col(Receipt.settled_at).is_not(None))).one() == 0
        trail = acts(session, ActFilters(act="reopened"), before=None, limit=10)
    assert {act.receipt_id for act, _ in trail} == set(failed)
    assert {name for _, name in trail} == {"operator"}
    assert trail[0][0].details == {"operator": "operator", "reason": "reading_failed"}


def test_only_the_receipts_named_or_of_the_period_are_opened_again(start: datetime) -> None:
    first, second, third = unread_receipts(start, 3)
    assert CliRunner().invoke(command_line, ["receipts", "reopen", str(second)]).exit_code == 0
    assert [ended(one)[0] for one in (first, second, third)] == ["unreadable", "received", "unreadable"]
    begin = (start + timedelta(minutes=1)).astimezone(clock.TILL_ZONE).strftime("%Y-%m-%dT%H:%M:%S")
    period = ["receipts", "reopen", "--reason", "reading_failed", "--since", begin]
    assert CliRunner().invoke(command_line, period).exit_code == 0
    assert [ended(one)[0] for one in (first, second, third)] == ["unreadable", "received", "received"]


def test_a_member_of_staff_may_be_named_and_must_be_known(start: datetime) -> None:
    unread_receipts(start, 1, "photo_missing")
    with transaction() as session:
        admin = make.make_staff(session, "admin")
    reopen = ["receipts", "reopen", "--reason", "photo_missing", "--by"]
    unknown = CliRunner().invoke(command_line, [*reopen, "nobody@example.vn"])
    assert (unknown.exit_code, "nobody@example.vn" in unknown.output) == (1, True)
    assert CliRunner().invoke(command_line, [*reopen, admin.email]).exit_code == 0
    with Session(engine()) as session:
        assert session.exec(select(StaffAct.staff_id)).all() == [admin.id]


@pytest.mark.parametrize("arguments", [[], ["--reason", "blurred"]])
def test_a_picture_that_was_no_good_is_not_opened_again(arguments: list[str]) -> None:
    shown = CliRunner().invoke(command_line, ["receipts", "reopen", *arguments])
    assert shown.exit_code == 1


def test_a_decision_by_a_person_counts_among_the_receipts_that_ended() -> None:
    with transaction() as session:
        receipt = make.make_receipt(session)
        settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=200_000))
        reviewer = make.make_staff(session)
        receipt_id = receipt.id
    with transaction() as session:
        decisions.settle_review(
            session, receipt_id, reviewer_id=reviewer.id, decision="reject", reason="Seen before"
        )
    assert settled_counts() == {"rejected": 1}


def test_a_receipt_in_review_always_says_since_when() -> None:
    with pytest.raises(IntegrityError, match="ck_receipt_in_review_since"), transaction() as session:
        make.make_receipt(session, status="in_review", waiting_since=None)

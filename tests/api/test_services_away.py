"""What an upload needs is away, hangs or is full: the app is told to come again, and others are answered."""

from __future__ import annotations

import errno
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Connection, text
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlmodel import Session, func, select
from starlette.formparsers import SpooledTemporaryFile

from infra import storage
from infra.db import engine, transaction
from infra.settings import override_settings
from schemas.people import Shopper
from schemas.receipts import Receipt
from tests import make
from tests.make.app import just_started

READY = dict.fromkeys(("database", "schema", "redis", "store", "disk"), True)


@pytest.fixture
def shopper(committed: None) -> Shopper:
    with transaction() as session:
        return make.make_shopper(session)


@pytest.fixture
def app(committed: None) -> Generator[TestClient]:
    with TestClient(just_started(), raise_server_exceptions=False) as client:
        yield client


def upload(client: TestClient, shopper: Shopper, number: int = 0, **headers: str) -> Response:
    files = {"image": ("page.jpg", make.make_photo(mark=f"number {number}"), "image/jpeg")}
    return client.post("/v1/receipts", files=files, headers=make.bearer(shopper) | headers)  # type: ignore[return-value,arg-type]


def receipts_kept() -> int:
    with Session(engine()) as session:
        return session.exec(select(func.count()).select_from(Receipt)).one()


def is_told_to_come_again(answer: Response) -> bool:
    told = (answer.status_code, answer.json()["code"], answer.headers.get("retry-after"))
    return told == (503, "not_ready", "5")


def idle_in_transaction() -> int:
    with engine().connect() as connection:
        return int(
            connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
                )
            ).scalar_one()
        )


def test_uploads_that_wait_for_a_store_hold_no_connection_and_no_other_request(
    app: TestClient, shopper: Shopper, hanging_store: None
) -> None:
    override_settings(storage_timeout_seconds=4)
    storage.store.cache_clear()
    with ThreadPoolExecutor(25) as pool:
        uploads = [
            pool.submit(upload, app, shopper, number, **{"Idempotency-Key": f"key {number}"})
            for number in range(25)
        ]
        time.sleep(2)
        waiting = sum(not asked.done() for asked in uploads)
        assert waiting >= 20
        assert idle_in_transaction() == 0
        began = time.monotonic()
        balances = app.get("/v1/me/balances", headers=make.bearer(shopper))
        assert balances.status_code == 200
        assert time.monotonic() - began < 1
        assert sum(not asked.done() for asked in uploads) == waiting
        assert all(is_told_to_come_again(asked.result()) for asked in uploads)
    began = time.monotonic()
    assert is_told_to_come_again(upload(app, shopper))
    assert time.monotonic() - began < 1
    assert receipts_kept() == 0
    assert app.get("/readyz").json()["checks"] == READY | {"store": False}


def test_twenty_five_uploads_at_once_leave_no_connection_in_a_transaction(
    app: TestClient, shopper: Shopper
) -> None:
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda number: upload(app, shopper, number), range(25)))
    assert [answer.status_code for answer in answers] == [202] * 25
    assert idle_in_transaction() == 0
    assert receipts_kept() == 25


def test_an_upload_that_failed_for_us_succeeds_with_the_same_key_once_the_store_is_back(
    app: TestClient, shopper: Shopper, fresh_store: None, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    override_settings(storage_url=f"file://{folder}")
    storage.store.cache_clear()
    storage.have_folder()
    folder.rename(tmp_path / "away")
    assert is_told_to_come_again(upload(app, shopper, **{"Idempotency-Key": "key"}))
    assert app.get("/readyz").json()["checks"] == READY | {"store": False}
    (tmp_path / "away").rename(folder)
    assert upload(app, shopper, **{"Idempotency-Key": "key"}).status_code == 202
    assert app.get("/readyz").json()["checks"] == READY
    assert receipts_kept() == 1


def test_a_machine_without_room_for_the_body_is_no_fault_of_the_body(
    app: TestClient, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SpooledTemporaryFile, "write", full)
    assert is_told_to_come_again(upload(app, shopper))


def test_a_broken_body_is_still_the_body_s_fault(app: TestClient, shopper: Shopper) -> None:
    headers = make.bearer(shopper) | {"Content-Type": "multipart/form-data; boundary=x"}
    answer = app.post("/v1/receipts", content=b"no form at all", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_a_request_that_gets_no_connection_in_time_is_told_to_come_again(
    app: TestClient, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine().pool, "_timeout", 0.2)
    held: list[Connection] = []
    try:
        with pytest.raises(NoConnectionError):
            held.extend(iter(engine().connect, None))
        assert is_told_to_come_again(app.get("/v1/me/balances", headers=make.bearer(shopper)))
        assert app.get("/readyz").json()["checks"] == READY | {"database": False, "schema": False}
    finally:
        for connection in held:
            connection.close()


@pytest.mark.parametrize(("version", "is_ready"), [(None, False), ("0001", False), ("9999", True)])
def test_a_schema_that_lacks_what_this_version_needs_is_not_ready_and_a_later_one_is(
    app: TestClient,
    version: str | None,
    *,
    is_ready: bool,
) -> None:
    with engine().begin() as connection:
        current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("DELETE FROM alembic_version"))
        if version:
            connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})
    try:
        answer = app.get("/readyz")
        told = (200, READY) if is_ready else (503, READY | {"schema": False})
        assert (answer.status_code, answer.json()["checks"]) == told
    finally:
        with engine().begin() as connection:
            connection.execute(text("DELETE FROM alembic_version"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": current})


def test_a_picture_that_was_swapped_in_the_store_is_shown_to_nobody(
    app: TestClient, shopper: Shopper, fresh_store: None, tmp_path: Path
) -> None:
    override_settings(storage_url=f"file://{tmp_path}")
    storage.store.cache_clear()
    location = upload(app, shopper).headers["location"]
    (kept,) = [part for part in tmp_path.rglob("*") if len(part.name) == 64]
    kept.write_bytes(make.make_photo(mark="another"))
    answer = app.get(f"{location}/image", headers=make.bearer(shopper))
    assert (answer.status_code, answer.json()["code"]) == (409, "photo_changed")

"""A copy of all that is held: whole, once a day, for its owner alone, and not for long."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rq import Queue
from rq.serializers import JSONSerializer
from sqlmodel import Session, select

from domain.privacy import export
from domain.privacy.held import HELD
from infra import clock, queue, storage
from infra.db import engine, transaction
from infra.settings import override_settings
from schemas.people import Shopper
from schemas.privacy import PrivacyRequest
from schemas.receipts import Receipt
from tests import make
from tests.domain.privacy.test_erasure import PHONE, PHOTO, READ, SECRET, person, signed
from tests.infra.test_storage import KEYS
from workers.privacy import look_after_exports, write_export


@pytest.fixture(autouse=True)
def start(committed: None) -> Generator[None]:
    clock.pretend(clock.now())
    yield
    clock.pretend(None)


@pytest.fixture
def shopper(real_client: TestClient) -> Shopper:
    with Session(engine(), expire_on_commit=False) as session:
        return person(real_client, session)


def later(pause: timedelta) -> None:
    clock.pretend(clock.now() + pause)


def ask(client: TestClient, shopper: Shopper) -> Any:
    return client.post("/v1/me/exports", headers=signed(shopper))


def state(client: TestClient, shopper: Shopper) -> dict[str, Any]:
    [found] = client.get("/v1/me/exports", headers=signed(shopper)).json()["exports"]
    return found  # type: ignore[no-any-return]


def fetched(client: TestClient, shopper: Shopper, asked: str) -> Any:
    return client.get(f"/v1/me/exports/{asked}/file", headers=signed(shopper))


def parts_of(shopper: Shopper) -> list[str]:
    return sorted(name for name in storage.objects_of(shopper.id) if "/export-" in name)


def test_the_zip_holds_each_table_that_is_told_and_every_picture(
    real_client: TestClient, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PART_BYTES", 1_000)
    asked = ask(real_client, shopper)
    assert (asked.status_code, asked.json()["state"], asked.json()["download"]) == (202, "waiting", None)
    request_id = asked.json()["id"]
    assert fetched(real_client, shopper, request_id).status_code == 409
    [job] = Queue(queue.QUICK_QUEUE, connection=queue.redis(), serializer=JSONSerializer).jobs
    assert (job.func_name, job.args) == (queue.WRITE_EXPORT, [request_id])
    write_export(request_id)
    write_export(request_id)
    found = state(real_client, shopper)
    assert (found["state"], found["progress"]) == ("ready", 1.0)
    assert len(parts_of(shopper)) == -(-found["size_bytes"] // 1_000) > 3
    answer = fetched(real_client, shopper, request_id)
    assert int(answer.headers["content-length"]) == len(answer.content) == found["size_bytes"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        tables = {
            name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")
        }
        pictures = [archive.read(name) for name in archive.namelist() if name.startswith("pictures/")]
    assert tables.keys() == {f"{held.area}/{name}.json" for name, held in HELD.items() if held.area}
    assert tables["account/shopper.json"][0]["phone"] == "+84" + PHONE[1:]
    assert SECRET in tables["receipts/receipt_appeal.json"][0]["words"]
    receipts = {row["receipt_no"]: row for row in tables["receipts/receipt.json"]}
    paid = receipts[READ["receipt_no"]]
    assert paid["reading"]["text"] == READ["text"]
    # How forgeries are found, and whose receipt is like another's, is not told.
    assert not {"reasons", "fraud_score"} & paid.keys()
    assert "traces" not in paid["reading"]
    assert sum(row["points"] for row in tables["points/transfer.json"]) > 0
    assert pictures.count(PHOTO) == 2
    assert len(pictures) == 3


def test_an_export_is_asked_for_once_a_day(real_client: TestClient, shopper: Shopper) -> None:
    assert ask(real_client, shopper).status_code == 202
    again = ask(real_client, shopper)
    assert (again.status_code, again.json()["code"]) == (429, "export_asked_before")
    assert 0 < int(again.headers["retry-after"]) <= 86_401
    later(timedelta(days=1))
    assert ask(real_client, shopper).status_code == 202


def test_an_export_is_nobody_else_s_and_expires(real_client: TestClient, shopper: Shopper) -> None:
    with transaction() as session:
        other = make.make_shopper(session, "0902222222")
    request_id = ask(real_client, shopper).json()["id"]
    write_export(request_id)
    assert fetched(real_client, other, request_id).status_code == 404
    assert fetched(real_client, shopper, request_id).status_code == 200
    later(timedelta(hours=48))
    assert fetched(real_client, shopper, request_id).status_code == 409
    assert state(real_client, shopper)["state"] == "expired"
    assert parts_of(shopper)
    look_after_exports()
    assert parts_of(shopper) == []


def test_a_job_that_was_lost_is_rung_for_again_and_one_that_died_leaves_no_more_than_the_next(
    real_client: TestClient, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = ask(real_client, shopper).json()["id"]
    queue.redis().flushall()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(storage, "get_photo", dies)
        with pytest.raises(KeyboardInterrupt):
            write_export(request_id)
    assert state(real_client, shopper)["state"] == "waiting"
    assert look_after_exports() == 0
    later(timedelta(minutes=16))
    assert look_after_exports() == 1
    [job] = Queue(queue.QUICK_QUEUE, connection=queue.redis(), serializer=JSONSerializer).jobs
    assert job.args == [request_id]
    write_export(request_id)
    assert state(real_client, shopper)["state"] == "ready"


def test_an_export_of_who_is_forgotten_ends_and_is_never_rung_for_again(
    real_client: TestClient, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = ask(real_client, shopper).json()["id"]
    written = storage.put_object

    def erased_meanwhile(name: str, content: bytes) -> None:
        written(name, content)
        real_client.delete("/v1/me?confirm=erase", headers=signed(shopper))

    with monkeypatch.context() as patched:
        patched.setattr(storage, "put_object", erased_meanwhile)
        write_export(request_id)
    # What was written is gone with its job, and the request is no longer open.
    assert parts_of(shopper) == []
    with Session(engine()) as session:
        request = session.get_one(PrivacyRequest, request_id)
        assert (request.done_at is not None, request.size_bytes) == (True, 0)
    later(timedelta(minutes=16))
    queue.redis().flushall()
    assert look_after_exports() == 0
    write_export(request_id)
    assert parts_of(shopper) == []


def test_an_export_is_sealed_where_pictures_are(real_client: TestClient, shopper: Shopper) -> None:
    override_settings(storage_keys=f"old:{KEYS['old']}")
    try:
        request_id = ask(real_client, shopper).json()["id"]
        write_export(request_id)
        folder = storage.local_folder()
        assert folder is not None
        [kept] = [folder / storage._path(name) for name in parts_of(shopper)]
        assert not kept.read_bytes().startswith(b"PK")
        assert fetched(real_client, shopper, request_id).content.startswith(b"PK")
    finally:
        override_settings(storage_keys="")


def test_a_store_that_is_away_puts_an_export_off(
    real_client: TestClient, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = ask(real_client, shopper).json()["id"]

    def away(*_: object) -> None:
        raise storage.StoreAwayError

    with monkeypatch.context() as patched:
        patched.setattr(storage, "put_object", away)
        write_export(request_id)
    with Session(engine()) as session:
        assert session.exec(select(PrivacyRequest.done_at)).one() is None
        assert session.exec(select(Receipt.erased_at)).first() is None

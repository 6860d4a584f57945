"""A picture is checked while its shopper still holds the receipt: by HTTP, through a real worker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator

import pytest
from fastapi.testclient import TestClient
from rq import Worker
from sqlmodel import Session, func, select

from infra import queue
from infra.db import engine, transaction
from infra.words import LANGUAGES, say
from samples import faults
from schemas.receipts import Receipt, ReceiptPage
from tests import make
from tests.make.pictures import pages_of

PATIENCE_SECONDS = 60.0


@pytest.fixture
def worker(real_client: TestClient) -> Generator[None]:
    """One real worker, ready to answer."""
    command = [sys.executable, "-m", "workers.run", str(os.getpid()), *queue.WORK_QUEUES]
    process = subprocess.Popen(command, start_new_session=True)
    end = time.monotonic() + PATIENCE_SECONDS
    while not Worker.all(connection=queue.redis()):
        assert process.poll() is None, "the worker ended"
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)
    yield
    process.terminate()
    process.wait(PATIENCE_SECONDS)


@pytest.fixture
def shopper(real_client: TestClient) -> dict[str, str]:
    with transaction() as session:
        return make.bearer(make.make_shopper(session))


def check(client: TestClient, who: dict[str, str], photo: bytes, language: str = "vi") -> dict[str, object]:
    answer = client.post(
        "/v1/receipts/check", files={"image": photo}, headers=who | {"Accept-Language": language}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def rows_kept() -> int:
    with Session(engine()) as session:
        return sum(
            session.exec(select(func.count()).select_from(table)).one() for table in (Receipt, ReceiptPage)
        )


@pytest.mark.slow
@pytest.mark.ocr
def test_a_shopper_is_told_at_once_what_is_wrong_with_a_picture(
    real_client: TestClient, worker: None, shopper: dict[str, str]
) -> None:
    photo = pages_of("01-winmart.jpg")[0]
    assert check(real_client, shopper, photo) == {"readable": True, "reasons": []}

    for language in LANGUAGES:
        told = check(real_client, shopper, faults.blurred(photo), language)
        assert told["readable"] is False
        (reason,) = told["reasons"]  # type: ignore[misc]
        assert (reason["code"], reason["severity"]) == ("blurred", "reject")
        assert say("reason", "blurred", language) in reason.values()

    assert rows_kept() == 0
    assert queue.redis().keys("quetbill:photo:*") == []


def test_without_a_worker_the_check_is_not_ready(
    real_client: TestClient, shopper: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "QUICK_SECONDS", 1)
    answer = real_client.post(
        "/v1/receipts/check", files={"image": pages_of("07-circle-k.jpg")[0]}, headers=shopper
    )
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_ready"
    assert rows_kept() == 0


def test_what_is_no_picture_is_refused_before_any_worker_is_asked(
    real_client: TestClient, shopper: dict[str, str]
) -> None:
    answer = real_client.post("/v1/receipts/check", files={"image": b"no picture at all"}, headers=shopper)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_an_image")


def test_nobody_checks_a_picture_without_a_token(client: TestClient) -> None:
    answer = client.post("/v1/receipts/check", files={"image": make.make_photo()})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

"""Nobody has more of us than their share: by person, by address, by what one body may hold."""

from __future__ import annotations

import asyncio
import io
import re
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from api.middleware import REQUEST_BYTES_MAX
from domain.receipts import photos
from infra import db, queue, rates
from infra.settings import Settings, settings
from infra.turns import TooBusyError, Turns
from infra.words import LANGUAGES, say
from schemas.base import new_id
from tests import make
from tests.make.app import just_started

pytestmark = pytest.mark.usefixtures("empty_redis")


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch) -> Generator[pytest.MonkeyPatch]:
    """Settings by environment, forgotten afterwards."""
    with monkeypatch.context() as patched:
        yield patched
    settings.cache_clear()


def set_one(patched: pytest.MonkeyPatch, **values: int) -> None:
    for name, value in values.items():
        patched.setenv(f"QUETBILL_{name.upper()}", str(value))
    settings.cache_clear()


def photo(side: int = 400, mark: str = "photo") -> dict[str, tuple[str, bytes, str]]:
    return {"image": ("a.jpg", make.make_photo(size=(side, side), mark=mark), "image/jpeg")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shopper_past_their_rate_is_told_when_to_come_again(
    client: TestClient, session: Session, set_to: pytest.MonkeyPatch, language: str
) -> None:
    set_one(set_to, uploads_per_person_hour_max=2)
    shopper = make.bearer(make.make_shopper(session)) | {"Accept-Language": language}
    assert [client.post("/v1/receipts", files=photo(), headers=shopper).status_code for _ in range(2)] == [
        202
    ] * 2
    refused = client.post("/v1/receipts", files=photo(), headers=shopper)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    seconds = int(refused.headers["retry-after"])
    assert 0 < seconds <= 3600
    assert refused.json()["detail"] == say(
        "problem",
        "too_many_requests",
        language,
        {"retry_after_seconds": seconds},  # type: ignore[arg-type]
    )
    other = make.bearer(make.make_shopper(session, "0907654321"))
    assert client.post("/v1/receipts", files=photo(), headers=other).status_code == 202


@pytest.mark.parametrize(
    ("kind", "window", "method", "path"),
    [
        ("uploads", "hour", "POST", "/v1/receipts"),
        ("checks", "hour", "POST", "/v1/receipts/check"),
        ("appeals", "day", "POST", f"/v1/receipts/{UUID(int=1)}/appeal"),
        ("imports", "hour", "POST", "/v1/catalog/import"),
        ("imports", "hour", "POST", "/v1/catalog/stores/import"),
        ("exports", "hour", "GET", "/v1/brands/omo/purchases.csv"),
    ],
)
def test_what_costs_most_is_limited_by_person_and_by_address(
    client: TestClient,
    session: Session,
    set_to: pytest.MonkeyPatch,
    kind: str,
    window: str,
    method: str,
    path: str,
) -> None:
    set_to.setenv("QUETBILL_TRUSTED_PROXIES", "127.0.0.2")
    client._transport.client = ("127.0.0.2", 1)  # type: ignore[attr-defined]
    admin = kind in {"imports", "exports"}
    people = (
        [make.make_staff(session, "admin")]
        if admin
        else [make.make_shopper(session, f"090765432{number}") for number in range(3)]
    )
    asked = [make.bearer(person) | {"X-Forwarded-For": "113.160.1.7"} for person in people]
    set_one(set_to, **{f"{kind}_per_person_{window}_max": 1})
    answers = [client.request(method, path, headers=asked[0]).status_code for _ in range(2)]
    assert (answers[0] != 429, answers[1]) == (True, 429)
    queue.redis().flushall()
    set_one(set_to, **{f"{kind}_per_person_{window}_max": 0, f"{kind}_per_address_{window}_max": 2})
    answers = [client.request(method, path, headers=asked[n % len(asked)]).status_code for n in range(3)]
    assert (429 in answers[:2], answers[2]) == (False, 429)
    elsewhere = asked[0] | {"X-Forwarded-For": "14.160.2.9"}
    assert client.request(method, path, headers=elsewhere).status_code != 429


def test_a_hundred_at_once_are_counted_as_a_hundred() -> None:
    rate = rates.Rate("test", 30, 60)
    with ThreadPoolExecutor(20) as pool:
        taken = list(pool.map(lambda _: rates.take(rate, "one"), range(100)))
    assert taken.count(None) == 30


def test_all_pages_of_a_receipt_share_its_pixels_and_are_not_decoded_past_them(
    client: TestClient, session: Session, set_to: pytest.MonkeyPatch
) -> None:
    set_one(set_to, receipt_pixels_max=400_000)
    decoded: list[int] = []
    set_to.setattr(photos, "_decode_whole", lambda _: decoded.append(1))
    shopper = make.bearer(make.make_shopper(session))
    pages = [
        ("image", (f"{n}.jpg", make.make_photo(size=(400, 400), mark=str(n)), "image/jpeg")) for n in range(3)
    ]
    refused = client.post("/v1/receipts", files=pages, headers=shopper)
    assert (refused.status_code, refused.json()["code"], decoded) == (422, "image_too_large", [])
    assert client.post("/v1/receipts", files=pages[:2], headers=shopper).status_code == 202


def test_few_pictures_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work, most = [0], [0]
    lock = threading.Lock()
    load = Image.Image.load

    def slowly(picture: Image.Image) -> object:
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        time.sleep(0.02)
        with lock:
            at_work[0] -= 1
        return load(picture)

    pictures = [make.make_photo("PNG", size=(400, 400), mark=str(n)) for n in range(12)]
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", slowly)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(photos.check_photo, pictures))
    assert most[0] <= settings().decodings_at_once_max


def test_turns_are_taken_by_few_and_waited_for_by_a_bounded_number() -> None:
    turns = Turns(2, 32)
    at_work, most = [0], [0]
    lock = threading.Lock()

    def hashes() -> None:
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        time.sleep(0.02)
        with lock:
            at_work[0] -= 1

    async def many() -> list[object]:
        return await asyncio.gather(*(turns.run(hashes) for _ in range(60)), return_exceptions=True)

    outcome = asyncio.run(many())
    assert most[0] <= 2
    assert [type(one) for one in outcome] == [type(None)] * 34 + [TooBusyError] * 26


class Unread(io.BytesIO):
    """A body that says whether anybody read it."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        return super().read(size)


@pytest.mark.parametrize("token", ["", "Bearer made.up.token", "Basic abc"])
def test_a_stranger_s_body_is_not_read(token: str, services: None) -> None:
    app = just_started()
    read: list[int] = []

    async def counting(scope: dict[str, object], receive: object, send: object) -> None:
        async def counted() -> object:
            read.append(1)
            return await receive()  # type: ignore[operator]

        await app(scope, counted, send)  # type: ignore[arg-type]

    strange = TestClient(counting)  # type: ignore[arg-type]
    for path in (
        "/v1/receipts",
        "/v1/catalog/import",
        "/v1/review/cases/x/decision",
        "/v1/receipts/x/appeal",
    ):
        answer = strange.post(path, files={"image": b"x" * 100_000}, headers={"Authorization": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    form = {"csrf": "x" * 100_000}
    answer = strange.post("/console/review/next", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"][:16]) == (303, "/console/sign-in")
    assert read == []


def test_only_uploads_and_imports_may_be_large(client: TestClient, session: Session) -> None:
    shopper, admin = make.bearer(make.make_shopper(session)), make.bearer(make.make_staff(session, "admin"))
    large = b"x" * (REQUEST_BYTES_MAX + 1)
    for path in (f"/v1/receipts/{new_id()}/appeal", f"/v1/review/cases/{new_id()}/decision"):
        told = client.post(path, content=large, headers=shopper | {"Content-Type": "application/json"})
        assert (told.status_code, told.json()["code"]) == (413, "request_too_large")
        assert "0.5" in told.json()["detail"]
        chunked = client.post(
            path, content=iter([large]), headers=shopper | {"Content-Type": "application/json"}
        )
        assert (chunked.status_code, chunked.json()["detail"]) == (413, told.json()["detail"])
    assert client.post("/v1/receipts", files={"image": large}, headers=shopper).status_code == 422
    assert client.post("/v1/catalog/import", files={"file": large}, headers=admin).status_code == 422
    assert client.post("/console/sign-in", content=large).status_code == 413


def test_exports_have_connections_of_their_own_and_no_more(real_client: TestClient, committed: None) -> None:
    with db.transaction() as session:
        admin = make.bearer(make.make_staff(session, "admin"))
    held = [db.export_session() for _ in range(settings().exports_at_once_max)]
    for generator in held:
        next(generator).execute(text("SELECT 1"))
    refused = real_client.get("/v1/brands/omo/purchases.csv", headers=admin)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["retry-after"]) > 0
    assert real_client.get("/v1/brands/omo/summary", headers=admin).status_code == 200
    assert db.engine().pool.checkedout() == 0  # type: ignore[attr-defined]
    for generator in held:
        generator.close()
    assert real_client.get("/v1/brands/omo/purchases.csv", headers=admin).status_code == 200


def test_no_connection_waits_for_ever(services: None) -> None:
    assert Settings.model_fields["idle_transaction_seconds_max"].default == 60
    with db.engine().connect() as connection:
        limits = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("statement_timeout", "idle_in_transaction_session_timeout")
        }
        idle = settings().idle_transaction_seconds_max
        # Transactions of tests are idle while browsers and other processes are at work.
        assert limits == {
            "statement_timeout": "1min",
            "idle_in_transaction_session_timeout": f"{idle // 60}min",
        }
        connection.execute(text("SET LOCAL statement_timeout = '50ms'"))
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT pg_sleep(5)"))


@pytest.mark.parametrize(
    "path",
    ["/console/sign-in", "/console/", "/console/review", "/console/nowhere", "/console/static/console.css"],
)
def test_every_answer_of_the_console_keeps_scripts_ours(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("no-store" in answer.headers.get("cache-control", "")) is ("/static/" not in path)


def test_json_is_not_sniffed_and_no_page_loads_scripts_of_others(
    client: TestClient, set_to: pytest.MonkeyPatch
) -> None:
    assert client.get("/healthz").headers["x-content-type-options"] == "nosniff"
    assert client.get("/openapi.json").status_code == 200
    page = client.get("/docs")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert [address for address in loaded if not address.startswith(("/", "data:,"))] == []
    assert {client.get(address).status_code for address in loaded if address.startswith("/")} == {200}
    assert client.get("/redoc").status_code == 404
    assert client.get("/metrics").status_code == 200
    set_one(set_to, metrics_port=9100)
    inside = "http://testserver:9100"
    for path in ("/metrics", "/docs", "/openapi.json"):
        assert (client.get(path).status_code, client.get(inside + path).status_code) == (404, 200)
    assert client.get(inside + "/v1/catalog/brands").status_code == 404
    assert client.get(inside + "/healthz").status_code == 200


def test_a_caller_s_address_is_what_our_own_proxies_say(set_to: pytest.MonkeyPatch) -> None:
    from infra.web import caller_key  # noqa: PLC0415 - beside what it is asked about

    def asked(peer: str, forwarded: str) -> str:
        scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
        return caller_key(Request(scope))

    assert asked("127.0.0.1", "203.0.113.7") == "127.0.0.1/32"
    set_to.setenv("QUETBILL_TRUSTED_PROXIES", "10.0.0.0/8")
    settings.cache_clear()
    assert asked("10.0.0.2", "198.51.100.1, 203.0.113.7") == "203.0.113.7/32"
    assert asked("192.0.2.1", "203.0.113.7") == "192.0.2.1/32"
    assert asked("10.0.0.2", "2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"

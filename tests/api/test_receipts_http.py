"""Uploading and looking at receipts, by HTTP."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any
from uuid import uuid4

import pillow_heif
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from PIL import Image
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, func, select

from domain import settlement
from infra import queue, storage
from infra.db import transaction
from infra.settings import override_settings, settings
from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptPage
from tests import make
from tests.make.app import just_started


@pytest.fixture
def shopper(session: Session) -> Shopper:
    return make.make_shopper(session)


def upload(client: TestClient, shopper: Shopper | None, *photos: bytes, **headers: str) -> Response:
    files = [("image", (f"page{number}.jpg", photo, "image/jpeg")) for number, photo in enumerate(photos)]
    who = make.bearer(shopper) if shopper else {}
    return client.post("/v1/receipts", files=files or None, headers=who | headers)  # type: ignore[return-value,arg-type]


def receipts_kept(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Receipt)).one()


def heic() -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (600, 900), "white")).save(buffer)
    return buffer.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header claims a size; its pixels would fill memory."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk
    data = zlib.compress(b"\0" * 100)
    rest = struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    return start + struct.pack(">I", zlib.crc32(chunk)) + rest


def animated() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (400, 400), color) for color in ("white", "black")]
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_every_kind_of_photo_is_taken_whatever_its_name(
    client: TestClient, session: Session, shopper: Shopper, kind: str
) -> None:
    photo = heic() if kind == "HEIC" else make.make_photo(kind)
    answer = upload(client, shopper, photo)
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/v1/receipts/{body['id']}"
    assert (body["status"], body["pages"]) == ("received", 1)
    page = session.exec(select(ReceiptPage)).one()
    assert page.media_type == f"image/{kind.lower()}"
    assert storage.get_photo(page.object_name) == photo


def test_pages_of_a_long_receipt_keep_their_order(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    photos = [make.make_photo(mark=f"page {number}") for number in range(6)]
    assert upload(client, shopper, *photos).json()["pages"] == 6
    hashes = session.exec(select(ReceiptPage.sha256).order_by(ReceiptPage.position)).all()  # type: ignore[arg-type]
    assert list(hashes) == [storage.photo_hash(photo) for photo in photos]


REFUSED: dict[str, tuple[Any, int, str]] = {
    "empty": (lambda: b"", 422, "empty_image"),
    "truncated": (lambda: make.make_photo()[:-2000], 422, "truncated_image"),
    "truncated PNG": (lambda: make.make_photo("PNG")[:-300], 422, "truncated_image"),
    "text named jpg": (lambda: b"just some text, no picture at all", 422, "not_an_image"),
    "PDF": (lambda: b"%PDF-1.7\n1 0 obj", 422, "pdf_not_accepted"),
    "animated": (animated, 422, "animated_image"),
    "GIF": (lambda: make.make_photo("GIF"), 422, "unsupported_image"),
    "bomb": (lambda: png_of_size(60_000, 60_000), 422, "image_too_large"),
    "60 megapixels": (lambda: png_of_size(10_000, 6_000), 422, "image_too_large"),
    "16 MB": (lambda: make.make_photo() + b"\0" * 16_000_000, 422, "image_too_large"),
    "tiny": (lambda: make.make_photo(size=(100, 900)), 422, "image_too_small"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_bad_picture_is_refused_in_the_shopper_s_language_and_leaves_nothing(
    client: TestClient,
    session: Session,
    shopper: Shopper,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    language: str,
) -> None:
    kept: list[bytes] = []
    monkeypatch.setattr(storage, "put_photo", lambda photo: kept.append(photo) or "")
    make_bytes, status, code = REFUSED[what]
    answer = upload(client, shopper, make.make_photo(), make_bytes(), **{"Accept-Language": language})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert answer.headers["content-language"] == language
    words = {"vi": "nh", "en": "lease|icture"}[language]  # ảnh or hình
    assert re.search(words, problem["detail"])
    assert receipts_kept(session) == 0
    assert kept == []


def test_more_pages_than_one_receipt_has_are_refused(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    answer = upload(client, shopper, *[make.make_photo(mark=str(number)) for number in range(7)])
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_pages")
    assert receipts_kept(session) == 0


def test_an_upload_without_a_page_is_refused(client: TestClient, shopper: Shopper) -> None:
    answer = client.post("/v1/receipts", files={"other": ("a.jpg", b"x")}, headers=make.bearer(shopper))
    assert (answer.status_code, answer.json()["code"]) == (422, "no_pages")


def test_a_body_that_is_no_form_is_refused(client: TestClient, shopper: Shopper) -> None:
    headers = make.bearer(shopper) | {"Content-Type": "image/jpeg"}
    answer = client.post("/v1/receipts", content=make.make_photo(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_body_that_is_far_too_large_is_refused_before_it_is_read(
    client: TestClient, shopper: Shopper
) -> None:
    headers = make.bearer(shopper) | {
        "Content-Length": "900000000",
        "Content-Type": "multipart/form-data; boundary=x",
    }
    answer = client.post("/v1/receipts", content=b"--x", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic abc"}])
def test_nobody_uploads_without_a_good_token(
    client: TestClient, session: Session, header: dict[str, str]
) -> None:
    answer = client.post("/v1/receipts", files={"image": make.make_photo()}, headers=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert receipts_kept(session) == 0


def test_the_same_key_and_body_replay_the_first_answer(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    first = upload(client, shopper, make.make_photo(), **{"Idempotency-Key": "k1"})
    second = upload(client, shopper, make.make_photo(), **{"Idempotency-Key": "k1"})
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert receipts_kept(session) == 1


def test_the_same_key_with_another_body_is_refused(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    upload(client, shopper, make.make_photo(), **{"Idempotency-Key": "k1"})
    answer = upload(client, shopper, make.make_photo(mark="other"), **{"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert receipts_kept(session) == 1


def test_two_shoppers_may_use_the_same_key(client: TestClient, session: Session, shopper: Shopper) -> None:
    other = make.make_shopper(session, "0907654321")
    upload(client, shopper, make.make_photo(), **{"Idempotency-Key": "k1"})
    assert upload(client, other, make.make_photo(), **{"Idempotency-Key": "k1"}).status_code == 202
    assert receipts_kept(session) == 2


def test_somebody_else_s_receipt_does_not_exist(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    location = upload(client, shopper, make.make_photo()).headers["location"]
    other = make.bearer(make.make_shopper(session, "0907654321"))
    for path in (location, f"{location}/events", f"{location}/image"):
        answer = client.get(path, headers=other)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.get(location, headers=make.bearer(shopper)).status_code == 200
    manager = make.make_staff(session, "brand_manager", ("omo",))
    assert client.get(location, headers=make.bearer(manager)).status_code == 404


def test_the_owner_and_a_reviewer_see_the_picture(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    photo = make.make_photo()
    location = upload(client, shopper, photo).headers["location"]
    for person in (shopper, make.make_staff(session, "reviewer")):
        answer = client.get(f"{location}/image", headers=make.bearer(person))
        assert answer.content == photo
        assert answer.headers["content-type"] == "image/jpeg"
    assert client.get(f"{location}/image?page=1", headers=make.bearer(shopper)).status_code == 404


def test_history_is_newest_first_and_pages_without_gaps(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    ids = [str(make.make_receipt(session, shopper).id) for _ in range(5)]
    make.make_receipt(session, make.make_shopper(session, "0907654321"))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/receipts", params=query, headers=make.bearer(shopper)).json()
        seen += [receipt["id"] for receipt in page["receipts"]]
        cursor = page["next_cursor"]
    assert seen == ids[::-1]
    assert cursor is None


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "eyJhIjoxfQ", "💣"])
def test_a_made_up_cursor_is_refused(client: TestClient, shopper: Shopper, cursor: str) -> None:
    answer = client.get("/v1/receipts", params={"cursor": cursor}, headers=make.bearer(shopper))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


def test_a_settled_receipt_shows_its_lines_points_and_reasons(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    make.make_campaign(session)
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading())
    shown = client.get(f"/v1/receipts/{receipt.id}", headers=make.bearer(shopper)).json()
    assert (shown["status"], shown["points"]) == ("approved", 185)
    assert shown["reading"]["retailer"] == "WinMart"
    assert [(line["brand"], line["amount"], line["points"]) for line in shown["lines"]] == [
        ("OMO", 185_000, 185)
    ]
    balances = client.get("/v1/me/balances", headers=make.bearer(shopper)).json()["balances"]
    nothing = {"pending": 0, "held": 0, "owed": 0, "expiring_next": None, "expiring": []}
    assert balances == [{"brand": "OMO", "available": 185} | nothing]
    transfers = client.get("/v1/me/transfers", headers=make.bearer(shopper)).json()["transfers"]
    assert [(row["brand"], row["kind"], row["points"]) for row in transfers] == [("OMO", "earn", 185)]


def test_a_shopper_is_not_told_whose_receipt_was_first(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    make.make_campaign(session)
    first = make.make_receipt(session, make.make_shopper(session, "0907654321"))
    settlement.settle_receipt(session, first.id, make.make_reading())
    second = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, second.id, make.make_reading())
    answer = client.get(f"/v1/receipts/{second.id}", headers=make.bearer(shopper) | {"Accept-Language": "en"})
    assert str(first.id) not in answer.text
    [reason] = answer.json()["reasons"]
    assert (reason["code"], reason["evidence"]) == ("same_image", {})
    assert reason["message"].startswith("This picture was sent before")
    staff = make.bearer(make.make_staff(session))
    assert str(first.id) in client.get(f"/v1/receipts/{second.id}", headers=staff).text


def test_events_end_when_the_receipt_has_ended(real_client: TestClient) -> None:

    with transaction() as session:
        make.make_campaign(session)
        shopper = make.make_shopper(session)
        receipt = make.make_receipt(session, shopper)
        settlement.settle_receipt(session, receipt.id, make.make_reading())
    answer = real_client.get(f"/v1/receipts/{receipt.id}/events", headers=make.bearer(shopper))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("event: approved\ndata: {")
    assert answer.text.count("event:") == 1


def test_an_upload_rings_once_its_row_is_committed(real_client: TestClient) -> None:

    with transaction() as session:
        shopper = make.make_shopper(session)
    answer = upload(real_client, shopper, make.make_photo())
    [job] = queue.read_queue().jobs
    assert list(job.args) == [answer.json()["id"]]


def test_an_upload_is_taken_while_redis_is_away(real_client: TestClient) -> None:

    with transaction() as session:
        shopper = make.make_shopper(session)
    address = settings().redis_url
    try:
        override_settings(redis_url="redis://127.0.0.1:1/0")
        queue.redis.cache_clear()
        assert upload(real_client, shopper, make.make_photo()).status_code == 202
        assert real_client.get("/readyz").status_code == 503
    finally:
        override_settings(redis_url=address)
        queue.redis.cache_clear()
    assert real_client.get("/readyz").json()["checks"] == dict.fromkeys(
        ("database", "schema", "redis", "store", "disk"), True
    )


def test_a_commit_that_fails_never_answers_202(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:

    with transaction() as session:
        shopper = make.make_shopper(session)

    def fail(self: Session) -> None:
        self.rollback()
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    with TestClient(just_started(), raise_server_exceptions=False) as client:
        with monkeypatch.context() as broken:
            broken.setattr(Session, "commit", fail)
            answer = upload(client, shopper, make.make_photo())
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        assert queue.read_queue().count == 0
        assert client.get("/v1/receipts", headers=make.bearer(shopper)).json()["receipts"] == []


def test_unknown_paths_and_methods_are_problems_too(client: TestClient, session: Session) -> None:
    assert client.get("/v1/nothing").json()["code"] == "not_found"
    shopper = make.bearer(make.make_shopper(session))
    assert client.delete("/v1/receipts", headers=shopper).json()["code"] == "method_not_allowed"
    assert client.get(f"/v1/receipts/{uuid4()}").json()["code"] == "unauthenticated"

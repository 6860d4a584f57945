"""Uploads in parts, by HTTP: what is spoken, what is refused, and that a receipt comes of one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from domain.privacy import consents
from domain.receipts import resumable
from infra import clock, storage
from infra.db import transaction
from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptPage
from schemas.uploads import ResumableUpload
from tests import make
from tests.make.bodies import TUS
from tests.make.uploads import begin, metadata, pages, part
from workers import privacy

PHOTO = make.make_photo(mark="in parts")
HALF = len(PHOTO) // 2


@pytest.fixture
def shopper(session: Session, empty_redis: None) -> Shopper:
    return make.make_shopper(session)


@pytest.fixture
def who(shopper: Shopper) -> dict[str, str]:
    return make.bearer(shopper)


@pytest.fixture
def time_passes() -> Generator[Callable[[timedelta], None]]:
    clock.pretend(clock.now())
    yield lambda pause: clock.pretend(clock.now() + pause)
    clock.pretend(None)


def kept_parts(shopper: Shopper) -> list[str]:
    return [name for name in storage.objects_of(shopper.id) if "/upload-" in name]


def test_what_is_spoken_is_said_to_whoever_asks(client: TestClient) -> None:
    answer = client.options("/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,expiration,checksum,termination"
    assert answer.headers["tus-max-size"] == "60000000"
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"


def test_pages_that_come_in_parts_are_one_receipt(
    client: TestClient, session: Session, shopper: Shopper, who: dict[str, str]
) -> None:
    photos = [make.make_photo(mark=f"page {number}") for number in range(3)]
    whole, at = b"".join(photos), "2026-11-30T09:30:00+07:00"
    begun = client.post("/v1/uploads", headers=who | pages(*photos, captured_at=at, filename="IMG_1.jpg"))
    path = begun.headers["location"]
    # Not where one page ends: parts know nothing of pages.
    for start, end in ((0, 1), (1, 5000), (5000, len(whole))):
        answer = client.patch(path, content=whole[start:end], headers=who | part(start))
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end)), answer.text
    receipt = session.get_one(Receipt, UUID(answer.headers["quetbill-receipt"]))
    assert (receipt.shopper_id, receipt.status) == (shopper.id, "received")
    assert receipt.captured_at is not None
    assert receipt.captured_at.isoformat() == "2026-11-30T02:30:00+00:00"
    found = session.exec(select(ReceiptPage).order_by(col(ReceiptPage.position))).all()
    assert [page.sha256 for page in found] == [storage.photo_hash(photo) for photo in photos]
    shown = client.head(path, headers=who | TUS)
    assert shown.headers["upload-offset"] == shown.headers["upload-length"] == str(len(whole))
    assert shown.headers["quetbill-receipt"] == str(receipt.id)
    assert shown.headers["upload-metadata"] == begun.request.headers["upload-metadata"]
    assert shown.headers["cache-control"] == "no-store"
    # Nothing more is taken, and nothing at the end asks again.
    assert client.patch(path, content=b"x", headers=who | part(len(whole))).status_code == 413
    assert client.patch(path, content=b"", headers=who | part(len(whole))).status_code == 204
    assert client.patch(path, content=whole[5000:], headers=who | part(5000)).status_code == 409


@pytest.mark.parametrize("first", ["at once", "in parts"])
def test_one_key_brings_one_receipt_whichever_way_it_is_sent_again(
    client: TestClient, session: Session, who: dict[str, str], first: str
) -> None:
    key = {"Idempotency-Key": "a key of before the first try"}

    def at_once() -> str:
        answer = client.post("/v1/receipts", files={"image": PHOTO}, headers=who | key)
        return str(answer.json()["id"])

    def in_parts() -> str:
        path = begin(client, who, PHOTO, **key)
        assert begin(client, who, PHOTO, **key) == path
        return str(client.patch(path, content=PHOTO, headers=who | part(0)).headers["quetbill-receipt"])

    ways = [at_once, in_parts] if first == "at once" else [in_parts, at_once]
    assert len({way() for way in ways}) == 1
    assert len(session.exec(select(Receipt)).all()) == 1
    other = client.post("/v1/uploads", headers=who | key | pages(PHOTO, b"more"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_digest_is_checked_and_a_part_that_fails_it_is_not_there(
    client: TestClient, who: dict[str, str]
) -> None:
    path = begin(client, who, PHOTO)

    def send(algorithm: str, digest: str) -> Any:
        headers = who | part(0, **{"Upload-Checksum": f"{algorithm} {digest}"})
        return client.patch(path, content=PHOTO[:HALF], headers=headers)

    right = base64.b64encode(hashlib.sha1(PHOTO[:HALF]).digest()).decode()  # noqa: S324 - the protocol's
    wrong = base64.b64encode(hashlib.sha256(PHOTO).digest()).decode()
    refused = send("sha256", wrong)
    assert (refused.status_code, refused.json()["code"]) == (460, "checksum_mismatch")
    assert refused.json()["title"] == "Checksum Mismatch"
    assert client.head(path, headers=who | TUS).headers["upload-offset"] == "0"
    assert {send(*said).status_code for said in (("md5", right), ("sha1", "no base64"))} == {400}
    assert send("sha1", right).headers["upload-offset"] == str(HALF)


HOSTILE: dict[str, tuple[dict[str, str], int, str]] = {
    "another version": ({"Tus-Resumable": "0.2.2"}, 412, "tus_version_unsupported"),
    "no number": ({"Upload-Length": "many"}, 422, "invalid_request"),
    "nothing": ({"Upload-Length": "0", "Upload-Metadata": ""}, 422, "empty_image"),
    "too much": ({"Upload-Length": "60000001", "Upload-Metadata": ""}, 413, "request_too_large"),
    "a large page": ({"Upload-Length": "15000001", "Upload-Metadata": ""}, 422, "image_too_large"),
    "seven pages": (pages(*[b"x"] * 7), 422, "too_many_pages"),
    "other sizes": ({"Upload-Metadata": metadata(page_sizes="1,2")}, 422, "invalid_value"),
    "an empty page": (pages(b"", PHOTO), 422, "empty_image"),
    "sizes of words": ({"Upload-Metadata": metadata(page_sizes="one")}, 422, "invalid_value"),
    "a time that is none": ({"Upload-Metadata": metadata(captured_at="soon")}, 422, "invalid_value"),
    "a time without a zone": ({"Upload-Metadata": metadata(captured_at="2026-01-01")}, 422, "invalid_value"),
    "no base64": ({"Upload-Metadata": "filename ../../etc"}, 422, "invalid_value"),
    "a key twice": ({"Upload-Metadata": "a eA==,a eA=="}, 422, "invalid_value"),
    "a key that is none": ({"Upload-Metadata": 'a"b eA=='}, 422, "invalid_value"),
    "much to tell": ({"Upload-Metadata": "a " + "eA" * 500}, 422, "invalid_request"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_could_be_no_receipt_is_refused_before_it_is_sent(
    client: TestClient, session: Session, who: dict[str, str], what: str
) -> None:
    headers, status, code = HOSTILE[what]
    answer = client.post("/v1/uploads", headers=who | pages(PHOTO) | headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert session.exec(select(ResumableUpload)).all() == []


def test_a_part_is_refused_that_is_too_long_of_another_type_or_elsewhere(
    client: TestClient, who: dict[str, str], shopper: Shopper
) -> None:
    path = begin(client, who, PHOTO)

    def stream() -> Generator[bytes]:
        yield from (PHOTO, b"too much")

    for content, headers, status, code in (
        (PHOTO + b"!", part(0), 413, "request_too_large"),
        (stream(), part(0), 413, "request_too_large"),
        (PHOTO, part(0, **{"Content-Type": "image/jpeg"}), 415, "part_type_unsupported"),
        (PHOTO, part(5), 409, "upload_offset_conflict"),
        (PHOTO, {"Content-Type": "application/offset+octet-stream"}, 412, "tus_version_unsupported"),
    ):
        answer = client.patch(path, content=content, headers=who | headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.head(path, headers=who | TUS).headers["upload-offset"] == "0"
    assert kept_parts(shopper) == []


def test_another_s_upload_is_not_there(client: TestClient, session: Session, who: dict[str, str]) -> None:
    path, other = begin(client, who, PHOTO), make.bearer(make.make_shopper(session, "0909999999"))
    for answer in (
        client.head(path, headers=other | TUS),
        client.patch(path, content=PHOTO, headers=other | part(0)),
        client.delete(path, headers=other | TUS),
    ):
        assert answer.status_code == 404
    assert client.head(path, headers=who | TUS).headers["upload-offset"] == "0"


def test_a_picture_that_is_refused_ends_its_upload(
    client: TestClient, session: Session, who: dict[str, str]
) -> None:
    key = {"Idempotency-Key": "one"}
    path = begin(client, who, b"no picture at all", **key)
    answer = client.patch(path, content=b"no picture at all", headers=who | part(0))
    assert (answer.status_code, answer.json()["code"]) == (422, "not_an_image")
    assert client.head(path, headers=who | TUS).status_code == 404
    # Its key and its room are free again.
    assert begin(client, who, PHOTO, **key) != path
    assert session.exec(select(Receipt)).all() == []


def test_who_did_not_agree_to_take_part_begins_nothing_and_ends_nothing(
    client: TestClient, session: Session, shopper: Shopper, who: dict[str, str]
) -> None:
    path = begin(client, who, PHOTO)
    refuse = make_consent(client, who, given=False)
    assert refuse.status_code == 200
    for answer in (
        client.post("/v1/uploads", headers=who | pages(PHOTO)),
        client.patch(path, content=PHOTO, headers=who | part(0)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "consent_needed")
    make_consent(client, who, given=True)
    assert consents.given(session, shopper.id, "programme")
    assert client.patch(path, content=PHOTO, headers=who | part(0)).status_code == 204


def make_consent(client: TestClient, who: dict[str, str], *, given: bool) -> Any:
    said = {"purpose": "programme", "given": given} | ({"text_version": 1} if given else {})
    return client.put("/v1/me/consents", json={"consents": [said]}, headers=who)


def test_five_are_open_at_once_and_sixty_megabytes(client: TestClient, who: dict[str, str]) -> None:
    large = {"Upload-Length": "12000000", "Upload-Metadata": ""}
    for _ in range(5):
        assert client.post("/v1/uploads", headers=who | TUS | large).status_code == 201
    refused = client.post("/v1/uploads", headers=who | TUS | {"Upload-Length": "1"})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_uploads")


def test_bytes_are_counted_before_uploads(client: TestClient, who: dict[str, str]) -> None:
    four = metadata(page_sizes="14000000,14000000,14000000,14000000")
    first = TUS | {"Upload-Length": "56000000", "Upload-Metadata": four}
    path = client.post("/v1/uploads", headers=who | first).headers["location"]
    second = who | TUS | {"Upload-Length": "4000001"}
    assert client.post("/v1/uploads", headers=second).status_code == 429
    assert client.delete(path, headers=who | TUS).status_code == 204
    assert client.post("/v1/uploads", headers=second).status_code == 201


def test_an_upload_has_three_hundred_parts_at_most(
    client: TestClient, session: Session, who: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable, "PARTS_MAX", 2)
    path = begin(client, who, PHOTO)
    statuses = [client.patch(path, content=b"x", headers=who | part(at)).status_code for at in range(3)]
    assert statuses == [204, 204, 422]


def test_an_upload_that_is_over_is_nobody_s_and_goes_with_all_that_came_of_it(
    real_client: TestClient, time_passes: Callable[[timedelta], None]
) -> None:
    with transaction() as session:
        shopper = make.make_shopper(session)
    who = make.bearer(shopper)
    left, whole, ended = (begin(real_client, who, PHOTO) for _ in range(3))
    for path in (left, ended):
        assert real_client.patch(path, content=b"x", headers=who | part(0)).status_code == 204
    assert real_client.patch(whole, content=PHOTO, headers=who | part(0)).status_code == 204
    assert len(kept_parts(shopper)) == 2
    # What a process left that was killed before the row knew of it.
    storage.put_object(f"{shopper.id.hex}/upload-{UUID(ended[-36:]).hex}-1-killed", b"x")
    assert real_client.delete(ended, headers=who | TUS).status_code == 204
    assert real_client.head(ended, headers=who | TUS).status_code == 404
    # A request that looked at it before may be at it still.
    assert privacy.forget_uploads() == 0
    time_passes(timedelta(hours=1, minutes=1))
    assert privacy.forget_uploads() == 1
    assert len(kept_parts(shopper)) == 1
    assert real_client.head(left, headers=who | TUS).status_code == 200
    time_passes(timedelta(hours=23))
    assert real_client.head(left, headers=who | TUS).status_code == 404
    time_passes(timedelta(hours=1))
    assert privacy.forget_uploads() == 2
    assert kept_parts(shopper) == []
    with transaction() as session:
        assert session.exec(select(ResumableUpload)).all() == []
        assert len(session.exec(select(Receipt)).all()) == 1

"""App attestation, checked offline against recorded answers: what passes, what fails, what it then does."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain import settlement
from domain.origins.attestations import attest
from infra.settings import override_settings
from schemas.origins import AttestedKey, UploadOrigin
from schemas.people import Shopper
from schemas.receipts import Receipt
from tests import make
from tests.make.attestation_vectors import APP_ID, PACKAGE, SHOPPER, VECTORS

RECORDED: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
APPLE, GOOGLE = RECORDED["apple"], RECORDED["google"]
FIRST = f"apple:{APPLE['key_id']}:{APPLE['attestation']}"
Mode = Literal["off", "observe", "enforce"]
CHANGED = (
    "attestation_mode",
    "attestation_apple_app_id",
    "attestation_apple_root",
    "attestation_google_package",
    "attestation_google_decryption_key",
    "attestation_google_verification_key",
)


def configure(mode: Mode, root: Path, **values: str) -> None:
    root.write_text(APPLE["root"], encoding="utf-8")
    given = {
        "attestation_mode": mode,
        "attestation_apple_app_id": APP_ID,
        "attestation_apple_root": str(root),
        "attestation_google_package": PACKAGE,
        "attestation_google_decryption_key": GOOGLE["decryption_key"],
        "attestation_google_verification_key": GOOGLE["verification_key"],
    }
    override_settings(**(given | values))


@pytest.fixture
def root(tmp_path: Path) -> Generator[Path]:
    yield tmp_path / "root.pem"
    override_settings(**dict.fromkeys(CHANGED, ""))


def result(session: Session, header: str | None, upload: str | None = "upload-1") -> str | None:
    return attest(session, header, UUID(SHOPPER), upload)


def signed(upload: str) -> str:
    return f"apple-signed:{APPLE['key_id']}:{APPLE['signed'][upload]}"


def altered(proof: str) -> str:
    raw = bytearray(base64.b64decode(proof))
    raw[len(raw) // 2] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def test_where_attestation_is_off_it_is_not_looked_at(session: Session) -> None:
    assert result(session, FIRST) is None


def test_an_iphone_attests_once_and_signs_from_then_on(session: Session, root: Path) -> None:
    configure("observe", root)
    assert result(session, signed("upload-2"), "upload-2") == "failed"
    assert result(session, FIRST) == "passed"
    assert result(session, signed("upload-2"), "upload-2") == "passed"
    assert result(session, signed("upload-3"), "upload-3") == "passed"
    key = session.get_one(AttestedKey, base64.b64decode(APPLE["key_id"]).hex())
    session.refresh(key)
    assert key.counter == 2


def test_a_signature_is_good_once_and_for_its_upload_only(session: Session, root: Path) -> None:
    configure("observe", root)
    assert result(session, FIRST) == "passed"
    assert result(session, signed("upload-3"), "upload-2") == "failed"
    assert result(session, signed("upload-3"), "upload-3") == "passed"
    assert result(session, signed("upload-3"), "upload-3") == "failed"
    # The counter has moved on: what was held back comes too late.
    assert result(session, signed("upload-2"), "upload-2") == "failed"


def test_an_attestation_for_another_upload_or_app_or_from_another_authority_fails(
    session: Session, root: Path
) -> None:
    configure("observe", root)
    assert result(session, FIRST, "upload-2") == "failed"
    assert result(session, f"apple:{APPLE['key_id']}:{altered(APPLE['attestation'])}") == "failed"
    configure("observe", root, attestation_apple_app_id="ABCDE12345.vn.elsewhere")
    assert result(session, FIRST) == "failed"
    # Without a root of our own, Apple's must have signed it.
    configure("observe", root, attestation_apple_root="")
    assert result(session, FIRST) == "failed"


def test_an_android_phone_passes_and_an_emulator_and_another_app_fail(session: Session, root: Path) -> None:
    configure("observe", root)
    assert result(session, f"google:{GOOGLE['genuine']}") == "passed"
    assert result(session, f"google:{GOOGLE['genuine']}", "upload-2") == "failed"
    assert result(session, f"google:{GOOGLE['emulator']}") == "failed"
    assert result(session, f"google:{GOOGLE['other_app']}") == "failed"
    other_key = base64.b64encode(bytes(32)).decode()
    configure("observe", root, attestation_google_decryption_key=other_key)
    assert result(session, f"google:{GOOGLE['genuine']}") == "failed"


@pytest.mark.parametrize(
    "header",
    [
        "nonsense",
        "google:",
        "google:a.b.c.d.e",
        "apple::",
        "apple:AAAA:AAAA",
        "apple:not base64:x",
        "apple:AAAA:oA==",  # an empty map
        "apple-signed:AAAA:AAAA",
        "apple:" + "A" * 20_000,
    ],
)
def test_what_is_no_attestation_fails_and_breaks_nothing(session: Session, root: Path, header: str) -> None:
    configure("enforce", root)
    assert result(session, header) == "failed"


@pytest.mark.parametrize(("header", "upload"), [(None, "upload-1"), (FIRST, None)])
def test_without_a_header_or_an_upload_to_bind_it_to_it_is_absent(
    session: Session, root: Path, header: str | None, upload: str | None
) -> None:
    configure("observe", root)
    assert result(session, header, upload) == "absent"


@pytest.mark.parametrize(
    ("mode", "kept", "status"),
    [("off", None, "approved"), ("observe", "absent", "approved"), ("enforce", "absent", "in_review")],
)
def test_only_enforcing_sends_an_unattested_app_to_a_person(
    client: TestClient, session: Session, root: Path, mode: Mode, kept: str | None, status: str
) -> None:
    configure(mode, root)
    make.make_campaign(session)
    shopper: Shopper = make.make_shopper(session)
    answer = client.post(
        "/v1/receipts",
        headers=make.bearer(shopper) | {"X-Device-Id": "phone", "Idempotency-Key": "upload-1"},
        files={"image": ("a.jpg", make.make_photo(), "image/jpeg")},
    )
    receipt_id = UUID(answer.json()["id"])
    assert session.get_one(UploadOrigin, receipt_id).attestation == kept
    settlement.settle_receipt(session, receipt_id, make.make_reading())
    assert session.get_one(Receipt, receipt_id).status == status

"""People who sign in, in tests: senders that keep what they were given, and clients that hold tokens."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.signin import codes
from domain.signin.handing import SEALED
from infra.code_senders import CodeMessage
from infra.secrets import unseal
from schemas.origins import Origin
from schemas.signin import OneTimeCode

PHONE = "0901234567"
HERE = Origin(device="a" * 32)


class KeptSender:
    """A provider that takes every code and keeps it, each reference once."""

    def __init__(self) -> None:
        self.messages: dict[str, CodeMessage] = {}
        self.asked = 0

    def send(self, message: CodeMessage, *, deadline: datetime) -> str | None:  # noqa: ARG002 - as all senders
        self.asked += 1
        known = message.reference in self.messages
        self.messages[message.reference] = message
        return None if known else f"id-{message.reference}"


def open_code(session: Session, phone: str = PHONE) -> str:
    """The digits of a phone's open code, as they lie sealed for whoever sends them."""
    digest = codes.phone_digests(codes.mobile_e164(phone))[0]
    row = session.exec(
        select(OneTimeCode)
        .where(OneTimeCode.phone_digest == digest, OneTimeCode.used_at == None)  # noqa: E711 - SQL's own null
        .order_by(OneTimeCode.created_at.desc())  # type: ignore[attr-defined]
        .execution_options(populate_existing=True)
    ).first()
    assert row is not None
    assert row.sealed is not None
    return str(json.loads(unseal(SEALED, row.sealed))["code"])


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def sign_in(
    client: TestClient, session: Session, phone: str = PHONE, device: str | None = "phone-1", **body: Any
) -> dict[str, Any]:
    """Sign in by code over HTTP; return the tokens."""
    headers = {"X-Device-Id": device} if device else {}
    asked = client.post("/v1/auth/codes", json={"phone": phone}, headers=headers)
    assert asked.status_code == 202, asked.text
    sent = {"phone": phone, "code": open_code(session, phone), **body}
    answer = client.post("/v1/auth/tokens", json=sent, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}

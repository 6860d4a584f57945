"""Push services, behind one protocol: browsers' own (Web Push) and Firebase's for apps.

They are abroad and show on locked screens: what they carry says that there is news, never which.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from urllib.parse import urlencode, urlsplit

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from httpcore import AsyncConnectionPool

from infra.outbound import Answer, OutboundError, post
from infra.settings import settings

Verdict = Literal["sent", "gone", "too_large", "later", "unsure", "refused"]
SEND_SECONDS: Final = 10.0
# A bell that could not be delivered for a day is news no more.
TTL_SECONDS: Final = 86_400
# Apple takes no token that lasts longer than a day; one is used for an hour.
VAPID_SECONDS: Final = 12 * 3600
VAPID_REUSE_SECONDS: Final = 3600
# By which a browser without a worker knows that it may show the notification by itself.
DECLARATIVE: Final = 8030
FCM_SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
GONE: Final = frozenset({404, 410})
TOO_LARGE: Final = 413


@dataclass(frozen=True, slots=True)
class Note:
    """What rings: words without anything personal, where a tap leads, and how much is unread."""

    title: str
    body: str
    navigate: str
    language: str
    unread: int


@dataclass(frozen=True, slots=True)
class Rung:
    """What came of it. `unsure`: it may have rung, so it is not rung again. `retry_after` is in seconds."""

    verdict: Verdict
    retry_after: int | None = None


class PushService(Protocol):
    """A way to ring: takes the address as the browser or app gave it."""

    async def ring(self, pool: AsyncConnectionPool, address: Mapping[str, Any], note: Note) -> Rung:
        """Send a note to one target."""


def services() -> dict[str, PushService]:
    """Return the push services that are set up, by the kind of target they serve."""
    found: dict[str, PushService] = {}
    if settings().push_vapid_key is not None:
        found["web"] = WebPush()
    if settings().push_fcm_account is not None:
        found["fcm"] = Fcm()
    return found


class WebPush:
    """RFC 8030, 8291 and 8292: encrypted for the browser, signed as us."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[float, str]] = {}

    async def ring(self, pool: AsyncConnectionPool, address: Mapping[str, Any], note: Note) -> Rung:
        """Send a declarative notification; browsers that know none hand it to their worker."""
        endpoint = str(address["endpoint"])
        body = http_ece.encrypt(
            declarative(note).encode(),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_unpadded(str(address["p256dh"])),
            auth_secret=_unpadded(str(address["auth"])),
            version="aes128gcm",
        )
        headers = {
            "authorization": self._authorization(endpoint),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(TTL_SECONDS),
        }
        return await _sent(pool, endpoint, body, headers)

    def _authorization(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc}"
        until, token = self._tokens.get(origin, (0.0, ""))
        if time.monotonic() >= until:
            now = int(time.time())
            claims = {"aud": origin, "exp": now + VAPID_SECONDS, "sub": settings().push_contact}
            token = jwt.encode(claims, vapid_key(), "ES256")
            self._tokens[origin] = (time.monotonic() + VAPID_REUSE_SECONDS, token)
        return f"vapid t={token}, k={vapid_public_key()}"


class Fcm:
    """Firebase Cloud Messaging, HTTP v1, with a service account's own token."""

    def __init__(self) -> None:
        self._until = 0.0
        self._token = ""

    async def ring(self, pool: AsyncConnectionPool, address: Mapping[str, Any], note: Note) -> Rung:
        """Send a notification to one app."""
        account = _account(settings().push_fcm_account)
        try:
            token = await self._access_token(pool, account)
        except OutboundError:
            return Rung("later")
        message = {
            "token": address["token"],
            "notification": {"title": note.title, "body": note.body},
            "data": {"navigate": note.navigate, "unread": str(note.unread)},
        }
        url = f"{settings().push_fcm_url}/v1/projects/{account['project_id']}/messages:send"
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return await _sent(pool, url, json.dumps({"message": message}).encode(), headers)

    async def _access_token(self, pool: AsyncConnectionPool, account: Mapping[str, str]) -> str:
        if time.monotonic() < self._until:
            return self._token
        now = int(time.time())
        claims = {
            "iss": account["client_email"],
            "scope": FCM_SCOPE,
            "aud": account["token_uri"],
            "iat": now,
            "exp": now + 3600,
        }
        asked = urlencode(
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": jwt.encode(claims, account["private_key"], "RS256"),
            }
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await post(pool, account["token_uri"], asked.encode(), headers, seconds=SEND_SECONDS)
        if not answer.is_good:
            raise OutboundError("no_token")
        given = json.loads(answer.body)
        self._token = str(given["access_token"])
        self._until = time.monotonic() + max(0, int(given["expires_in"]) - 60)
        return self._token


def declarative(note: Note) -> str:
    """Return a note as the JSON of a declarative Web Push."""
    shown = {"title": note.title, "body": note.body, "navigate": note.navigate, "lang": note.language}
    return json.dumps({"web_push": DECLARATIVE, "notification": shown, "app_badge": note.unread})


async def _sent(pool: AsyncConnectionPool, url: str, body: bytes, headers: Mapping[str, str]) -> Rung:
    try:
        return verdict_on(await post(pool, url, body, headers, seconds=SEND_SECONDS))
    except OutboundError as error:
        # Where nothing was connected nothing can have rung.
        return Rung({"no_connection": "later", "refused_address": "gone"}.get(error.code, "unsure"))  # type: ignore[arg-type]


def verdict_on(answer: Answer) -> Rung:
    """Return what a push service's answer means: a target that it knows no more is gone for ever."""
    if answer.is_good:
        return Rung("sent")
    if answer.status in GONE or b"UNREGISTERED" in answer.body:
        return Rung("gone")
    if answer.status == TOO_LARGE:
        return Rung("too_large")
    if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004 - HTTP's own
        return Rung("later", answer.retry_after)
    return Rung("refused")


@cache
def _vapid(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TypeError("QUETBILL_PUSH_VAPID_KEY is no key on the curve P-256.")
    return key


def vapid_key() -> ec.EllipticCurvePrivateKey:
    """Return the key by which push services know us."""
    path = settings().push_vapid_key
    if path is None:
        raise LookupError("QUETBILL_PUSH_VAPID_KEY is not set.")
    return _vapid(path)


def vapid_public_key() -> str:
    """Return its public half as browsers take it: an uncompressed point, base64url."""
    point = vapid_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")


@cache
def _account(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))

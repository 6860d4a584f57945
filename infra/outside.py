"""Tokens of an outside sign-in service (OpenID Connect), checked with its published keys."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import httpx
import jwt
import structlog

from infra.settings import settings

# Signatures by key pairs alone: with a shared secret who can check a token could make one.
ALGORITHMS: Final = ("RS256", "ES256")
LEEWAY_SECONDS: Final = 30
KEYS_KEPT_SECONDS: Final = 3_600.0
# A token that names a key we don't know makes us look again, but strangers can't have us look all the time.
LOOK_AGAIN_SECONDS: Final = 30.0
FETCH_SECONDS: Final = 3.0
SUBJECT_LENGTH_MAX: Final = 255
_log = structlog.get_logger()


class OutsideError(Exception):
    """The token is no good: not of that service, not for us, expired, or its keys can't be had."""


@dataclass(frozen=True, slots=True)
class OutsideClaims:
    """What a token says: who they are to the service, and their phone where the service has checked it."""

    subject: str
    phone: str | None


@dataclass
class _Keys:
    """The service's keys by id, and when they were last looked for."""

    url: str
    by_id: dict[str, jwt.PyJWK] = field(default_factory=dict)
    looked_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key_id: str) -> jwt.PyJWK:
        """Return a key, looking for it at the service where it is new.

        Raises:
            OutsideError: There is none of that id.
        """
        with self.lock:
            age = time.monotonic() - self.looked_at
            if age > KEYS_KEPT_SECONDS or (key_id not in self.by_id and age > LOOK_AGAIN_SECONDS):
                self.looked_at = time.monotonic()
                self._look()
        if key_id not in self.by_id:
            raise OutsideError
        return self.by_id[key_id]

    def _look(self) -> None:
        try:
            answer = httpx.get(self.url, timeout=FETCH_SECONDS).raise_for_status()
            found = jwt.PyJWKSet.from_dict(answer.json())
            self.by_id = {str(key.key_id): key for key in found.keys if key.key_id}
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            jwt.PyJWTError,
            ValueError,
            AttributeError,
        ) as error:
            # The keys we had are good for as long as nothing newer is known.
            _log.warning("outside_keys_not_had", error=type(error).__name__)


@cache
def _keys(url: str) -> _Keys:
    return _Keys(url)


def read_outside_token(token: str) -> OutsideClaims:
    """Return what an outside token says.

    Raises:
        OutsideError: It is no good.
    """
    given = settings()
    try:
        header = jwt.get_unverified_header(token)
        key = _keys(given.outside_jwks_url).find(str(header.get("kid")))
        # The key says which algorithm it is for; what the token claims of it is not believed.
        claims = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm_name] if key.algorithm_name in ALGORITHMS else [],
            issuer=given.outside_issuer,
            audience=given.outside_audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["sub", "exp", "iat", "iss", "aud"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise OutsideError from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH_MAX or "\0" in subject:
        raise OutsideError
    return OutsideClaims(subject, _phone(claims))


def _phone(claims: dict[str, Any]) -> str | None:
    # A number that the service did not check would be anybody's.
    name = settings().outside_phone_claim
    said = claims.get(name) if name and claims.get(f"{name}_verified") is True else None
    return said if isinstance(said, str) else None

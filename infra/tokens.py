"""Signed tokens: who is calling, in which role, for which brands; and the console's cookie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from infra import clock
from infra.secrets import purpose_keys
from infra.settings import settings

ALGORITHM = "HS256"
ISSUER = "quetbill"
# What signs a shopper's session has a key of its own,
SESSION_KEY = "session"
# and so has what signs a token of no session.
TOKEN_KEY = "token"  # noqa: S105 - a purpose, no secret
# How far the clocks of two machines may be apart.
LEEWAY_SECONDS = 30


class TokenError(Exception):
    """The token is missing something, expired, or not signed by us."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. `subject` is a shopper's or staff member's id.

    `session_id` is the shopper's session that it belongs to; None for a token made at the command line.
    """

    subject: UUID
    role: str
    brands: tuple[str, ...]
    issued_at: datetime
    session_id: UUID | None = None


def sign(purpose: str, claims: Mapping[str, Any]) -> str:
    """Return claims signed with a purpose's key; the token's header names both, as `PURPOSE.KEY_ID`."""
    key_id, key = next(iter(purpose_keys(purpose).items()))
    return jwt.encode(dict(claims), key, algorithm=ALGORITHM, headers={"kid": f"{purpose}.{key_id}"})


def signed_for(token: str) -> str:
    """Return the purpose that a token names; whether it was signed for it, `verified` says.

    Raises:
        TokenError: It is no token.
    """
    try:
        return str(jwt.get_unverified_header(token).get("kid", "")).partition(".")[0]
    except (jwt.InvalidTokenError, ValueError) as error:
        raise TokenError from error


def verified(
    purpose: str, token: str, required: Sequence[str], *, issuer: str | None = None
) -> dict[str, Any]:
    """Return the claims of a token that was signed for a purpose, with a secret that is still listed.

    Raises:
        TokenError: It was not, has expired, or lacks a claim.
    """
    try:
        named, _, key_id = str(jwt.get_unverified_header(token).get("kid", "")).partition(".")
        key = purpose_keys(purpose).get(key_id)
        if named != purpose or key is None:
            raise TokenError
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(required)},
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise TokenError from error


def issue_token(subject: UUID, role: str, brands: Sequence[str] = ()) -> str:
    """Return a signed token of no session, good for `token_days`: for staff, and for development."""
    now = clock.now()
    claims = {
        "iss": ISSUER,
        "sub": str(subject),
        "role": role,
        "brands": list(brands),
        # With its fraction: what ends a person's tokens ends those of the same second too.
        "iat": now.timestamp(),
        "exp": now + timedelta(days=settings().token_days),
    }
    return sign(TOKEN_KEY, claims)


def access_token(shopper_id: UUID, session_id: UUID) -> str:
    """Return a shopper's signed access token, good for `access_minutes` and while its session stands."""
    now = clock.now()
    claims = {
        "iss": ISSUER,
        "sub": str(shopper_id),
        "role": "shopper",
        "sid": str(session_id),
        "iat": now.timestamp(),
        "exp": now + timedelta(minutes=settings().access_minutes),
    }
    return sign(SESSION_KEY, claims)


def read_token(token: str) -> Claims:
    """Return what a token says.

    Raises:
        TokenError: It is not ours, has expired, or lacks a claim.
    """
    of_session = signed_for(token) == SESSION_KEY
    required = ["sub", "role", "exp", "iss", "iat", *(["sid"] if of_session else [])]
    claims = verified(SESSION_KEY if of_session else TOKEN_KEY, token, required, issuer=ISSUER)
    try:
        session_id = UUID(claims["sid"]) if of_session else None
        brands = tuple(map(str, claims.get("brands", [])))
        issued_at = datetime.fromtimestamp(float(claims["iat"]), UTC)
        return Claims(UUID(claims["sub"]), str(claims["role"]), brands, issued_at, session_id)
    except (ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise TokenError from error

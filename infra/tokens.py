"""Bearer tokens: who is calling, in which role, for which brands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from infra import clock
from infra.secrets import purpose_key
from infra.settings import settings

ALGORITHM = "HS256"
ISSUER = "quetbill"
# Names the key in a token's header: a shopper's session signs with its own.
SESSION_KEY = "session"
# What signs a token of no session.
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
    return jwt.encode(claims, purpose_key(TOKEN_KEY), algorithm=ALGORITHM)


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
    key = purpose_key(SESSION_KEY)
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": SESSION_KEY})


def read_token(token: str) -> Claims:
    """Return what a token says.

    Raises:
        TokenError: It is not ours, has expired, or lacks a claim.
    """
    try:
        of_session = jwt.get_unverified_header(token).get("kid") == SESSION_KEY
        required = ["sub", "role", "exp", "iss", "iat", *(["sid"] if of_session else [])]
        claims = jwt.decode(
            token,
            purpose_key(SESSION_KEY if of_session else TOKEN_KEY),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": required},
        )
        session_id = UUID(claims["sid"]) if of_session else None
        brands = tuple(map(str, claims.get("brands", [])))
        issued_at = datetime.fromtimestamp(float(claims["iat"]), UTC)
        return Claims(UUID(claims["sub"]), str(claims["role"]), brands, issued_at, session_id)
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise TokenError from error

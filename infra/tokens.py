"""Bearer tokens: who is calling, in which role, for which brands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from infra import clock
from infra.secrets import token_secret
from infra.settings import settings

ALGORITHM = "HS256"
ISSUER = "quetbill"
# How far the clocks of two machines may be apart.
LEEWAY_SECONDS = 30


class TokenError(Exception):
    """The token is missing something, expired, or not signed by us."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. `subject` is a shopper's or staff member's id."""

    subject: UUID
    role: str
    brands: tuple[str, ...]
    issued_at: datetime


def issue_token(subject: UUID, role: str, brands: Sequence[str] = ()) -> str:
    """Return a signed token, good for `token_days`."""
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
    return jwt.encode(claims, token_secret(), algorithm=ALGORITHM)


def read_token(token: str) -> Claims:
    """Return what a token says.

    Raises:
        TokenError: It is not ours, has expired, or lacks a claim.
    """
    try:
        claims = jwt.decode(
            token,
            token_secret(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": ["sub", "role", "exp", "iss", "iat"]},
        )
        brands = tuple(map(str, claims.get("brands", [])))
        issued_at = datetime.fromtimestamp(float(claims["iat"]), UTC)
        return Claims(UUID(claims["sub"]), str(claims["role"]), brands, issued_at)
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise TokenError from error

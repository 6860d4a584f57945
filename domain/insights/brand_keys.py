"""Keys with which a brand's own tools read its figures: made once, shown once, kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.errors import NotFoundError
from domain.insights.errors import TooManyKeysError
from domain.people.audit import record_act
from infra import clock
from infra.db import lock_key
from schemas.exports import BrandKey

PREFIX: Final = "qbk_"
KEYS_MAX: Final = 10
# When a key was used last is noted once in so long, so that reading writes little.
_NOTED_EVERY: Final = timedelta(minutes=5)


def make_key(session: Session, staff_id: UUID, brand: str, name: str) -> str:
    """Make a key of a brand and return it: it is told this once.

    Raises:
        TooManyKeysError: The brand has as many as may be.
    """
    lock_key(session, f"brand_key:{brand}")
    standing = select(func.count()).where(BrandKey.brand == brand, col(BrandKey.revoked_at).is_(None))
    if session.exec(standing).one() >= KEYS_MAX:
        raise TooManyKeysError(most=KEYS_MAX)
    key = PREFIX + secrets.token_urlsafe(32)
    begins = key[:12]
    session.add(
        BrandKey(
            brand=brand,
            name=name,
            begins=begins,
            digest=_digest(key),
            created_at=clock.now(),
            created_by=staff_id,
        )
    )
    record_act(session, staff_id, "brand_key_made", subject=brand, details={"key": begins})
    return key


def revoke_key(session: Session, staff_id: UUID, brand: str, key_id: UUID) -> None:
    """End a key of a brand at once.

    Raises:
        NotFoundError: The brand has none such that stands.
    """
    key = session.get(BrandKey, key_id)
    if key is None or key.brand != brand or key.revoked_at is not None:
        raise NotFoundError
    key.revoked_at = clock.now()
    record_act(session, staff_id, "brand_key_revoked", subject=brand, details={"key": key.begins})


def keys_of(session: Session, brand: str) -> Sequence[BrandKey]:
    """Return a brand's keys that stand, the oldest first."""
    standing = (BrandKey.brand == brand, col(BrandKey.revoked_at).is_(None))
    return session.exec(select(BrandKey).where(*standing).order_by(col(BrandKey.created_at))).all()


def standing_key(session: Session, key: str) -> BrandKey | None:
    """Return the key that a caller has, if it stands; it is looked for by its digest, so by no part of it."""
    found = session.exec(select(BrandKey).where(BrandKey.digest == _digest(key))).first()
    return found if found is not None and found.revoked_at is None else None


def note_use(session: Session, key_id: UUID) -> None:
    """Note that a key is used now."""
    key = session.get_one(BrandKey, key_id)
    now = clock.now()
    if key.used_at is None or now - key.used_at >= _NOTED_EVERY:
        key.used_at = now


def _digest(key: str) -> str:
    # Of 256 random bits: no dictionary holds it, and a slow digest would protect nothing more.
    return hashlib.sha256(key.encode()).hexdigest()

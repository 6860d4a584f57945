"""Which partners there are, and whether a request is really theirs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.partners.errors import PartnerExistsError, SignatureError
from infra import clock
from infra.secrets import seal, unseal
from schemas.base import new_id
from schemas.partners import NewPartner, Partner, PartnerSecret

PURPOSE = "partner secret"
SECRET_BYTES = 32
SECRET_PREFIX = "qbsec_"  # noqa: S105 - what a secret begins with, so that a leaked one is recognised
# How long a signed request may have been under way, or two machines' clocks apart.
WINDOW = timedelta(minutes=5)
# A partner with many tills needs a while to bring a new secret to each.
FORMER_SECRET_GOOD = timedelta(days=7)
SIGNATURE_VERSION = "v1"


def join_partner(session: Session, wanted: NewPartner) -> PartnerSecret:
    """Let a partner in; its secret is told this once.

    Raises:
        PartnerExistsError: The name is taken.
    """
    if session.exec(select(Partner.id).where(Partner.slug == wanted.slug)).first() is not None:
        raise PartnerExistsError
    secret = _new_secret()
    partner = Partner(
        id=new_id(),
        slug=wanted.slug,
        name=wanted.name,
        secret_sealed=seal(PURPOSE, secret.encode()),
        joined_at=clock.now(),
    )
    session.add(partner)
    session.flush()
    return PartnerSecret(partner=partner.slug, secret=secret, former_until=None)


def renew_secret(session: Session, slug: str) -> PartnerSecret:
    """Give a partner a new secret; the one before it is good for seven days more.

    Raises:
        NotFoundError: There is no such partner, or it has ended.
    """
    partner = _standing(session, slug, locked=True)
    secret = _new_secret()
    partner.former_secret_sealed = partner.secret_sealed
    partner.former_until = clock.now() + FORMER_SECRET_GOOD
    partner.secret_sealed = seal(PURPOSE, secret.encode())
    session.add(partner)
    session.flush()
    return PartnerSecret(partner=slug, secret=secret, former_until=partner.former_until)


def seal_again(session: Session) -> int:
    """Seal every partner's secrets with the newest key, so that those before can go; return how many."""
    found = session.exec(select(Partner).with_for_update()).all()
    for partner in found:
        partner.secret_sealed = seal(PURPOSE, unseal(PURPOSE, partner.secret_sealed))
        if partner.former_secret_sealed:
            partner.former_secret_sealed = seal(PURPOSE, unseal(PURPOSE, partner.former_secret_sealed))
    session.flush()
    return len(found)


def end_partner(session: Session, slug: str) -> Partner:
    """Take nothing of a partner's any more, from now on.

    Raises:
        NotFoundError: There is no such partner, or it has ended.
    """
    partner = _standing(session, slug, locked=True)
    partner.ended_at = clock.now()
    session.add(partner)
    session.flush()
    return partner


def partners(session: Session) -> list[Partner]:
    """Return all partners, by slug."""
    return list(session.exec(select(Partner).order_by(col(Partner.slug))).all())


def standing_partner(session: Session, slug: str) -> Partner | None:
    """Return a partner that has not ended; None where there is none of this name."""
    statement = select(Partner).where(Partner.slug == slug, col(Partner.ended_at).is_(None))
    return session.exec(statement).one_or_none()


def partner_ids(session: Session, slugs: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of partners that stand, by slug; an unknown one is missing."""
    statement = select(Partner.slug, Partner.id).where(
        col(Partner.slug).in_(slugs), col(Partner.ended_at).is_(None)
    )
    return dict(session.exec(statement).all())


def signature(secret: str, *, method: str, path: str, timestamp: str, body: bytes) -> str:
    """Return how a request is signed: HMAC-SHA256 over its method, path, time and the body's SHA-256."""
    signed = "\n".join((method.upper(), path, timestamp, hashlib.sha256(body).hexdigest()))
    made = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{SIGNATURE_VERSION},{base64.b64encode(made).decode()}"


def signed_by(
    session: Session, slug: str, *, method: str, path: str, timestamp: str, body: bytes, given: str
) -> Partner:
    """Return the partner that signed a request with its secret, or with the one before.

    Args:
        session: The transaction.
        slug: Who the request says it is from.
        method: GET, POST.
        path: As sent, with its query.
        timestamp: When it was signed, seconds since 1970.
        body: Its exact bytes.
        given: The signature it came with.

    Raises:
        SignatureError: No such partner stands, the time is off, or the signature is not theirs.
    """
    try:
        partner = _standing(session, slug)
        at = datetime.fromtimestamp(int(timestamp), UTC)
    except (NotFoundError, ValueError, OverflowError, OSError) as error:
        raise SignatureError from error
    now = clock.now()
    if abs(now - at) > WINDOW:
        raise SignatureError
    kept = [partner.secret_sealed]
    if partner.former_secret_sealed and partner.former_until and partner.former_until > now:
        kept.append(partner.former_secret_sealed)
    for sealed in kept:
        secret = unseal(PURPOSE, sealed).decode()
        right = signature(secret, method=method, path=path, timestamp=timestamp, body=body)
        if hmac.compare_digest(right.encode(), given.encode()):
            return partner
    raise SignatureError


def _new_secret() -> str:
    return SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def _standing(session: Session, slug: str, *, locked: bool = False) -> Partner:
    statement = select(Partner).where(Partner.slug == slug, col(Partner.ended_at).is_(None))
    found = session.exec(statement.with_for_update() if locked else statement).one_or_none()
    if found is None:
        raise NotFoundError
    return found

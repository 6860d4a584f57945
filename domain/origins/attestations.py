"""Whether an upload's app is vouched for, by what its header says and the keys vouched for before."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from infra import attestation, clock
from infra.settings import settings
from schemas.base import table_of
from schemas.origins import AttestationResult, AttestedKey


def attest(
    session: Session, header: str | None, shopper_id: UUID, idempotency_key: str | None
) -> AttestationResult | None:
    """Check an upload's attestation; None where attestation is off.

    Without an idempotency key there is nothing that it could be bound to, so it is absent.
    """
    if settings().attestation_mode == "off":
        return None
    if not header or not idempotency_key:
        return "absent"
    challenge = attestation.challenge_of(str(shopper_id), idempotency_key)
    try:
        _check(session, header[: attestation.HEADER_LENGTH_MAX], challenge)
    except attestation.AttestationError:
        return "failed"
    return "passed"


def _check(session: Session, header: str, challenge: bytes) -> None:
    scheme, _, rest = header.partition(":")
    key_id, _, proof = rest.partition(":")
    match scheme:
        case "google":
            attestation.check_google(rest, challenge)
        case "apple":
            _keep_key(session, attestation.check_apple(key_id, proof, challenge))
        case "apple-signed":
            _check_signed(session, attestation.named(key_id), proof, challenge)
        case _:
            raise attestation.AttestationError


def _keep_key(session: Session, app: attestation.AttestedApp) -> None:
    session.execute(
        insert(table_of(AttestedKey))
        .values(key_id=app.key_id, public_key=app.public_key, counter=0, attested_at=clock.now())
        .on_conflict_do_nothing()
    )


def _check_signed(session: Session, key_id: str, assertion: str, challenge: bytes) -> None:
    key = session.get(AttestedKey, key_id)
    if key is None:
        raise attestation.AttestationError
    counter = attestation.check_apple_signature(key.public_key, assertion, challenge)
    # One statement, so that of two copies of a signature that arrive at once only one is new.
    advanced = session.execute(
        update(AttestedKey)
        .where(col(AttestedKey.key_id) == key_id, col(AttestedKey.counter) < counter)
        .values(counter=counter)
        .returning(col(AttestedKey.key_id))
    ).first()
    if advanced is None:
        raise attestation.AttestationError

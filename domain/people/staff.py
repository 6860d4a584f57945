"""How staff prove who they are, and which shoppers they are too close to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal
from uuid import UUID

import pyotp
from pwdlib import PasswordHash
from sqlalchemy import delete
from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.people.errors import WeakPasswordError
from domain.people.shoppers import phone_e164
from infra import clock
from infra.secrets import token_secret
from schemas.people import Shopper, StaffCredential, StaffMember, StaffRelation

PASSWORD_LENGTH_MIN = 12
# NIST SP 800-63B asks for at most 100 failures in a row; after a few, each one costs time.
FAILURES_FREE = 4
LOCK_STEPS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
# A code is good in its own half minute and the one on each side, for phones whose clocks drift.
CODE_STEP_SECONDS = 30
CODE_STEPS_AROUND = 1
ISSUER = "QuetBill"

SignInRefusal = Literal["wrong", "locked"]


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a sign-in ended: somebody, or why nobody."""

    staff: StaffMember | None
    refusal: SignInRefusal | None = None


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _hash_of_nobody() -> str:
    return _hasher().hash(secrets.token_hex(16))


def enrol(session: Session, staff: StaffMember, password: str) -> str:
    """Give a member of staff a password and a new one-time code; older sessions end.

    Returns:
        The otpauth:// address that an authenticator app takes, shown once.

    Raises:
        WeakPasswordError: The password is shorter than 12 characters.
    """
    if len(password) < PASSWORD_LENGTH_MIN:
        raise WeakPasswordError(length_min=PASSWORD_LENGTH_MIN)
    credential = session.get(StaffCredential, staff.id) or StaffCredential(
        staff_id=staff.id, password_hash="", code_salt="", sessions_from=clock.now()
    )
    credential.password_hash = _hasher().hash(password)
    credential.code_salt = secrets.token_hex(16)
    credential.last_code_step = 0
    credential.failures = 0
    credential.locked_until = None
    credential.sessions_from = clock.now()
    session.add(credential)
    session.flush()
    return one_time_codes(credential).provisioning_uri(name=staff.email, issuer_name=ISSUER)


def one_time_codes(credential: StaffCredential) -> pyotp.TOTP:
    """Return the generator of a member's codes (RFC 6238, six digits, SHA-1 as apps expect)."""
    material = f"one-time code|{credential.staff_id}|{credential.code_salt}".encode()
    digest = hmac.new(token_secret(), material, hashlib.sha256).digest()
    return pyotp.TOTP(base64.b32encode(digest[:20]).decode(), interval=CODE_STEP_SECONDS)


def sign_in(session: Session, email: str, password: str, code: str) -> SignIn:
    """Check who somebody is. A refusal is returned, not raised, so that its count is kept."""
    staff = session.exec(select(StaffMember).where(StaffMember.email == email.strip().lower())).first()
    credential = _locked_credential(session, staff.id) if staff else None
    if staff is None or credential is None:
        # As much work as for somebody known, so that the time taken tells nobody's address.
        _hasher().verify(password, _hash_of_nobody())
        return SignIn(None, "wrong")
    now = clock.now()
    if credential.locked_until is not None and credential.locked_until > now:
        return SignIn(None, "locked")
    password_right = _hasher().verify(password, credential.password_hash)
    step = _code_step(credential, code, now)
    if not password_right or step is None:
        credential.failures += 1
        if credential.failures > FAILURES_FREE:
            past_free = credential.failures - FAILURES_FREE - 1
            credential.locked_until = now + LOCK_STEPS[min(past_free, len(LOCK_STEPS) - 1)]
        return SignIn(None, "wrong")
    credential.failures = 0
    credential.locked_until = None
    credential.last_code_step = step
    return SignIn(staff)


def _locked_credential(session: Session, staff_id: UUID) -> StaffCredential | None:
    # Two sign-ins at once queue here, so that one code is never good for both.
    statement = select(StaffCredential).where(StaffCredential.staff_id == staff_id).with_for_update()
    return session.exec(statement).first()


def _code_step(credential: StaffCredential, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is and that was not used yet."""
    given = "".join(code.split())
    current = int(now.timestamp()) // CODE_STEP_SECONDS
    codes = one_time_codes(credential)
    for step in range(current - CODE_STEPS_AROUND, current + CODE_STEPS_AROUND + 1):
        if step > credential.last_code_step and hmac.compare_digest(
            codes.generate_otp(step).encode(), given.encode()
        ):
            return step
    return None


def signed_in(session: Session, staff_id: UUID, since: datetime) -> StaffMember | None:
    """Return the member of staff whose session began then, if it is still good."""
    found = session.exec(
        select(StaffMember, StaffCredential.sessions_from)
        .join(StaffCredential, col(StaffCredential.staff_id) == StaffMember.id)
        .where(StaffMember.id == staff_id)
    ).first()
    if found is None or since < found[1]:
        return None
    return found[0]


def sign_out(session: Session, staff_id: UUID) -> None:
    """End every session of a member of staff."""
    credential = session.get(StaffCredential, staff_id)
    if credential is not None:
        credential.sessions_from = clock.now()


@dataclass(frozen=True, slots=True)
class WayIn:
    """Somebody who may sign in; locked until then after failures."""

    email: str
    role: str
    brands: list[str]
    locked_until: datetime | None


def who_may_sign_in(session: Session) -> list[WayIn]:
    """Return everybody with a way in, by address."""
    rows = session.exec(
        select(StaffMember, StaffCredential.locked_until)
        .join(StaffCredential, col(StaffCredential.staff_id) == StaffMember.id)
        .order_by(col(StaffMember.email))
    ).all()
    return [WayIn(member.email, member.role, member.brands, locked) for member, locked in rows]


def end_access(session: Session, email: str) -> None:
    """Take a member's way in away; their sessions end at once.

    Raises:
        NotFoundError: Nobody with this address has one.
    """
    staff_id = session.exec(select(StaffMember.id).where(StaffMember.email == email.strip().lower())).first()
    credential = session.get(StaffCredential, staff_id) if staff_id else None
    if credential is None:
        raise NotFoundError
    session.delete(credential)
    session.flush()


def set_relations(session: Session, staff_id: UUID, phones: Iterable[str]) -> None:
    """Say which phones are a member's own or their family's: they never decide on those receipts.

    Raises:
        InvalidPhoneError: One of them can't be a phone number.
    """
    digests = {_phone_digest(phone_e164(phone)) for phone in phones}
    session.execute(delete(StaffRelation).where(col(StaffRelation.staff_id) == staff_id))
    session.add_all(StaffRelation(staff_id=staff_id, phone_digest=digest) for digest in digests)
    session.flush()


def is_related(session: Session, staff_id: UUID, shopper_id: UUID) -> bool:
    """Say whether a shopper is a member of staff themselves, or family."""
    return bool(related_among(session, staff_id, [shopper_id]))


def related_among(session: Session, staff_id: UUID, shopper_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of some shoppers who are a member of staff themselves, or family."""
    digests = session.exec(select(StaffRelation.phone_digest).where(StaffRelation.staff_id == staff_id)).all()
    if not digests:
        return set()
    rows = session.exec(select(Shopper.id, Shopper.phone).where(col(Shopper.id).in_(set(shopper_ids)))).all()
    return {shopper_id for shopper_id, phone in rows if phone and _phone_digest(phone) in digests}


def _phone_digest(phone: str) -> str:
    return hmac.new(token_secret(), f"relation|{phone}".encode(), hashlib.sha256).hexdigest()

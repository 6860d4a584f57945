"""How staff prove who they are, and which shoppers they are too close to."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable, Sequence
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
from domain.people.audit import record_act
from domain.people.errors import WeakPasswordError
from domain.people.recovery import forget_recovery_codes, use_recovery_code
from domain.people.shoppers import phone_e164
from infra import clock
from infra.secrets import mac, macs
from schemas.people import Shopper, SignInFailure, StaffCredential, StaffMember, StaffRelation
from schemas.staff import StaffLink, StaffRecoveryCode

PASSWORD_LENGTH_MIN = 12
# NIST SP 800-63B asks for at most 100 failures in a row; after a few, each one costs time.
FAILURES_FREE = 4
FAILURES_KEPT = timedelta(days=1)
LOCK_STEPS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
# A code is good in its own half minute and the one on each side, for phones whose clocks drift.
CODE_STEP_SECONDS = 30
CODE_STEPS_AROUND = 1
ISSUER = "QuetBill"
_RELATION = "relation"

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


def keeps_brand(staff: StaffMember, brand: str | None) -> bool:
    """Say whether a member of staff looks after a brand, by its slug; what is the group's has none."""
    return staff.role == "admin" or (staff.role == "brand_manager" and brand in staff.brands)


def hash_password(password: str) -> str:
    """Return how a password is kept. It takes about half a second: no row is held meanwhile.

    Raises:
        WeakPasswordError: The password is shorter than 12 characters.
    """
    if len(password) < PASSWORD_LENGTH_MIN:
        raise WeakPasswordError(length_min=PASSWORD_LENGTH_MIN)
    return _hasher().hash(password)


def password_right(password: str, password_hash: str | None) -> bool:
    """Say whether a password is the one kept; as much work where none is."""
    return _hasher().verify(password, password_hash or _hash_of_nobody()) and bool(password_hash)


def enrol(session: Session, staff: StaffMember, password: str) -> str:
    """Give a member of staff a password and a new one-time code; older sessions and tokens end.

    Returns:
        The otpauth:// address that an authenticator app takes, shown once.

    Raises:
        WeakPasswordError: The password is shorter than 12 characters.
    """
    password_hash = hash_password(password)
    credential = void(session, staff, password=True, code=True)
    credential.password_hash = password_hash
    session.add(credential)
    session.flush()
    return code_address(staff, credential)


def void(session: Session, staff: StaffMember, *, password: bool, code: bool) -> StaffCredential:
    """End a member's sessions and tokens, and their password, their code or both; return their way in.

    Nothing is hashed: a password that is void has no hash, and none is ever right.
    """
    credential = locked_credential(session, staff.id) or StaffCredential(
        staff_id=staff.id, password_hash="", code_salt="", sessions_from=clock.now()
    )
    if password:
        credential.password_hash = ""
    if code or not credential.code_salt:
        credential.code_salt = secrets.token_hex(16)
        credential.last_code_step = 0
        forget_recovery_codes(session, staff.id)
    credential.failures = 0
    credential.locked_until = None
    session.execute(delete(SignInFailure).where(col(SignInFailure.staff_id) == staff.id))
    session.execute(delete(StaffLink).where(col(StaffLink.staff_id) == staff.id))
    end_sessions(session, staff, credential)
    return credential


def end_sessions(session: Session, staff: StaffMember, credential: StaffCredential) -> None:
    """End every session and token of a member as of now."""
    credential.sessions_from = staff.access_from = clock.now()
    session.add_all([credential, staff])
    session.flush()


def code_address(staff: StaffMember, credential: StaffCredential) -> str:
    """Return the otpauth:// address that an authenticator app takes."""
    return one_time_codes(credential).provisioning_uri(name=staff.email, issuer_name=ISSUER)


def one_time_codes(credential: StaffCredential) -> pyotp.TOTP:
    """Return the generator of a member's codes (RFC 6238, six digits, SHA-1 as apps expect)."""
    return _generators(credential)[0]


def _generators(credential: StaffCredential) -> Sequence[pyotp.TOTP]:
    """Return the generator, and behind it those of apps set up under a secret that is still listed."""
    digests = macs("staff code", f"{credential.staff_id}|{credential.code_salt}")
    keys = [base64.b32encode(digest[:20]).decode() for digest in digests]
    return [pyotp.TOTP(key, interval=CODE_STEP_SECONDS) for key in keys]


def sign_in(session: Session, email: str, password: str, code: str, *, address: str) -> SignIn:
    """Check who somebody is. A refusal is returned, not raised, so that its count is kept.

    Wrong passwords lock an account for the address they came from, not for its owner elsewhere. Wrong
    codes after the right password lock it for all: who sends those has the password.
    """
    found = session.exec(
        select(StaffMember, StaffCredential.password_hash)
        .join(StaffCredential, col(StaffCredential.staff_id) == StaffMember.id)
        .where(StaffMember.email == email.strip().lower(), col(StaffMember.ended_at).is_(None))
    ).first()
    # As much work whoever it is, locked or not, so that the time taken tells nobody's address. And
    # before any row is locked: hashing takes a while.
    right = password_right(password, found[1] if found else None)
    credential = locked_credential(session, found[0].id) if found else None
    if found is None or credential is None or credential.password_hash != found[1]:
        return SignIn(None, "wrong")
    now = clock.now()
    staff = found[0]
    here = _failures_from(session, staff.id, address, now)
    if here.locked_until is not None and here.locked_until > now:
        return SignIn(None, "locked")
    if not right:
        count_failure(here, now)
        here.failed_at = now
        session.add(here)
        return SignIn(None, "wrong")
    if credential.locked_until is not None and credential.locked_until > now:
        return SignIn(None, "locked")
    if has_open_link(session, staff.id) or not code_right(session, credential, code):
        count_failure(credential, now)
        return SignIn(None, "wrong")
    session.execute(
        delete(SignInFailure).where(
            col(SignInFailure.staff_id) == staff.id, col(SignInFailure.address_digest) == here.address_digest
        )
    )
    return SignIn(staff)


def has_open_link(session: Session, staff_id: UUID) -> bool:
    """Say whether a member has yet to set what a one-time link is for: until then nothing lets them in."""
    return session.get(StaffLink, staff_id, populate_existing=True) is not None


def code_right(session: Session, credential: StaffCredential, code: str) -> bool:
    """Say whether a code is the app's now or an unused recovery code, and use it up.

    The caller holds the credential's row, so that one code is never good for two at once.
    """
    now = clock.now()
    step = _code_step(credential, code, now)
    if step is None:
        if not use_recovery_code(session, credential.staff_id, code):
            return False
        record_act(session, credential.staff_id, "recovery_code_used")
    else:
        credential.last_code_step = step
    credential.failures = 0
    credential.locked_until = None
    return True


def count_failure(counted: StaffCredential | SignInFailure, now: datetime) -> None:
    """Count a wrong password or code; past a few, each one locks for longer."""
    counted.failures += 1
    if counted.failures > FAILURES_FREE:
        past_free = counted.failures - FAILURES_FREE - 1
        counted.locked_until = now + LOCK_STEPS[min(past_free, len(LOCK_STEPS) - 1)]


def _failures_from(session: Session, staff_id: UUID, address: str, now: datetime) -> SignInFailure:
    """Return an account's failures from an address, none where it is new; old ones are forgotten."""
    stale = delete(SignInFailure).where(
        col(SignInFailure.staff_id) == staff_id, col(SignInFailure.failed_at) < now - FAILURES_KEPT
    )
    session.execute(stale)
    digest = mac("sign-in address", address).hex()
    kept = session.get(SignInFailure, (staff_id, digest))
    return kept or SignInFailure(staff_id=staff_id, address_digest=digest, failed_at=now)


def locked_credential(session: Session, staff_id: UUID) -> StaffCredential | None:
    """Return a member's way in, its row held: of two sign-ins at once one waits, so a code is good once."""
    statement = (
        select(StaffCredential)
        .where(StaffCredential.staff_id == staff_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(statement).first()


def _code_step(credential: StaffCredential, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is and that was not used yet."""
    given = "".join(code.split())
    current = int(now.timestamp()) // CODE_STEP_SECONDS
    generators = _generators(credential)
    for step in range(current - CODE_STEPS_AROUND, current + CODE_STEPS_AROUND + 1):
        if step > credential.last_code_step and any(
            hmac.compare_digest(codes.generate_otp(step).encode(), given.encode()) for codes in generators
        ):
            return step
    return None


def signed_in(session: Session, staff_id: UUID, since: datetime) -> StaffMember | None:
    """Return the member of staff whose session began then, if it is still good.

    What ends a member's tokens ends their sessions: another role, another password, leaving.
    """
    found = session.exec(
        select(StaffMember, StaffCredential.sessions_from)
        .join(StaffCredential, col(StaffCredential.staff_id) == StaffMember.id)
        .where(StaffMember.id == staff_id, col(StaffMember.ended_at).is_(None))
    ).first()
    if found is None or since < max(found[1], found[0].access_from):
        return None
    return found[0]


def sign_out(session: Session, staff_id: UUID) -> None:
    """End every session of a member of staff."""
    credential = session.get(StaffCredential, staff_id)
    if credential is not None:
        credential.sessions_from = clock.now()


def end_access(session: Session, email: str) -> None:
    """End a member's access: their sessions and tokens are no good from now on, nor is their password.

    Raises:
        NotFoundError: Nobody with this address has any.
    """
    staff = session.exec(select(StaffMember).where(StaffMember.email == email.strip().lower())).first()
    if staff is None or staff.ended_at is not None:
        raise NotFoundError
    for kept in (StaffCredential, StaffLink, StaffRecoveryCode):
        session.execute(delete(kept).where(col(kept.staff_id) == staff.id))
    staff.ended_at = staff.access_from = clock.now()
    session.add(staff)
    session.flush()


def token_stands(staff: StaffMember, role: str, issued_at: datetime) -> bool:
    """Say whether a token of that role, issued then, is still good for a member of staff."""
    return staff.ended_at is None and staff.role == role and issued_at >= staff.access_from


def set_relations(session: Session, staff_id: UUID, phones: Iterable[str]) -> None:
    """Say which phones are a member's own or their family's: they never decide on those receipts.

    Raises:
        InvalidPhoneError: One of them can't be a phone number.
    """
    digests = {mac(_RELATION, phone_e164(phone)).hex() for phone in phones}
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
    known = set(digests)
    return {
        shopper_id
        for shopper_id, phone in rows
        if phone and not known.isdisjoint(made.hex() for made in macs(_RELATION, phone))
    }


def note_relations_again(session: Session, after: UUID | None, limit: int) -> UUID | None:
    """Note relations to the next shoppers under the newest key; return the last's id, None at the end.

    One to a phone that is no shopper's yet can't be found, and stays under the key it was made with.
    """
    known: dict[str, list[StaffRelation]] = {}
    for row in session.exec(select(StaffRelation).with_for_update()).all():
        known.setdefault(row.phone_digest, []).append(row)
    if not known:
        return None
    statement = select(Shopper.id, Shopper.phone).where(col(Shopper.phone).is_not(None))
    statement = statement if after is None else statement.where(col(Shopper.id) > after)
    found = session.exec(statement.order_by(col(Shopper.id)).limit(limit)).all()
    for _, phone in found:
        newest, *before = (made.hex() for made in macs(_RELATION, phone or ""))
        for row in (row for digest in before for row in known.get(digest, ())):
            session.merge(StaffRelation(staff_id=row.staff_id, phone_digest=newest))
            session.delete(row)
    session.flush()
    return found[-1][0] if found else None

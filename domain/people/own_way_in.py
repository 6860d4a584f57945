"""What members of staff set themselves: by a one-time link, or once they are signed in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.people import staff as ways_in
from domain.people.audit import Actor, record_act_of
from domain.people.errors import LinkGoneError
from domain.people.recovery import make_recovery_codes
from infra import clock
from schemas.people import StaffCredential, StaffMember
from schemas.staff import StaffLink

LINK_LASTS = timedelta(hours=48)
LINK_BYTES = 32


def held_member(session: Session, staff_id: UUID) -> StaffMember:
    """Return who works here, their row held: whoever changes a way in holds it before the way in itself.

    Raises:
        NotFoundError: Nobody who works here has this id.
    """
    member = session.get(StaffMember, staff_id, with_for_update=True, populate_existing=True)
    if member is None or member.ended_at is not None:
        raise NotFoundError
    return member


def new_link(session: Session, member: StaffMember, *, password: bool, code: bool) -> str:
    """Void a member's password, code or both; return the token of the link with which they set it anew."""
    # What an older link was to set is still void, so the new one sets it too.
    older = session.get(StaffLink, member.id)
    password, code = password or bool(older and older.sets_password), code or bool(older and older.sets_code)
    ways_in.void(session, member, password=password, code=code)
    token, now = secrets.token_urlsafe(LINK_BYTES), clock.now()
    session.add(
        StaffLink(
            staff_id=member.id,
            token_digest=_token_digest(token),
            sets_password=password,
            sets_code=code,
            made_at=now,
            expires_at=now + LINK_LASTS,
        )
    )
    session.flush()
    return token


@dataclass(frozen=True, slots=True)
class OpenLink:
    """What a one-time link is for. `code_address`, where it sets a code, is for an authenticator app."""

    staff_id: UUID
    email: str
    sets_password: bool
    sets_code: bool
    code_address: str | None


def open_link(session: Session, token: str) -> OpenLink:
    """Return what a one-time link is for; looking at it uses nothing up.

    Raises:
        LinkGoneError: It is no good, or no more.
    """
    member, credential, link = _linked(session, token)
    return OpenLink(
        member.id,
        member.email,
        link.sets_password,
        link.sets_code,
        ways_in.code_address(member, credential) if link.sets_code else None,
    )


def use_link(session: Session, token: str, *, password: str, code: str) -> list[str] | None:
    """Set what a one-time link is for, once, and use it up.

    A link that resets one of the two asks for the other as it was: an address that fell into wrong hands
    opens nothing alone.

    Args:
        session: The caller's transaction.
        token: The link's.
        password: The new one where the link sets it, else the present one.
        code: Of the app that has scanned the new code where the link sets it, else of the present one.

    Returns:
        New recovery codes where the link sets the code, else none of them; None where password or code is
        wrong, which is counted as at sign-in.

    Raises:
        LinkGoneError: It is no good, or no more.
        WeakPasswordError: The new password is shorter than 12 characters.
    """
    _, credential, link = _linked(session, token)
    new_hash = ways_in.hash_password(password) if link.sets_password else None
    right = new_hash is not None or ways_in.password_right(password, credential.password_hash)
    held_member(session, credential.staff_id)
    ways_in.locked_credential(session, credential.staff_id)
    # Looked up again under the lock: of two who use it at once, one finds it gone.
    member, credential, link = _linked(session, token)
    now = clock.now()
    if credential.locked_until is not None and credential.locked_until > now:
        return None
    if not right or not ways_in.code_right(session, credential, code):
        ways_in.count_failure(credential, now)
        return None
    if new_hash is not None:
        credential.password_hash = new_hash
    sets_code = link.sets_code
    session.delete(link)
    ways_in.end_sessions(session, member, credential)
    record_act_of(session, Actor(member.id), "link_used", subject=str(member.id))
    return make_recovery_codes(session, member.id) if sets_code else []


def change_password(session: Session, staff_id: UUID, *, present: str, new: str, code: str) -> bool:
    """Change a member's own password, which ends every session and token of theirs, also this one.

    Returns:
        False where the present password or the code is wrong, which is counted as at sign-in.

    Raises:
        WeakPasswordError: The new password is shorter than 12 characters.
    """
    kept = session.get_one(StaffCredential, staff_id).password_hash
    new_hash = ways_in.hash_password(new)
    right = ways_in.password_right(present, kept)
    credential = _let_pass(session, staff_id, code, right=right)
    if credential is None:
        return False
    credential.password_hash = new_hash
    ways_in.end_sessions(session, session.get_one(StaffMember, staff_id), credential)
    record_act_of(session, Actor(staff_id), "password_changed", subject=str(staff_id))
    return True


def renew_recovery_codes(session: Session, staff_id: UUID, code: str) -> list[str] | None:
    """Give a member new recovery codes for a code of their app; None where that is wrong."""
    if _let_pass(session, staff_id, code, right=True) is None:
        return None
    record_act_of(session, Actor(staff_id), "recovery_codes_made", subject=str(staff_id))
    return make_recovery_codes(session, staff_id)


def _let_pass(session: Session, staff_id: UUID, code: str, *, right: bool) -> StaffCredential | None:
    held_member(session, staff_id)
    credential = ways_in.locked_credential(session, staff_id)
    now = clock.now()
    if credential is None or (credential.locked_until is not None and credential.locked_until > now):
        return None
    if not right or not ways_in.code_right(session, credential, code):
        ways_in.count_failure(credential, now)
        return None
    return credential


def _linked(session: Session, token: str) -> tuple[StaffMember, StaffCredential, StaffLink]:
    found = session.exec(
        select(StaffMember, StaffCredential, StaffLink)
        .join(StaffLink, col(StaffLink.staff_id) == StaffMember.id)
        .join(StaffCredential, col(StaffCredential.staff_id) == StaffMember.id)
        .where(
            StaffLink.token_digest == _token_digest(token),
            StaffLink.expires_at > clock.now(),
            col(StaffMember.ended_at).is_(None),
        )
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise LinkGoneError
    return found[0], found[1], found[2]


def _token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

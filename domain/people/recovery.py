"""Recovery codes: each stands once for the authenticator app of a member who lost it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, delete
from sqlmodel import Session, col, func, select

from infra.secrets import macs
from schemas.staff import StaffRecoveryCode

CODES = 10
# 40 bits: a guess is one of 10^11, and after four wrong ones each costs a quarter of an hour.
CODE_DIGITS = 12
_GROUP = 4


def make_recovery_codes(session: Session, staff_id: UUID) -> list[str]:
    """Give a member new recovery codes, shown once; those of before are no good any more.

    They are digits in groups of four, so that the field for one-time codes takes them on any keyboard.
    """
    forget_recovery_codes(session, staff_id)
    codes = [f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}" for _ in range(CODES)]
    session.add_all(
        StaffRecoveryCode(staff_id=staff_id, code_digest=_digests(staff_id, code)[0]) for code in set(codes)
    )
    session.flush()
    return [
        " ".join(code[place : place + _GROUP] for place in range(0, CODE_DIGITS, _GROUP)) for code in codes
    ]


def use_recovery_code(session: Session, staff_id: UUID, given: str) -> bool:
    """Say whether this is a code of the member's that was not used yet; it is used now."""
    code = given.replace(" ", "").replace("-", "")
    if len(code) != CODE_DIGITS or not code.isascii():
        return False
    # Two who send one code at once both try to delete its row; one does.
    statement = delete(StaffRecoveryCode).where(
        col(StaffRecoveryCode.staff_id) == staff_id,
        col(StaffRecoveryCode.code_digest).in_(_digests(staff_id, code)),
    )
    return cast("CursorResult[object]", session.execute(statement)).rowcount == 1


def forget_recovery_codes(session: Session, staff_id: UUID) -> None:
    """Void every recovery code of a member."""
    session.execute(delete(StaffRecoveryCode).where(col(StaffRecoveryCode.staff_id) == staff_id))


def recovery_codes_left(session: Session, staff_id: UUID) -> int:
    """Return how many codes a member has left."""
    statement = select(func.count()).where(col(StaffRecoveryCode.staff_id) == staff_id)
    return session.exec(statement).one()


def _digests(staff_id: UUID, code: str) -> Sequence[str]:
    """Return by what a code is kept, the first from now on."""
    # Keyed: 40 bits could be tried out by who has a copy of the table.
    return [made.hex() for made in macs("recovery code", f"{staff_id}|{code}")]

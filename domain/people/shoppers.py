"""Accounts of shoppers and staff, and the names under which others may know a shopper."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import phonenumbers
from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_, select

from domain.events.outbox import NewEvent, record
from domain.people.errors import InvalidPhoneError
from infra import clock
from infra.secrets import token_secret
from schemas.base import new_id
from schemas.people import Shopper, StaffMember, StaffRole

HOME_REGION = "VN"
PSEUDONYM_LENGTH = 16


def phone_e164(phone: str) -> str:
    """Return a phone number as +84…; numbers without a country are Vietnam's.

    Raises:
        InvalidPhoneError: It can't be a phone number.
    """
    try:
        number = phonenumbers.parse(phone, HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhoneError from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidPhoneError
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def join_shopper(session: Session, phone: str) -> Shopper:
    """Return the shopper with this phone, who joins if new."""
    number = phone_e164(phone)
    now = clock.now()
    joined = session.scalars(
        insert(Shopper)
        .values(id=new_id(), phone=number, joined_at=now)
        .on_conflict_do_nothing(index_elements=["phone"])
        .returning(col(Shopper.id))
    ).one_or_none()
    if joined is not None:
        record(session, [NewEvent("joined", "shopper.joined", joined, now, joined)])
    return session.exec(select(Shopper).where(Shopper.phone == number)).one()


def join_staff(session: Session, email: str, role: StaffRole, brands: Sequence[str] = ()) -> StaffMember:
    """Return the member of staff with this address, with the role and brands given now."""
    now = clock.now()
    values: dict[str, Any] = {"role": role, "brands": list(brands), "ended_at": None}
    # Another role, or a return, ends the tokens of before.
    moved = or_(col(StaffMember.role) != role, col(StaffMember.ended_at).is_not(None))
    access_from = case((moved, now), else_=col(StaffMember.access_from))
    session.execute(
        insert(StaffMember)
        .values(id=new_id(), email=email.strip().lower(), joined_at=now, access_from=now, **values)
        .on_conflict_do_update(index_elements=["email"], set_={**values, "access_from": access_from})
    )
    session.expire_all()
    return session.exec(select(StaffMember).where(StaffMember.email == email.strip().lower())).one()


def pseudonym(shopper_id: UUID, audience: str) -> str:
    """Return the name under which one audience (a brand, the reviewers) knows a shopper.

    The same for that audience for ever, and different for each, so two brands can't join theirs.
    """
    digest = hmac.new(token_secret(), f"{audience}|{shopper_id}".encode(), hashlib.sha256)
    return digest.hexdigest()[:PSEUDONYM_LENGTH]

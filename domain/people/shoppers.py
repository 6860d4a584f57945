"""Accounts of shoppers and staff, and the names under which others may know a shopper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.errors import InvalidValueError
from domain.events.outbox import NewEvent, record
from domain.people.errors import InvalidEmailError, InvalidPhoneError, StaffExistsError
from infra import clock
from infra.secrets import mac
from schemas.base import new_id
from schemas.people import BirthYear, Shopper, StaffMember, StaffRole

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
        _tell_joined(session, joined, now)
    return session.exec(select(Shopper).where(Shopper.phone == number)).one()


def join_without_phone(session: Session) -> Shopper:
    """Return a new shopper, known by an outside sign-in service alone."""
    shopper = Shopper(id=new_id(), joined_at=clock.now())
    session.add(shopper)
    session.flush()
    _tell_joined(session, shopper.id, shopper.joined_at)
    return shopper


def _tell_joined(session: Session, shopper_id: UUID, at: datetime) -> None:
    record(session, [NewEvent("joined", "shopper.joined", shopper_id, at, shopper_id)])


def born(session: Session, shopper_id: UUID) -> BirthYear:
    """Return what a shopper said of their age."""
    return BirthYear(birth_year=session.get_one(Shopper, shopper_id).birth_year)


def say_born(session: Session, shopper_id: UUID, said: BirthYear) -> BirthYear:
    """Keep the year in which a shopper says they were born, or forget it.

    Raises:
        InvalidValueError: It lies in the future.
    """
    if said.birth_year is not None and said.birth_year > clock.till_today().year:
        raise InvalidValueError(field="birth_year")
    shopper = session.get_one(Shopper, shopper_id)
    shopper.birth_year = said.birth_year
    session.add(shopper)
    session.flush()
    return said


def email_address(email: str) -> str:
    """Return an e-mail address as it is kept: checked, without spaces around it, in small letters.

    No name server is asked: an address may be right on a day on which none answers.

    Raises:
        InvalidEmailError: It can't be an address.
    """
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise InvalidEmailError from error


def join_staff(session: Session, email: str, role: StaffRole, brands: Sequence[str] = ()) -> StaffMember:
    """Return the member of staff with this address, who joins if new or gone.

    Whoever is here already keeps role and brands: those are changed by `accounts.change_role` alone.

    Raises:
        InvalidEmailError: It can't be an address.
        StaffExistsError: Somebody with this address has another role or other brands.
    """
    address, now = email_address(email), clock.now()
    given: dict[str, Any] = {"role": role, "brands": list(brands)}
    joined = insert(StaffMember).values(id=new_id(), email=address, joined_at=now, access_from=now, **given)
    session.execute(joined.on_conflict_do_nothing(index_elements=["email"]))
    statement = select(StaffMember).where(StaffMember.email == address).with_for_update()
    member = session.exec(statement.execution_options(populate_existing=True)).one()
    if member.ended_at is not None:
        # A return ends the tokens of before.
        member.role, member.brands, member.ended_at, member.access_from = role, list(brands), None, now
        session.add(member)
        session.flush()
    if member.role != role or sorted(member.brands) != sorted(brands):
        raise StaffExistsError(role=member.role)
    return member


def pseudonym(shopper_id: UUID, audience: str) -> str:
    """Return the name under which one audience (a brand, the reviewers) knows a shopper.

    The same for that audience for ever, and different for each, so two brands can't join theirs.
    """
    return mac("pseudonym", f"{audience}|{shopper_id}").hex()[:PSEUDONYM_LENGTH]

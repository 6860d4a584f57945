"""People: shoppers who send receipts, and staff who look after them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, id_field, json_field, time_field

StaffRole = Literal["brand_manager", "reviewer", "admin"]
Role = Literal["shopper", "brand_manager", "reviewer", "admin"]


class Shopper(SQLModel, table=True):
    """One shopper. `phone` is E.164; it and the birth year are all personal data, and erasure empties them.

    `birth_year` is what the shopper said, where they did: only adults are offered what law keeps from others.
    """

    __table_args__ = (
        CheckConstraint("birth_year BETWEEN 1900 AND 2100", name="birth_year"),
        Index("ix_shopper_erased", "erased_at", postgresql_where=text("erased_at IS NOT NULL")),
    )

    id: UUID = id_field()
    phone: str | None = Field(default=None, unique=True, max_length=16)
    joined_at: datetime = time_field()
    erased_at: datetime | None = time_field(nullable=True)
    birth_year: int | None = Field(default=None, sa_type=SmallInteger)


class BirthYear(Body):
    """The year in which a shopper says they were born; null where they don't say."""

    birth_year: Annotated[int, BodyField(ge=1900, le=2100)] | None = BodyField(
        description="Year of birth: only adults are offered what law keeps from others; null is not said."
    )


class StaffMember(SQLModel, table=True):
    """One member of staff. `brands` holds brand slugs a brand manager may see.

    Tokens issued before `access_from` are no good any more; from `ended_at` on none is.
    """

    __tablename__ = "staff_member"
    __table_args__ = (CheckConstraint("role IN ('brand_manager', 'reviewer', 'admin')", name="role"),)

    id: UUID = id_field()
    email: str = Field(unique=True, max_length=254)
    role: str = Field(max_length=20)
    brands: list[str] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    joined_at: datetime = time_field()
    access_from: datetime = time_field()
    ended_at: datetime | None = time_field(nullable=True)


class StaffCredential(SQLModel, table=True):
    """A member of staff's way in: a password and a one-time code.

    `code_salt` makes the code's secret together with the server's own key, so that a copy of this
    table alone opens nothing. `last_code_step` is the latest 30-second step whose code was used:
    each code is good once. Cookies signed before `sessions_from` are no good any more. `failures`
    counts wrong codes after right passwords, which only somebody who has the password can cause.
    """

    __tablename__ = "staff_credential"

    staff_id: UUID = Field(foreign_key="staff_member.id", primary_key=True)
    password_hash: str = Field(max_length=300)
    code_salt: str = Field(max_length=64)
    last_code_step: int = Field(default=0, sa_type=BigInteger)
    failures: int = 0
    locked_until: datetime | None = time_field(nullable=True)
    sessions_from: datetime = time_field()


class SignInFailure(SQLModel, table=True):
    """Wrong passwords for one account from one address, which lock that account for that address only."""

    __tablename__ = "sign_in_failure"

    staff_id: UUID = Field(foreign_key="staff_member.id", primary_key=True)
    address_digest: str = Field(primary_key=True, max_length=64)
    failures: int = 0
    failed_at: datetime = time_field()
    locked_until: datetime | None = time_field(nullable=True)


class StaffRelation(SQLModel, table=True):
    """A shopper a member of staff is, or is close to: known by a digest of the phone, never the phone."""

    __tablename__ = "staff_relation"

    staff_id: UUID = Field(foreign_key="staff_member.id", primary_key=True)
    phone_digest: str = Field(primary_key=True, max_length=64)


class StaffAct(SQLModel, table=True):
    """One thing a member of staff did, kept for ever. A trigger refuses to change or delete a row.

    `subject` names what was acted on where that is no receipt: a campaign, a rule, a view. `staff_id` is null
    for an operator at the machine's own command line; `details` then holds their account there as `operator`.
    Erasure alone may empty `details`.
    """

    __tablename__ = "staff_act"
    __table_args__ = (Index("ix_staff_act_newest", "acted_at", "id"),)

    id: UUID = id_field()
    acted_at: datetime = time_field()
    staff_id: UUID | None = Field(default=None, foreign_key="staff_member.id", index=True)
    act: str = Field(max_length=40)
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id", index=True)
    subject: str | None = Field(default=None, max_length=120)
    details: dict[str, Any] = json_field()

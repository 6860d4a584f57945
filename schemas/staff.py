"""How staff get a way in, and back in: one-time links and recovery codes. Neither is kept itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from schemas.base import time_field


class StaffLink(SQLModel, table=True):
    """The one-time link that a member of staff may still use; a new one voids it, its use deletes it.

    `token_digest` is SHA-256 of the 256 random bits in the address. While a row stands its member can't
    sign in: what the link sets is void until they set it.
    """

    __tablename__ = "staff_link"
    __table_args__ = (CheckConstraint("sets_password OR sets_code", name="sets_something"),)

    staff_id: UUID = Field(foreign_key="staff_member.id", primary_key=True)
    token_digest: str = Field(unique=True, max_length=64)
    sets_password: bool
    sets_code: bool
    made_at: datetime = time_field()
    expires_at: datetime = time_field()


class StaffRecoveryCode(SQLModel, table=True):
    """A code that stands once for the authenticator app's, known by a keyed digest; its use deletes it."""

    __tablename__ = "staff_recovery_code"

    staff_id: UUID = Field(foreign_key="staff_member.id", primary_key=True)
    code_digest: str = Field(primary_key=True, max_length=64)

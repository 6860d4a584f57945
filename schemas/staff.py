"""Staff at work: how they sign in, whose receipts they may not decide, and what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import id_field, json_field, time_field


class StaffCredential(SQLModel, table=True):
    """A member of staff's way in: a password and a one-time code.

    `code_salt` makes the code's secret together with the server's own key, so that a copy of this
    table alone opens nothing. `last_code_step` is the latest 30-second step whose code was used:
    each code is good once. Cookies signed before `sessions_from` are no good any more.
    """

    __tablename__ = "staff_credential"

    staff_id: UUID = Field(foreign_key="staff_member.id", primary_key=True)
    password_hash: str = Field(max_length=300)
    code_salt: str = Field(max_length=64)
    last_code_step: int = Field(default=0, sa_type=BigInteger)
    failures: int = 0
    locked_until: datetime | None = time_field(nullable=True)
    sessions_from: datetime = time_field()


class StaffRelation(SQLModel, table=True):
    """A shopper a member of staff is, or is close to: known by a digest of the phone, never the phone."""

    __tablename__ = "staff_relation"

    staff_id: UUID = Field(foreign_key="staff_member.id", primary_key=True)
    phone_digest: str = Field(primary_key=True, max_length=64)


class StaffAct(SQLModel, table=True):
    """One thing a member of staff did, kept for ever. A trigger refuses to change or delete a row.

    `subject` names what was acted on where that is no receipt: a campaign, a rule, a view.
    """

    __tablename__ = "staff_act"
    __table_args__ = (Index("ix_staff_act_newest", "acted_at", "id"),)

    id: UUID = id_field()
    acted_at: datetime = time_field()
    staff_id: UUID = Field(foreign_key="staff_member.id", index=True)
    act: str = Field(max_length=40)
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id", index=True)
    subject: str | None = Field(default=None, max_length=120)
    details: dict[str, Any] = json_field()

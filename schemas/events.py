"""Events: what changed, told to whoever reads along, in the transaction that changed it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Column, Identity, Index, text
from sqlmodel import BigInteger, Field, SmallInteger, SQLModel

from schemas.base import json_field, time_field

# A new type is a line here and whoever records it. What a receipt's types carry: domain/receipts/told.py.
EventType = Literal[
    "receipt.settled",
    "receipt.decided",
    "receipt.undone",
    "receipt.reversed",
    "receipt.appealed",
    "receipt.appeal_answered",
    "receipt.reopened",
    "session.reused",
    "shopper.joined",
    "shopper.agreed",
    "purchase.credited",
    "purchase.returned",
    "points.credited",
    "points.pending",
    "points.reversed",
    "points.expired",
    "points.adjusted",
    "points.exchanged",
    "points.expiring_soon",
    "reward.changed",
    "reward.offered",
    "reward.ended",
    "reward.redeemed",
    "reward.granted",
    "voucher.used",
    "voucher.cancelled",
    "voucher.expiring_soon",
    "tier.reached",
    "tier.will_drop",
    "tier.dropped",
    "referral.paid",
    "mission.done",
    "survey.asked",
    "survey.answered",
    "campaign.published",
    "campaign.paused",
    "campaign.resumed",
    "campaign.ended",
]
# What `data` of an event is written by; raised when a reader of the old form would misunderstand the new.
EVENT_FORMAT = 1


class Event(SQLModel, table=True):
    """One change of one subject (a receipt, an account, later a reward), thin and without personal data.

    `key` names the business event, so that recording it twice keeps it once; it is also the id outside.
    `version` rises with each event of a subject whose writers wait for each other, which is what tells a
    late message from the last word; it has gaps. `xid` is the transaction that recorded it. Sequences are
    not handed out in the order of commits, so only readers that go by `(xid, version)` and stop before the
    oldest open transaction miss nothing: domain/events/outbox.py.

    `shopper_id` says whose event stream and inbox it belongs to, and is shown to nobody. No foreign keys:
    each would cost settling a lookup, and what an event speaks of may be gone before the event is.
    """

    __table_args__ = (
        Index("ix_event_cursor", "xid", "version"),
        Index(
            "ix_event_shopper",
            "shopper_id",
            "xid",
            "version",
            postgresql_where=text("shopper_id IS NOT NULL"),
        ),
    )

    key: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    # An xid8, kept as a number that every driver reads: it never wraps, and has 63 bits to go.
    xid: int = Field(
        sa_column=Column(
            BigInteger, server_default=text("(pg_current_xact_id()::text)::bigint"), nullable=False
        )
    )
    type: str = Field(max_length=40)
    format: int = Field(default=EVENT_FORMAT, sa_type=SmallInteger)
    subject_id: UUID
    shopper_id: UUID | None = None
    occurred_at: datetime = time_field()
    data: dict[str, Any] = json_field()


class EventReader(SQLModel, table=True):
    """How far a reader of all events has come: `xid` and `version` of the last one it has dealt with."""

    __tablename__ = "event_reader"

    name: str = Field(primary_key=True, max_length=40)
    xid: int = Field(default=0, sa_type=BigInteger)
    version: int = Field(default=0, sa_type=BigInteger)
    read_at: datetime = time_field()

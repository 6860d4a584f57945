"""What the columnar store has yet to be told, and how far it is filled from nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import BigInteger, Field, SmallInteger, SQLModel

from schemas.base import id_field, time_field

DueKind = Literal["receipt", "shopper", "campaign", "offer"]


class InsightDue(SQLModel, table=True):
    """What no event tells of a receipt, shopper or campaign: a product, what they agreed to, whom it is for.

    Written in the transaction that changes it, and gone in the one that tells the store: whoever commits late
    is read late, never missed. Two rows about the same are no harm.
    """

    __tablename__ = "insight_due"
    __table_args__ = (CheckConstraint(f"kind IN {get_args(DueKind)}", name="kind"),)

    id: UUID = id_field()
    kind: str = Field(max_length=8)
    subject_id: UUID


class InsightRebuild(SQLModel, table=True):
    """The one walk through all shoppers that fills the store anew: asked for when, how far, done when.

    `version` is that of its first rows: what is older once it is done stands no more, and goes. `after` is
    the last shopper it has told of, `receipts` how many of theirs.
    """

    __tablename__ = "insight_rebuild"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: int = Field(
        default=1, primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False}
    )
    asked_at: datetime = time_field()
    version: int = Field(default=0, sa_type=BigInteger)
    after: UUID | None = None
    receipts: int = Field(default=0, sa_type=BigInteger)
    done_at: datetime | None = time_field(nullable=True)

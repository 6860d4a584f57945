"""Receipts taken back after they were approved, and points given or taken by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, ShortText, TrimmedText, id_field, time_field
from schemas.review import RefusalKind

ProposalState = Literal["proposed", "done", "withdrawn"]
REASON_LENGTH_MAX = 500
POINTS_MAX = 1_000_000_000
Reason = Annotated[TrimmedText, StringConstraints(min_length=3, max_length=REASON_LENGTH_MAX)]


class ReceiptReversal(SQLModel, table=True):
    """An approved receipt whose points a person took back, or proposes to take back.

    `points` were taken back in all, of which `owed` had been spent; 0 until it is done. `vouchers_used` are
    those it had brought that were used before and so could not be cancelled.
    """

    __tablename__ = "receipt_reversal"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'done', 'withdrawn')", name="state"),
        CheckConstraint("state <> 'done' OR decided_by IS NOT NULL", name="done_by_somebody"),
        Index(
            "uq_receipt_reversal_open",
            "receipt_id",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    id: UUID = id_field()
    receipt_id: UUID = Field(foreign_key="receipt.id", index=True)
    proposed_by: UUID = Field(foreign_key="staff_member.id")
    proposed_at: datetime = time_field()
    reason: str = Field(max_length=REASON_LENGTH_MAX)
    refusal: str | None = Field(default=None, max_length=20)
    state: str = Field(default="proposed", max_length=9)
    decided_by: UUID | None = Field(default=None, foreign_key="staff_member.id")
    decided_at: datetime | None = time_field(nullable=True)
    points: int = Field(default=0, sa_type=BigInteger)
    owed: int = Field(default=0, sa_type=BigInteger)
    vouchers_used: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class PointsAdjustment(SQLModel, table=True):
    """Points given to a shopper by hand, or taken where below zero; done at once or by a second person.

    `request` is what the admin's client calls this act: sent again, it is the same one. It goes with its
    shopper, for it may say anything.
    """

    __tablename__ = "points_adjustment"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'done', 'withdrawn')", name="state"),
        CheckConstraint("points <> 0", name="points"),
        UniqueConstraint("proposed_by", "request"),
        Index("ix_points_adjustment_open", "proposed_at", postgresql_where=text("state = 'proposed'")),
    )

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id", index=True)
    brand_id: UUID = Field(foreign_key="brand.id")
    request: str | None = Field(max_length=80)
    points: int = Field(sa_type=BigInteger)
    valid_days: int | None = None
    proposed_by: UUID = Field(foreign_key="staff_member.id")
    proposed_at: datetime = time_field()
    reason: str = Field(max_length=REASON_LENGTH_MAX)
    state: str = Field(default="proposed", max_length=9)
    decided_by: UUID | None = Field(default=None, foreign_key="staff_member.id")
    decided_at: datetime | None = time_field(nullable=True)


class ReversalRequest(Body):
    """Why an approved receipt is taken back: `reason` for staff, `refusal` for its shopper."""

    reason: Reason = BodyField(description="Why; kept on the trail.")
    refusal: RefusalKind | None = BodyField(default=None, description="What shoppers are told.")


class ReversalView(Body):
    """A receipt taken back, or a proposal that waits for a second person."""

    id: UUID = BodyField(description="The reversal's id.")
    receipt_id: UUID = BodyField(description="The receipt's id.")
    state: ProposalState = BodyField(description="Done, or waiting for a second person.")
    points: int = BodyField(description="Taken back.")
    owed: int = BodyField(description="Of them, those that had been spent.")
    vouchers_used: int = BodyField(description="Vouchers it had brought that were used before.")


class AdjustmentRequest(Body):
    """Points to give a shopper, known by their phone, or to take where below zero.

    `request` is the client's own name of this act: sent again with it, nothing more is adjusted.
    """

    request: Annotated[TrimmedText, StringConstraints(min_length=8, max_length=80)] = BodyField(
        description="A name of your choosing: the same again changes nothing."
    )
    phone: ShortText = BodyField(description="The shopper's.")
    brand: ShortText = BodyField(description="Slug of the brand whose points.")
    points: Annotated[int, BodyField(ge=-POINTS_MAX, le=POINTS_MAX)] = BodyField(
        description="Above zero gives, below zero takes."
    )
    valid_days: Annotated[int, BodyField(ge=1, le=1100)] | None = BodyField(
        default=None, description="How long given points can be spent; null: for ever."
    )
    reason: Reason = BodyField(description="Why; kept on the trail.")

    @model_validator(mode="after")
    def _not_nothing(self) -> AdjustmentRequest:
        if self.points == 0:
            raise PydanticCustomError("no_points", "Points must not be 0")
        return self


class AdjustmentView(Body):
    """An adjustment as staff see it; the shopper by a pseudonym."""

    id: UUID = BodyField(description="The adjustment's id.")
    shopper: str = BodyField(description="The shopper's pseudonym.")
    brand: str = BodyField(description="The brand's name.")
    points: int = BodyField(description="Above zero gives, below zero takes.")
    reason: str = BodyField(description="Why.")
    state: ProposalState = BodyField(description="How it stands.")
    proposed_by: str = BodyField(description="Who asked.")
    proposed_at: datetime = BodyField(description="When.")
    decided_by: str | None = BodyField(description="Who confirmed or withdrew; else null.")
    decided_at: datetime | None = BodyField(description="When; else null.")


class AdjustmentList(Body):
    """Adjustments: those that wait first, then the newest."""

    adjustments: list[AdjustmentView] = BodyField(description="Newest first.")

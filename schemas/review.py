"""The reviewers' workbench: who holds a case, what waits for a second person, how rules act."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import StringConstraints
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, id_field, json_field, time_field

RuleMode = Literal["on", "shadow", "off"]


class CaseHold(SQLModel, table=True):
    """A reviewer at work on a case until a time; nobody else decides it meanwhile."""

    __tablename__ = "case_hold"

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    reviewer_id: UUID = Field(foreign_key="staff_member.id", index=True)
    held_at: datetime = time_field()
    held_until: datetime = time_field()


class SavedView(SQLModel, table=True):
    """A reviewer's filters under a name; a shared one is offered to every reviewer."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("staff_id", "name"),)

    id: UUID = id_field()
    staff_id: UUID = Field(foreign_key="staff_member.id")
    name: str = Field(max_length=60)
    filters: dict[str, Any] = json_field()
    shared: bool = False
    saved_at: datetime = time_field()


class ReviewProposal(SQLModel, table=True):
    """An approval above the campaign's value, waiting for a second person. One at a time."""

    __tablename__ = "review_proposal"
    __table_args__ = (
        Index(
            "uq_review_proposal_open",
            "receipt_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: UUID = id_field()
    receipt_id: UUID = Field(foreign_key="receipt.id", index=True)
    reviewer_id: UUID = Field(foreign_key="staff_member.id")
    reason: str = Field(max_length=500)
    corrections: dict[str, Any] = json_field()
    proposed_at: datetime = time_field()
    closed_at: datetime | None = time_field(nullable=True)


class ReviewUndo(SQLModel, table=True):
    """A decision that was taken back within minutes. A trigger refuses to change or delete a row."""

    __tablename__ = "review_undo"

    decision_id: UUID = Field(foreign_key="review_decision.id", primary_key=True)
    reviewer_id: UUID = Field(foreign_key="staff_member.id")
    undone_at: datetime = time_field()


class ReceiptAppeal(SQLModel, table=True):
    """A shopper's word against a refusal: it opens the case again, once, for another person."""

    __tablename__ = "receipt_appeal"

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    words: str = Field(max_length=500)
    appealed_at: datetime = time_field()


class DecisionBands(SQLModel, table=True):
    """From which score a campaign's receipts go to a person, or are refused; null never refuses.

    Approvals of receipts of `second_eyes_from_minor` or more need two people; null needs one.
    """

    __tablename__ = "decision_bands"
    __table_args__ = (
        CheckConstraint("review_from > 0 AND review_from <= 1", name="review_from"),
        CheckConstraint("reject_from >= review_from AND reject_from <= 1", name="reject_from"),
        CheckConstraint("second_eyes_from_minor > 0", name="second_eyes"),
    )

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    review_from: float
    reject_from: float | None = None
    second_eyes_from_minor: int | None = Field(default=None, sa_type=BigInteger)
    changed_at: datetime = time_field()
    changed_by: UUID = Field(foreign_key="staff_member.id")


class FraudRule(SQLModel, table=True):
    """How one rule acts, where an admin changed it: on, counted only (shadow) or off; its weight 0 to 1."""

    __tablename__ = "fraud_rule"
    __table_args__ = (
        CheckConstraint("mode IN ('on', 'shadow', 'off')", name="mode"),
        CheckConstraint("weight >= 0 AND weight <= 1", name="weight"),
    )

    code: str = Field(primary_key=True, max_length=60)
    mode: str = Field(max_length=6)
    weight: float
    changed_at: datetime = time_field()
    changed_by: UUID = Field(foreign_key="staff_member.id")


class RaisedSignal(SQLModel, table=True):
    """A rule that was raised when a receipt was assessed. `acting` is false for one in shadow."""

    __tablename__ = "raised_signal"
    __table_args__ = (Index("ix_raised_signal_code", "code", "raised_at"),)

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    code: str = Field(primary_key=True, max_length=60)
    severity: str = Field(max_length=6)
    strength: float
    acting: bool
    raised_at: datetime = time_field(index=True)


class WithheldPoints(SQLModel, table=True):
    """What a refused receipt would have earned; gone when it waits or earns after all."""

    __tablename__ = "withheld_points"

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    points: int = Field(sa_type=BigInteger)


Printed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
MinorUnits = Annotated[int, BodyField(ge=0, le=10**12)]


class LineCorrection(Body):
    """What a person read on one line; None leaves it as it was. An empty brand means none of ours."""

    position: int
    brand: Annotated[str, StringConstraints(max_length=200)] | None = None
    amount_minor: MinorUnits | None = None


class Corrections(Body):
    """What a person read on the paper where the machine misread it; None leaves it as it was.

    `purchased_at` is local time as printed, without a zone. `retailer` and `brand` are names in the
    catalogue.
    """

    retailer: Printed | None = None
    store: Printed | None = None
    receipt_no: Printed | None = None
    purchased_at: datetime | None = None
    total_minor: MinorUnits | None = None
    lines: tuple[LineCorrection, ...] = ()


class AppealRequest(Body):
    """What a shopper says against a refusal."""

    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class AppealView(Body):
    """An appeal that was taken in: another person will look."""

    receipt_id: UUID
    appealed_at: datetime

"""The reviewers' workbench: who holds a case, what waits for a second person, how rules act."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import StringConstraints
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from schemas.base import Body, PrintedTime, ShortText, TrimmedText, id_field, json_field, time_field
from schemas.origins import ClusterView, SenderKind
from schemas.receipts import ReasonView, ReceiptStatus, ReceiptSummary, ReceiptView


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
    """An approval that one person may not give alone, waiting for a second one. One at a time.

    `pays_again` says that its author saw that the paper was paid for already.
    """

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
    pays_again: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
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


Printed = Annotated[TrimmedText, StringConstraints(min_length=1, max_length=200)]
MinorUnits = Annotated[int, BodyField(ge=0, le=10**12)]


LINES_MAX = 2_000


class LineCorrection(Body):
    """What a person read on one line; None leaves it as it was. An empty brand means none of ours."""

    position: Annotated[int, BodyField(ge=0, le=LINES_MAX)] = BodyField(
        description="Place of the line, from 0."
    )
    brand: ShortText | None = BodyField(
        default=None, description="Name of the brand; empty means none of ours."
    )
    amount_minor: MinorUnits | None = BodyField(default=None, description="Amount in minor units.")


class Corrections(Body):
    """What a person read on the paper where the machine misread it; None leaves it as it was.

    `purchased_at` is local time as printed, without a zone. `retailer` and `brand` are names in the
    catalogue.
    """

    retailer: Printed | None = BodyField(default=None, description="Name of the chain.")
    store: Printed | None = BodyField(default=None, description="Which shop of the chain.")
    receipt_no: Printed | None = BodyField(default=None, description="Number as printed.")
    purchased_at: PrintedTime | None = BodyField(
        default=None, description="Local time as printed, without a zone."
    )
    total_minor: MinorUnits | None = BodyField(default=None, description="What was paid, in minor units.")
    lines: Annotated[tuple[LineCorrection, ...], BodyField(max_length=LINES_MAX)] = BodyField(
        default=(), description="Lines that were misread."
    )


class AppealRequest(Body):
    """What a shopper says against a refusal."""

    words: Annotated[TrimmedText, StringConstraints(min_length=3, max_length=500)] = BodyField(
        description="What the shopper says."
    )


class AppealView(Body):
    """An appeal that was taken in: another person will look."""

    receipt_id: UUID = BodyField(description="The receipt's id.")
    appealed_at: datetime = BodyField(description="When it was taken in.")


Decision = Literal["approve", "reject"]


RefusalKind = Literal[
    "already_used", "edited", "not_original", "not_a_receipt", "unreadable", "outside", "other"
]


class ReviewDecision(SQLModel, table=True):
    """One decision, kept for ever. A trigger refuses to change or delete a row.

    `waiting_since` is from when the case had waited for it.
    Erasure alone may empty `reason`.
    """

    __tablename__ = "review_decision"
    __table_args__ = (CheckConstraint("decision IN ('approve', 'reject')", name="decision"),)

    id: UUID = id_field()
    receipt_id: UUID = Field(foreign_key="receipt.id", index=True)
    reviewer_id: UUID = Field(foreign_key="staff_member.id")
    decision: str = Field(max_length=8)
    reason: str = Field(max_length=500)
    decided_at: datetime = time_field()
    waiting_since: datetime | None = time_field(nullable=True)


class DecisionRequest(Body):
    """What a reviewer decides, and why; an approval may correct what was misread.

    `reason` is for staff. A refusal's `refusal` tells the shopper what helps who is honest. `pay_again`
    approves although another receipt of the same paper was paid; it takes two persons.
    """

    decision: Decision = BodyField(description="What is decided.")
    reason: Annotated[TrimmedText, StringConstraints(min_length=3, max_length=500)] = BodyField(
        description="Why, for staff."
    )
    refusal: RefusalKind | None = BodyField(default=None, description="Why, for the shopper.")
    corrections: Corrections | None = BodyField(default=None, description="What was misread.")
    pay_again: bool = BodyField(default=False, description="Approve although this paper was paid before.")


class DecisionView(Body):
    """A decision that was taken; `undone_at` is when it was taken back, if it was."""

    id: UUID = BodyField(description="The decision's id.")
    receipt_id: UUID = BodyField(description="The receipt's id.")
    decision: Decision = BodyField(description="What was decided.")
    reason: str = BodyField(description="Why, for staff.")
    reviewer: str = BodyField(description="Address of who decided.")
    decided_at: datetime = BodyField(description="When.")
    undone_at: datetime | None = BodyField(description="When it was taken back, if it was.")


class DecisionPending(Body):
    """An approval of this value waits for a second person; nothing is credited yet."""

    receipt_id: UUID = BodyField(description="The receipt's id.")
    awaits_second_person: Literal[True] = BodyField(description="Always true.")


class CaseSummary(Body):
    """One receipt waiting for a person. `shopper` is a pseudonym."""

    id: UUID = BodyField(description="The receipt's id.")
    received_at: datetime = BodyField(description="When it was taken in.")
    waiting_since: datetime = BodyField(description="Since when it waits for a person.")
    shopper: str = BodyField(description="Pseudonym of the shopper.")
    retailer: str | None = BodyField(description="Name of the chain; null where it is not known.")
    merchant: str | None = BodyField(description="Name as printed.")
    total: float | None = BodyField(description="What was paid, in major units.")
    currency: str | None = BodyField(description="ISO 4217 code; null before it is read.")
    points: int = BodyField(description="What it would earn.")
    reasons: list[ReasonView] = BodyField(description="Why it waits.")
    due_at: datetime = BodyField(description="When it should have been decided.")
    holder: str | None = BodyField(description="Address of who is at work on it.")
    awaits_second_person: bool = BodyField(description="Whether a first person has approved.")
    total_minor: int | None = BodyField(description="What was paid, in minor units.")


class CaseQueue(Body):
    """Cases, longest waiting first; `next_cursor` is null on the last page."""

    cases: list[CaseSummary] = BodyField(description="Cases, the longest waiting first.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")


class ProposalView(Body):
    """An approval that waits for a second person; `corrections` are the first one's, by field.

    `pays_again` says that the first one saw that the paper was paid for already.
    """

    reviewer: str = BodyField(description="Address of the first person.")
    reason: str = BodyField(description="Why they approve.")
    proposed_at: datetime = BodyField(description="When.")
    corrections: dict[str, Any] = BodyField(description="What they corrected, by field.")
    pays_again: bool = BodyField(description="Whether they saw that the paper was paid before.")


class ShopperRecord(Body):
    """What reviewers may know of a shopper: counts and dates, nothing that names a person."""

    joined_on: date = BodyField(description="Day on which the shopper joined.")
    receipts_by_status: dict[ReceiptStatus, int] = BodyField(description="How many receipts of each status.")
    recent: list[ReceiptSummary] = BodyField(description="Their latest receipts.")


class AppealWords(Body):
    """What the shopper says against a refusal."""

    words: str = BodyField(description="What the shopper says.")
    appealed_at: datetime = BodyField(description="When.")


class CaseView(Body):
    """A case with its evidence: the receipt, its picture, and the receipts it is like.

    `score` is 0 to 1, null where none was given. `matching_senders` says of each receipt in `matching` who
    sent it: the same shopper, an account of a household or of a ring, or one that shares nothing.
    `paid_by` are the approved receipts of the same paper, earliest first.
    """

    receipt: ReceiptView = BodyField(description="The receipt.")
    score: float | None = BodyField(description="Risk, 0 to 1; null where none was given.")
    shopper: str = BodyField(description="Pseudonym of the shopper.")
    shopper_record: ShopperRecord = BodyField(description="What else is known of them.")
    due_at: datetime | None = BodyField(description="When it should be decided.")
    holder: str | None = BodyField(description="Address of who is at work on it.")
    proposal: ProposalView | None = BodyField(description="An approval that waits for a second person.")
    appeal: AppealWords | None = BodyField(description="The shopper's word against a refusal.")
    cluster: ClusterView | None = BodyField(description="Accounts that this one is linked with.")
    image_urls: list[str] = BodyField(description="Where each page's picture is.")
    matching: list[ReceiptView] = BodyField(description="Receipts that this one is like.")
    matching_senders: list[SenderKind] = BodyField(description="Who sent each of `matching`.")
    matching_image_urls: list[str] = BodyField(description="Where the first page of each is.")
    paid_by: list[UUID] = BodyField(description="Approved receipts of the same paper, earliest first.")
    decisions: list[DecisionView] = BodyField(description="What was decided, newest first.")

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

    position: Annotated[int, BodyField(ge=0, le=LINES_MAX)]
    brand: ShortText | None = None
    amount_minor: MinorUnits | None = None


class Corrections(Body):
    """What a person read on the paper where the machine misread it; None leaves it as it was.

    `purchased_at` is local time as printed, without a zone. `retailer` and `brand` are names in the
    catalogue.
    """

    retailer: Printed | None = None
    store: Printed | None = None
    receipt_no: Printed | None = None
    purchased_at: PrintedTime | None = None
    total_minor: MinorUnits | None = None
    lines: Annotated[tuple[LineCorrection, ...], BodyField(max_length=LINES_MAX)] = ()


class AppealRequest(Body):
    """What a shopper says against a refusal."""

    words: Annotated[TrimmedText, StringConstraints(min_length=3, max_length=500)]


class AppealView(Body):
    """An appeal that was taken in: another person will look."""

    receipt_id: UUID
    appealed_at: datetime


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

    decision: Decision
    reason: Annotated[TrimmedText, StringConstraints(min_length=3, max_length=500)]
    refusal: RefusalKind | None = None
    corrections: Corrections | None = None
    pay_again: bool = False


class DecisionView(Body):
    """A decision that was taken; `undone_at` is when it was taken back, if it was."""

    id: UUID
    receipt_id: UUID
    decision: Decision
    reason: str
    reviewer: str
    decided_at: datetime
    undone_at: datetime | None


class DecisionPending(Body):
    """An approval of this value waits for a second person; nothing is credited yet."""

    receipt_id: UUID
    awaits_second_person: Literal[True]


class CaseSummary(Body):
    """One receipt waiting for a person. `shopper` is a pseudonym."""

    id: UUID
    received_at: datetime
    waiting_since: datetime
    shopper: str
    retailer: str | None
    merchant: str | None
    total: float | None
    currency: str | None
    points: int
    reasons: list[ReasonView]
    due_at: datetime
    holder: str | None
    awaits_second_person: bool


class CaseQueue(Body):
    """Cases, longest waiting first; `next_cursor` is null on the last page."""

    cases: list[CaseSummary]
    next_cursor: str | None


class ProposalView(Body):
    """An approval that waits for a second person; `corrections` are the first one's, by field.

    `pays_again` says that the first one saw that the paper was paid for already.
    """

    reviewer: str
    reason: str
    proposed_at: datetime
    corrections: dict[str, Any]
    pays_again: bool


class ShopperRecord(Body):
    """What reviewers may know of a shopper: counts and dates, nothing that names a person."""

    joined_on: date
    receipts_by_status: dict[ReceiptStatus, int]
    recent: list[ReceiptSummary]


class AppealWords(Body):
    """What the shopper says against a refusal."""

    words: str
    appealed_at: datetime


class CaseView(Body):
    """A case with its evidence: the receipt, its picture, and the receipts it is like.

    `score` is 0 to 1, null where none was given. `matching_senders` says of each receipt in `matching` who
    sent it: the same shopper, an account of a household or of a ring, or one that shares nothing.
    `paid_by` are the approved receipts of the same paper, earliest first.
    """

    receipt: ReceiptView
    score: float | None
    shopper: str
    shopper_record: ShopperRecord
    due_at: datetime | None
    holder: str | None
    proposal: ProposalView | None
    appeal: AppealWords | None
    cluster: ClusterView | None
    image_urls: list[str]
    matching: list[ReceiptView]
    matching_senders: list[SenderKind]
    matching_image_urls: list[str]
    paid_by: list[UUID]
    decisions: list[DecisionView]

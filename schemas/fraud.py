"""Fraud review: what a person decided about a receipt, and what they are shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import CheckConstraint
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, id_field, time_field
from schemas.receipts import ReasonView, ReceiptStatus, ReceiptSummary, ReceiptView
from schemas.review import Corrections

Decision = Literal["approve", "reject"]
RefusalKind = Literal[
    "already_used", "edited", "not_original", "not_a_receipt", "unreadable", "outside", "other"
]


class ChainPrice(SQLModel, table=True):
    """What a chain usually charges for a product: the middle of `sales` sales of the last week."""

    __tablename__ = "chain_price"

    retailer_id: UUID = Field(foreign_key="retailer.id", primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    price_minor: int = Field(sa_type=BigInteger)
    sales: int
    measured_at: datetime = time_field()


class ReviewDecision(SQLModel, table=True):
    """One decision, kept for ever. A trigger refuses to change or delete a row.

    `waiting_since` is from when the case had waited for it.
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

    `reason` is for staff. A refusal's `because` tells the shopper what helps who is honest.
    """

    decision: Decision
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
    because: RefusalKind | None = None
    corrections: Corrections | None = None


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
    """An approval that waits for a second person; `corrections` are the first one's, by field."""

    reviewer: str
    reason: str
    proposed_at: datetime
    corrections: dict[str, Any]


class ShopperRecord(Body):
    """What reviewers may know of a shopper: counts and dates, nothing that names a person."""

    joined_on: date
    receipts_by_status: dict[ReceiptStatus, int]
    recent: list[ReceiptSummary]


SenderKind = Literal["same_shopper", "household", "ring", "stranger"]


class ClusterAccount(Body):
    """An account of a cluster, under its pseudonym; `here` is the case's own."""

    shopper: str
    here: bool
    receipts_by_status: dict[ReceiptStatus, int]


class ClusterLink(Body):
    """One thing that accounts share; `accounts` are places in the cluster's list."""

    kind: str
    accounts: list[int]


class ClusterView(Body):
    """Accounts that share devices, payouts or papers; not `whole` when there are more."""

    accounts: list[ClusterAccount]
    links: list[ClusterLink]
    whole: bool


class AppealWords(Body):
    """What the shopper says against a refusal."""

    words: str
    appealed_at: datetime


class CaseView(Body):
    """A case with its evidence: the receipt, its picture, and the receipts it is like.

    `score` is 0 to 1, null where none was given. `matching_senders` says of each receipt in `matching` who
    sent it: the same shopper, an account of a household or of a ring, or one that shares nothing.
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
    decisions: list[DecisionView]

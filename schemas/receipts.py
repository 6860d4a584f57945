"""Receipts: what was uploaded, what was read, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import BigInteger, Field, Numeric, SQLModel

from schemas.base import Body, id_field, time_field
from schemas.campaigns import CampaignView, WhyView
from schemas.reasons import Reason, Reasons, Severity

ReceiptStatus = Literal["received", "reading", "approved", "in_review", "rejected", "unreadable", "reversed"]
WAITING_STATUSES: tuple[ReceiptStatus, ...] = ("received", "reading")
# Whose paper is taken: a refused or unread receipt leaves it to an honest owner.
STANDING_STATUSES: tuple[ReceiptStatus, ...] = ("approved", "in_review", "reversed")
# Where a receipt comes from: photographed, or told of by a partner, without pictures.
ReceiptChannel = Literal["photo", "till", "web", "marketplace"]


class Receipt(SQLModel, table=True):
    """One upload, or a purchase that a partner told of. Its `status` says what is still to do.

    `purchased_at` is local time as printed, without a zone.

    `rung_at` is when a worker was last called for it, `attempts` how often one began to read it, `postponed`
    how often in a row it was put off because a service was away. `settled_at` is when reading was over: the
    receipt had come to its end, or to a person; what people decide later doesn't move it. `waiting_since` is
    since when it waits for a person, or last did.
    """

    __table_args__ = (
        UniqueConstraint("shopper_id", "idempotency_key"),
        CheckConstraint(f"status IN {get_args(ReceiptStatus)}", name="status"),
        CheckConstraint(f"channel IN {get_args(ReceiptChannel)}", name="channel"),
        CheckConstraint("status <> 'in_review' OR waiting_since IS NOT NULL", name="in_review_since"),
        # What a driver can hand to Python: a row beyond it would make every list that holds it fail.
        CheckConstraint(
            "purchased_at >= '0001-01-02' AND purchased_at < '9999-12-31'", name="purchased_at_shown"
        ),
        CheckConstraint(
            "captured_at >= '0001-01-02' AND captured_at < '9999-12-31'", name="captured_at_shown"
        ),
        Index("ix_receipt_shopper_newest", "shopper_id", "received_at", "id"),
        Index("ix_receipt_waiting", "rung_at", postgresql_where=text("status IN ('received', 'reading')")),
        Index("ix_receipt_in_review", "waiting_since", "id", postgresql_where=text("status = 'in_review'")),
        Index("ix_receipt_unreadable", "settled_at", "id", postgresql_where=text("status = 'unreadable'")),
        Index("ix_receipt_same_print", "retailer_id", "purchased_at", "total_minor"),
        Index(
            "ix_receipt_shop_time",
            "retailer_id",
            "store",
            "purchased_at",
            postgresql_where=text("store IS NOT NULL"),
        ),
        # Which approved receipt names another as its like.
        Index(
            "ix_receipt_approved_copies",
            "reasons",
            postgresql_using="gin",
            postgresql_ops={"reasons": "jsonb_path_ops"},
            postgresql_where=text("status = 'approved' AND reasons @? '$[*].evidence.matching_receipt_id'"),
        ),
        # Newest purchases first, where only the day may be known; spelled as PostgreSQL spells it back.
        Index(
            "ix_receipt_approved_bought",
            text("coalesce(purchased_at, purchased_on::timestamp without time zone)"),
            postgresql_where=text("status = 'approved'"),
        ),
    )

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id")
    idempotency_key: str | None = Field(default=None, max_length=200)
    request_hash: str = Field(max_length=64)
    channel: str = Field(default="photo", max_length=11, sa_column_kwargs={"server_default": "photo"})
    status: str = Field(default="received", max_length=12)
    reasons: list[Reason] = Field(default_factory=list, sa_type=Reasons, nullable=False)
    received_at: datetime = time_field()
    captured_at: datetime | None = time_field(nullable=True)
    rung_at: datetime = time_field()
    attempts: int = 0
    postponed: int = 0
    settled_at: datetime | None = time_field(nullable=True)
    waiting_since: datetime | None = time_field(nullable=True)

    retailer_id: UUID | None = Field(default=None, foreign_key="retailer.id")
    merchant: str | None = None
    store: str | None = None
    receipt_no: str | None = None
    purchased_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=False))
    purchased_on: date | None = None
    currency: str | None = Field(default=None, max_length=3)
    subtotal_minor: int | None = Field(default=None, sa_type=BigInteger)
    discount_total_minor: int | None = Field(default=None, sa_type=BigInteger)
    total_minor: int | None = Field(default=None, sa_type=BigInteger)
    payment: str | None = None
    fraud_score: float | None = None
    reading: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    # What campaigns paid, what nearly paid, and what of caps it holds: domain/campaigns/kept.py.
    earning: dict[str, Any] | None = Field(default=None, sa_type=JSONB)


class ReceiptPage(SQLModel, table=True):
    """One photographed page. Its bytes lie in the object store under their SHA-256."""

    __tablename__ = "receipt_page"

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    position: int = Field(primary_key=True)
    sha256: str = Field(max_length=64, index=True)
    media_type: str = Field(max_length=40)
    width: int
    height: int
    size_bytes: int


class ReceiptLine(SQLModel, table=True):
    """One bought item, matched to a brand and product where that is sure.

    `amount_minor` is before discounts, `discount_minor` positive. `points` is what the line earns:
    pending while its receipt is in review, credited once it is approved. `amount_read_minor` is what the
    machine read where a person corrected the amount, null where nobody did.
    """

    __tablename__ = "receipt_line"
    __table_args__ = (
        UniqueConstraint("receipt_id", "position"),
        Index(
            "ix_receipt_line_brand", "brand_id", "receipt_id", postgresql_where=text("brand_id IS NOT NULL")
        ),
    )

    id: UUID = id_field()
    receipt_id: UUID = Field(foreign_key="receipt.id")
    position: int
    raw_name: str
    brand_id: UUID | None = Field(default=None, foreign_key="brand.id")
    product_id: UUID | None = Field(default=None, foreign_key="product.id")
    match_method: str | None = Field(default=None, max_length=20)
    match_score: float | None = None
    barcode: str | None = Field(default=None, max_length=20)
    quantity: Decimal = Field(sa_type=Numeric(12, 3))
    unit: str | None = None
    unit_price_minor: int | None = Field(default=None, sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    discount_minor: int = Field(default=0, sa_type=BigInteger)
    points: int = Field(default=0, sa_type=BigInteger)
    confidence: float = 0.0
    page: int = 0
    box: list[int] | None = Field(default=None, sa_type=JSONB)
    amount_read_minor: int | None = Field(default=None, sa_type=BigInteger)


class ReceiptAccepted(Body):
    """The answer to an upload: what to ask for next."""

    id: UUID
    status: ReceiptStatus
    received_at: datetime
    pages: int


class ReasonView(Body):
    """Why a receipt ended as it did, in the reader's language."""

    code: str
    severity: Severity
    message: str
    evidence: dict[str, Any]
    box: list[int] | None
    page: int


class LineView(Body):
    """One bought item. Money is in major units of the receipt's currency. `why` is why it earns nothing."""

    raw_name: str
    brand: str | None
    product: str | None
    barcode: str | None
    quantity: float
    unit_price: float | None
    amount: float
    discount: float
    points: int
    confidence: float
    box: list[int] | None
    page: int
    why: WhyView | None


class ReadingView(Body):
    """What was read from the paper. Money is in major units of `currency`."""

    retailer: str | None
    merchant: str | None
    store: str | None
    receipt_no: str | None
    purchased_at: datetime | None
    currency: str
    subtotal: float | None
    discount_total: float | None
    total: float | None
    payment: str | None
    quality: dict[str, float]


class ReceiptSummary(Body):
    """One row of a shopper's history."""

    id: UUID
    status: ReceiptStatus
    received_at: datetime
    retailer: str | None
    purchased_at: datetime | None
    currency: str | None
    total: float | None
    points: int


class ReceiptHistory(Body):
    """A page of history, newest first; `next_cursor` is null on the last."""

    receipts: list[ReceiptSummary]
    next_cursor: str | None


class ReceiptView(Body):
    """One receipt with all that its reader may see.

    `may_appeal` says that it was refused and that its shopper may still ask for another person. `campaigns`
    are those that pay or nearly did, with what was missing; none where it is refused.
    """

    id: UUID
    status: ReceiptStatus
    received_at: datetime
    captured_at: datetime | None
    settled_at: datetime | None
    pages: int
    reasons: list[ReasonView]
    may_appeal: bool
    reading: ReadingView | None
    lines: list[LineView]
    points: int
    campaigns: list[CampaignView]


class PictureCheck(Body):
    """What stands in the way of reading a picture; `readable` when nothing does."""

    readable: bool
    reasons: list[ReasonView]

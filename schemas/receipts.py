"""Receipts: what was uploaded, what was read, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, DateTime, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import BigInteger, Field, Numeric, SQLModel

from schemas.base import Body, id_field, time_field
from schemas.campaigns import CampaignView, WhyView
from schemas.reasons import Reason, Reasons, Severity
from schemas.rewards import GrantedReward

ReceiptStatus = Literal["received", "reading", "approved", "in_review", "rejected", "unreadable", "reversed"]
WAITING_STATUSES: tuple[ReceiptStatus, ...] = ("received", "reading")
# Ended against their shopper, who may appeal: refused, or taken back after it was paid.
REFUSED_STATUSES: tuple[ReceiptStatus, ...] = ("rejected", "reversed")
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
    since when it waits for a person, or last did. `erased_at` is since when nothing of it is
    left but what its points and its copies are known by: its shopper asked to be forgotten.
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
        # What figures of a period leave out.
        Index(
            "ix_receipt_removed_bought",
            text("coalesce(purchased_at, purchased_on::timestamp without time zone)"),
            postgresql_where=text("status IN ('rejected', 'reversed')"),
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
    erased_at: datetime | None = time_field(nullable=True)

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
    """One photographed page.

    `sha256` is of the bytes that arrived, by which the same picture is known again. What is kept lies in the
    object store as `object_name`, without metadata; `removed_at` is since when it does no longer.
    """

    __tablename__ = "receipt_page"

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    position: int = Field(primary_key=True)
    sha256: str = Field(max_length=64, index=True)
    object_name: str = Field(max_length=100, index=True)
    media_type: str = Field(max_length=40)
    width: int
    height: int
    size_bytes: int
    removed_at: datetime | None = time_field(nullable=True)


class ReceiptLine(SQLModel, table=True):
    """One bought item, matched to a brand and product where that is sure.

    `amount_minor` is before discounts, `discount_minor` positive. `points` is what the line earns:
    pending while its receipt is in review, credited once it is approved. `amount_read_minor` is what the
    machine read where a person corrected the amount, null where nobody did. `returned` is how much of
    `quantity` went back to a shop that tells of its orders.
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
    returned: Decimal = Field(
        default=Decimal(0), sa_type=Numeric(12, 3), sa_column_kwargs={"server_default": text("0")}
    )


class ReceiptAccepted(Body):
    """The answer to an upload: what to ask for next."""

    id: UUID = BodyField(description="Ask `/v1/receipts/{id}` for what became of it.")
    status: ReceiptStatus = BodyField(
        description="How far it has come: `received`, unless it was sent before."
    )
    received_at: datetime = BodyField(description="When it was taken in first.")
    pages: int = BodyField(description="How many pages were sent.")


class ReasonView(Body):
    """Why a receipt ended as it did, in the reader's language."""

    code: str = BodyField(description="Stable name of the reason. Codes are added.")
    severity: Severity = BodyField(description="Whether it only informs, asks for a person, or refuses.")
    message: str = BodyField(description="What to tell the reader, in their language.")
    evidence: dict[str, Any] = BodyField(description="What was seen; which keys there are depends on `code`.")
    box: list[int] | None = BodyField(description="Left, top, right, bottom on the page, in pixels.")
    page: int = BodyField(description="Page, from 0.")


class LineView(Body):
    """One bought item. Money is in whole minor units of the receipt's currency, and in major ones."""

    raw_name: str = BodyField(description="As the till printed it.")
    brand: str | None = BodyField(description="Name of the brand, where the line is one's.")
    product: str | None = BodyField(description="Name of the product, where it is known.")
    barcode: str | None = BodyField(description="As printed.")
    quantity: float = BodyField(description="Pieces, or the weight in the printed unit.")
    unit_price: float | None = BodyField(description="Price of one, in major units.")
    amount: float = BodyField(description="Quantity times price before discounts, in major units.")
    discount: float = BodyField(description="What is taken off this line, positive, in major units.")
    points: int = BodyField(description="What the line earns, or would if approved.")
    confidence: float = BodyField(description="How sure the reading is, 0 to 1.")
    box: list[int] | None = BodyField(description="Left, top, right, bottom on the page, in pixels.")
    page: int = BodyField(description="Page, from 0.")
    unit_price_minor: int | None = BodyField(description="Price of one, in minor units.")
    amount_minor: int = BodyField(description="Before discounts, in minor units.")
    discount_minor: int = BodyField(description="What is taken off this line, positive, in minor units.")
    why: WhyView | None = BodyField(description="Why the line earns nothing; null where it earns.")


class ReadingView(Body):
    """What was read from the paper. Money is told in whole minor units of `currency`, and in major units."""

    retailer: str | None = BodyField(description="Name of the chain; null where it is not known.")
    merchant: str | None = BodyField(description="Name of the shop as printed.")
    store: str | None = BodyField(description="Which shop of the chain.")
    receipt_no: str | None = BodyField(description="Number of the receipt as printed.")
    purchased_at: datetime | None = BodyField(description="Local time as printed, without a zone.")
    currency: str = BodyField(description="ISO 4217 code of every amount here.")
    subtotal: float | None = BodyField(description="Before discounts on the whole, in major units.")
    discount_total: float | None = BodyField(description="All discounts, positive, in major units.")
    total: float | None = BodyField(description="What was paid, before change, in major units.")
    payment: str | None = BodyField(
        description="How it was paid: `cash`, `card`, `transfer`, `wallet`, `voucher`."
    )
    quality: dict[str, float] = BodyField(description="Measures of the picture, each 0 to 1.")
    subtotal_minor: int | None = BodyField(description="Before discounts on the whole, in minor units.")
    discount_total_minor: int | None = BodyField(description="All discounts, positive, in minor units.")
    total_minor: int | None = BodyField(description="What was paid, before change, in minor units.")


class ReceiptSummary(Body):
    """One row of a shopper's history."""

    id: UUID = BodyField(description="The receipt's id.")
    status: ReceiptStatus = BodyField(description="How far it has come.")
    received_at: datetime = BodyField(description="When it was taken in.")
    retailer: str | None = BodyField(description="Name of the chain; null where it is not known.")
    purchased_at: datetime | None = BodyField(description="Local time as printed, without a zone.")
    currency: str | None = BodyField(description="ISO 4217 code; null before it is read.")
    total: float | None = BodyField(description="What was paid, in major units.")
    points: int = BodyField(description="What it earned.")
    total_minor: int | None = BodyField(description="What was paid, in minor units.")


class ReceiptHistory(Body):
    """A page of history, newest first; `next_cursor` is null on the last."""

    receipts: list[ReceiptSummary] = BodyField(description="Receipts, newest first.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")


class ReceiptView(Body):
    """One receipt with all that its reader may see.

    `may_appeal` says that it was refused and that its shopper may still ask for another person. `campaigns`
    are those that pay or nearly did, with what was missing; none where it is refused.
    """

    id: UUID = BodyField(description="The receipt's id.")
    status: ReceiptStatus = BodyField(description="How far it has come. Statuses are added.")
    received_at: datetime = BodyField(description="When it was taken in.")
    captured_at: datetime | None = BodyField(description="When the photo was taken, as the app said.")
    settled_at: datetime | None = BodyField(description="When reading was over.")
    pages: int = BodyField(description="How many pages there are.")
    reasons: list[ReasonView] = BodyField(description="Why it ended as it did, the weightiest first.")
    may_appeal: bool = BodyField(description="Whether its shopper may ask for another person.")
    reading: ReadingView | None = BodyField(description="What was read; null before that.")
    lines: list[LineView] = BodyField(description="Bought items, in their order on the paper.")
    points: int = BodyField(description="What it earned, or would if approved.")
    campaigns: list[CampaignView] = BodyField(
        description="Campaigns that pay or nearly did, with what was missing."
    )
    rewards: list[GrantedReward] = BodyField(description="Rewards that it brought, and how each stands.")


class PictureCheck(Body):
    """What stands in the way of reading a picture; `readable` when nothing does."""

    readable: bool = BodyField(description="Whether nothing stands in the way.")
    reasons: list[ReasonView] = BodyField(description="What stands in the way, and what to do.")

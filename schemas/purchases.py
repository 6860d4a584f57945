"""Purchases that partners tell us of: orders of tills, web shops and marketplaces, and what went back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, get_args
from uuid import UUID

from pydantic import AfterValidator, model_validator
from pydantic import Field as BodyField
from pydantic_core import PydanticCustomError
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, LargeBinary, SQLModel

from schemas.base import Body, PrintedTime, ShortText, TrimmedText, id_field, json_field, time_field
from schemas.campaigns import CampaignView, WhyView

Channel = Literal["till", "web", "marketplace"]
PurchaseState = Literal["waiting", "counted", "repeated", "forgotten"]
LINES_MAX = 300
ORDER_LENGTH_MAX = 64
# No basket of a household comes near: what does is a slip of units.
DONG_MAX = 10_000_000_000
QUANTITY_MAX = 100_000


class Purchase(SQLModel, table=True):
    """One order of a partner's, once for its `order_no`; `content` tells the same again from another.

    `waiting`: nobody is known yet whose it is, they have not agreed yet, or a photograph of it (`receipt_id`)
    waits for a person. `counted`: `receipt_id` is the receipt without pictures that it became. `repeated`:
    `receipt_id` had earned for it before. `forgotten`: nobody came for it by `waits_until`.

    `told` is what the partner said, `phone_digest` a keyed digest of the buyer's number while they are not
    known. `bought_milli` are thousandths of units by line, which stay when `told` is forgotten, so that a
    return is answered alike whoever joined. From `due_at` on it is to be looked at again.
    """

    __table_args__ = (
        UniqueConstraint("partner_id", "order_no"),
        CheckConstraint(f"state IN {get_args(PurchaseState)}", name="state"),
        CheckConstraint(f"channel IN {get_args(Channel)}", name="channel"),
        CheckConstraint(
            "(state IN ('counted', 'repeated')) <= (receipt_id IS NOT NULL)", name="ended_has_receipt"
        ),
        Index("ix_purchase_phone_digest", "phone_digest", postgresql_where=text("phone_digest IS NOT NULL")),
        Index("ix_purchase_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_purchase_waits_until", "waits_until", postgresql_where=text("state = 'waiting'")),
        Index("ix_purchase_receipt_id", "receipt_id", postgresql_where=text("receipt_id IS NOT NULL")),
        Index(
            "ix_purchase_shopper",
            "shopper_id",
            "received_at",
            "id",
            postgresql_where=text("shopper_id IS NOT NULL"),
        ),
    )

    id: UUID = id_field()
    partner_id: UUID = Field(foreign_key="partner.id")
    order_no: str = Field(max_length=ORDER_LENGTH_MAX)
    content: bytes = Field(sa_type=LargeBinary)
    channel: str = Field(max_length=11)
    state: str = Field(default="waiting", max_length=9)
    received_at: datetime = time_field()
    waits_until: datetime = time_field()
    due_at: datetime | None = time_field(nullable=True)
    phone_digest: bytes | None = Field(default=None, sa_type=LargeBinary)
    shopper_id: UUID | None = Field(default=None, foreign_key="shopper.id")
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id")
    told: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    bought_milli: list[int] = json_field(list)


class PurchaseReturn(SQLModel, table=True):
    """What of a purchase went back in one go: thousandths of units by the order's line, counted from 1."""

    __tablename__ = "purchase_return"

    purchase_id: UUID = Field(foreign_key="purchase.id", primary_key=True)
    return_no: str = Field(primary_key=True, max_length=ORDER_LENGTH_MAX)
    content: bytes = Field(sa_type=LargeBinary)
    returned_at: datetime = time_field()
    milli_by_line: dict[str, int] = json_field()


class MembershipCode(SQLModel, table=True):
    """The code by which a shopper shows at a till who they are: 12 characters and one that checks them."""

    __tablename__ = "membership_code"

    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    code: str = Field(unique=True, max_length=13)


class PhoneKey(SQLModel, table=True):
    """Whose phone has a keyed digest; whoever finds one looks whether it still is theirs."""

    __tablename__ = "phone_key"

    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    shopper_id: UUID = Field(foreign_key="shopper.id", index=True)


OrderNo = Annotated[
    TrimmedText,
    BodyField(
        min_length=1,
        max_length=ORDER_LENGTH_MAX,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
        description="The partner's own name of it: the same again is answered the same.",
    ),
]


def _plain(quantity: Decimal) -> Decimal:
    """Return a quantity without the zeros behind it: 2, 2.0 and 2.000 are one content."""
    return Decimal(int(quantity)) if quantity == int(quantity) else quantity.normalize()


Quantity = Annotated[
    Decimal,
    BodyField(gt=0, le=QUANTITY_MAX, decimal_places=3, description="Units, or kilograms."),
    AfterValidator(_plain),
]
Dong = Annotated[int, BodyField(ge=0, le=DONG_MAX, strict=True, description="Whole đồng.")]


class NewPurchaseLine(Body):
    """One bought item: `amount` is before its `discount`."""

    name: Annotated[TrimmedText, BodyField(min_length=1, max_length=200, description="As sold.")]
    ean: Annotated[
        ShortText | None, BodyField(max_length=14, pattern=r"^[0-9]{8,14}$", description="Its EAN.")
    ] = None
    sku: Annotated[ShortText | None, BodyField(max_length=60, description="The partner's number of it.")] = (
        None
    )
    quantity: Quantity = Decimal(1)
    amount: Annotated[Dong, BodyField(description="Before its discount, in whole đồng.")]
    discount: Annotated[Dong, BodyField(description="What was taken off, in whole đồng.")] = 0

    @model_validator(mode="after")
    def _discounted_at_most_whole(self) -> Self:
        if self.discount > self.amount:
            raise PydanticCustomError("discount_too_high", "The discount is more than the amount")
        return self


class NewPurchase(Body):
    """An order as a partner tells of it, of one buyer: their phone, its agreed hash, or membership code."""

    order: OrderNo
    channel: Annotated[Channel, BodyField(description="Where it was bought.")]
    phone: Annotated[
        ShortText | None,
        BodyField(pattern=r"^\+[1-9][0-9]{6,14}$", max_length=16, description="The buyer's, as +84…"),
    ] = None
    phone_hash: Annotated[
        ShortText | None,
        BodyField(
            pattern=r"^[0-9a-f]{64}$",
            description="Instead: HMAC-SHA256 of the phone as +84… under the agreed key, in hexadecimal.",
        ),
    ] = None
    membership_code: Annotated[
        ShortText | None,
        BodyField(min_length=1, max_length=40, description="Instead: the code that the buyer showed."),
    ] = None
    chain: Annotated[
        TrimmedText | None, BodyField(max_length=120, description="The chain's name in the catalogue.")
    ] = None
    store: Annotated[TrimmedText | None, BodyField(max_length=200, description="The shop's name.")] = None
    address: Annotated[TrimmedText | None, BodyField(max_length=200, description="The shop's.")] = None
    purchased_at: Annotated[
        PrintedTime, BodyField(description="Local time as its receipt shows it, without a zone.")
    ]
    number: Annotated[
        TrimmedText | None,
        BodyField(max_length=60, description="The number printed on its receipt, where there is one."),
    ] = None
    total: Annotated[Dong, BodyField(description="What was paid for all lines, in whole đồng.")]
    lines: Annotated[
        list[NewPurchaseLine],
        BodyField(min_length=1, max_length=LINES_MAX, description="What was bought."),
    ]

    @model_validator(mode="after")
    def _one_buyer(self) -> Self:
        named = [self.phone, self.phone_hash, self.membership_code]
        if sum(value is not None for value in named) != 1:
            raise PydanticCustomError(
                "one_buyer", "Exactly one of phone, phone_hash and membership_code is needed"
            )
        return self


class PurchaseAnswer(Body):
    """What was taken. `points` are told where the buyer showed their code: a phone tells of no member."""

    id: UUID = BodyField(description="Our id of the purchase.")
    order: str = BodyField(description="The partner's own name of it.")
    lines: int = BodyField(description="How many lines were taken.")
    received_at: datetime = BodyField(description="When it was first told of.")
    points: Annotated[int | None, BodyField(description="Earned so far; null where a phone named the buyer.")]


class ReturnedLine(Body):
    """What of a line went back; all that stands of it unless `quantity` says less."""

    line: Annotated[int, BodyField(ge=1, le=LINES_MAX, strict=True, description="As in the order, from 1.")]
    quantity: Annotated[
        Quantity | None, BodyField(description="Units, or kilograms; all that stands of the line if null.")
    ] = None


ReturnNo = OrderNo


class NewReturn(Body):
    """Goods that went back, once for `return_id`."""

    return_id: ReturnNo
    lines: Annotated[
        list[ReturnedLine],
        BodyField(min_length=1, max_length=LINES_MAX, description="What went back, each line once."),
    ]

    @model_validator(mode="after")
    def _each_line_once(self) -> Self:
        if len({line.line for line in self.lines}) < len(self.lines):
            raise PydanticCustomError("line_twice", "A line is named twice")
        return self


class LeftLine(Body):
    """What of a line was not brought back."""

    line: int = BodyField(description="As in the order, from 1.")
    quantity: float = BodyField(description="Units, or kilograms, that were not brought back.")


class ReturnAnswer(Body):
    """What was taken back, and what of the order stands."""

    order: str = BodyField(description="The partner's own name of the order.")
    return_id: str = BodyField(description="The partner's own name of the return.")
    returned_at: datetime = BodyField(description="When it was first told of.")
    left: list[LeftLine] = BodyField(description="What of each line was not brought back.")


class PurchaseLineView(Body):
    """One bought item as its shopper sees it: `points` stand, `returned` went back."""

    name: str = BodyField(description="As sold.")
    brand: str | None = BodyField(description="Brand that was recognised; null where none takes part.")
    quantity: float = BodyField(description="Units, or kilograms.")
    returned: float = BodyField(description="How much of it went back.")
    amount: int = BodyField(description="Whole đồng, before the discount.")
    discount: int = BodyField(description="Whole đồng off.")
    points: int = BodyField(description="Points that stand.")
    why: WhyView | None = BodyField(description="Why it earned less or nothing.")


class ShopperPurchaseView(Body):
    """One purchase that a partner told of. `receipt_id` is the receipt that earned for it, if it is theirs.

    `why` says why it earns nothing where the whole of it does; `campaigns` are those that pay or nearly did.
    """

    id: UUID = BodyField(description="The purchase's id.")
    partner: str = BodyField(description="Who told of it.")
    channel: Channel = BodyField(description="Where it was bought.")
    state: PurchaseState = BodyField(description="How far it has come. States are added.")
    received_at: datetime = BodyField(description="When the partner told of it.")
    purchased_at: datetime | None = BodyField(
        description="Local time as its receipt shows it, without a zone."
    )
    store: str | None = BodyField(description="The shop's name.")
    number: str | None = BodyField(description="The number printed on its receipt.")
    total: int | None = BodyField(description="What was paid, in whole đồng.")
    points: int = BodyField(description="Points that stand.")
    receipt_id: UUID | None = BodyField(description="The receipt that earned for it, if it is the shopper's.")
    waits_until: datetime | None = BodyField(description="Until when it waits; null where it does not.")
    why: WhyView | None = BodyField(description="Why all of it earns nothing, where that is so.")
    lines: list[PurchaseLineView] = BodyField(description="Bought items.")
    campaigns: list[CampaignView] = BodyField(
        description="Campaigns that pay or nearly did, with what was missing."
    )


class PurchaseHistory(Body):
    """Purchases, newest first; `next_cursor` is null on the last page."""

    purchases: list[ShopperPurchaseView] = BodyField(description="Newest first.")
    next_cursor: str | None = BodyField(description="`cursor` of the next page; null on the last.")


class MembershipCodeView(Body):
    """The code that a shopper shows at a till, in groups."""

    code: str = BodyField(description="In groups, as it is shown.")


class PhoneHashKey(Body):
    """The agreed key of phone hashes, in hexadecimal."""

    key: str = BodyField(description="The key, in hexadecimal.")

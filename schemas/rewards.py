"""Rewards: what points are given for, and the vouchers that stand for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import BigInteger, Field, LargeBinary, SQLModel

from schemas.base import Body, Moment, ShortText, TrimmedText, id_field, time_field
from schemas.partners import Slug

RewardState = Literal["draft", "offered", "ended"]
BatchKind = Literal["own", "imported"]
VoucherState = Literal["free", "issued", "reserved", "used", "cancelled", "withdrawn"]
# As a shopper sees it: one whose last day has passed is told apart.
VoucherStanding = Literal["issued", "reserved", "used", "cancelled", "expired"]
WhyNot = Literal["not_yet", "ended", "sold_out", "limit_reached", "points_short"]

NAME_LENGTH_MAX = 120
WORDS_LENGTH_MAX = 2000
BATCH_SIZE_MAX = 50_000
POINTS_MAX = 1_000_000_000
MONEY_MAX = 1_000_000_000
VALID_DAYS_MAX = 1_100


class Reward(SQLModel, table=True):
    """What a brand gives for points, perhaps beside money paid at the partner's till.

    `value_minor` is what a used voucher is settled at with the partner. A voucher is good for `valid_days`
    from the day it is issued, that day and the last one included.
    """

    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint("points_of IN ('brand', 'group')", name="points_of"),
        CheckConstraint("money_minor >= 0 AND value_minor >= 0", name="money_not_negative"),
        CheckConstraint("state IN ('draft', 'offered', 'ended')", name="state"),
        CheckConstraint("starts_at < ends_at", name="times_in_order"),
    )

    id: UUID = id_field()
    slug: str = Field(unique=True, max_length=60)
    brand_id: UUID = Field(foreign_key="brand.id", index=True)
    currency_id: int = Field(foreign_key="currency.id")
    points_of: str = Field(default="brand", max_length=5)
    state: str = Field(default="draft", max_length=8)
    name_vi: str = Field(max_length=NAME_LENGTH_MAX)
    name_en: str = Field(max_length=NAME_LENGTH_MAX)
    words_vi: str = Field(default="", max_length=WORDS_LENGTH_MAX)
    words_en: str = Field(default="", max_length=WORDS_LENGTH_MAX)
    points: int = Field(sa_type=BigInteger)
    money_minor: int = Field(default=0, sa_type=BigInteger)
    value_minor: int = Field(default=0, sa_type=BigInteger)
    valid_days: int
    per_shopper_max: int | None = None
    starts_at: datetime = time_field()
    ends_at: datetime | None = time_field(nullable=True)
    made_at: datetime = time_field()


class RewardPartner(SQLModel, table=True):
    """A partner at which a reward's vouchers are taken; without rows, at each."""

    __tablename__ = "reward_partner"

    reward_id: UUID = Field(foreign_key="reward.id", primary_key=True)
    partner_id: UUID = Field(foreign_key="partner.id", primary_key=True)


class VoucherBatch(SQLModel, table=True):
    """Vouchers that came into stock together: drawn by us, or a partner's own codes."""

    __tablename__ = "voucher_batch"
    __table_args__ = (CheckConstraint("kind IN ('own', 'imported')", name="kind"),)

    id: UUID = id_field()
    reward_id: UUID = Field(foreign_key="reward.id", index=True)
    kind: str = Field(max_length=8)
    size: int
    made_at: datetime = time_field()
    made_by: UUID = Field(foreign_key="staff_member.id")


class Voucher(SQLModel, table=True):
    """One code, in stock until a shopper gives points for it, and what became of it.

    The code is found by its MAC and shown to its owner out of `code_sealed`, which is emptied when nobody
    needs it any more. `redemption` is what the app calls the act of giving points, unique for the shopper;
    `transaction` what the partner calls the sale in which it was used.
    """

    __table_args__ = (
        CheckConstraint(
            "state IN ('free', 'issued', 'reserved', 'used', 'cancelled', 'withdrawn')", name="state"
        ),
        CheckConstraint("(state IN ('free', 'withdrawn')) = (shopper_id IS NULL)", name="owner"),
        CheckConstraint("(state = 'reserved') = (reserved_until IS NOT NULL)", name="reserved_until"),
        CheckConstraint("(state = 'used') = (used_at IS NOT NULL)", name="used_at"),
        UniqueConstraint("shopper_id", "redemption"),
        UniqueConstraint("partner_id", "transaction"),
        Index("ix_voucher_free", "reward_id", "id", postgresql_where=text("state = 'free'")),
        Index(
            "ix_voucher_shopper", "shopper_id", "issued_at", postgresql_where=text("shopper_id IS NOT NULL")
        ),
        Index("ix_voucher_used", "partner_id", "used_at", postgresql_where=text("state = 'used'")),
    )

    id: UUID = id_field()
    batch_id: UUID = Field(foreign_key="voucher_batch.id", index=True)
    reward_id: UUID = Field(foreign_key="reward.id")
    code_mac: bytes = Field(sa_type=LargeBinary, unique=True)
    code_tail: str = Field(max_length=4)
    code_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    state: str = Field(default="free", max_length=9)
    shopper_id: UUID | None = Field(default=None, foreign_key="shopper.id")
    redemption: str | None = Field(default=None, max_length=200)
    points: int | None = Field(default=None, sa_type=BigInteger)
    money_minor: int | None = Field(default=None, sa_type=BigInteger)
    value_minor: int | None = Field(default=None, sa_type=BigInteger)
    issued_at: datetime | None = time_field(nullable=True)
    last_day: date | None = None
    partner_id: UUID | None = Field(default=None, foreign_key="partner.id")
    transaction: str | None = Field(default=None, max_length=80)
    reserved_until: datetime | None = time_field(nullable=True)
    used_at: datetime | None = time_field(nullable=True)
    store: str | None = Field(default=None, max_length=120)
    cancelled_at: datetime | None = time_field(nullable=True)


Name = Annotated[TrimmedText, BodyField(min_length=1, max_length=NAME_LENGTH_MAX)]
Words = Annotated[TrimmedText, BodyField(max_length=WORDS_LENGTH_MAX)]


class RewardTerms(Body):
    """What a manager says of a reward. Money is đồng, paid at the till.

    `points_of` says whose points it takes: its brand's, or those of all brands of its owner.
    """

    name_vi: Name
    name_en: Name
    words_vi: Words = ""
    words_en: Words = ""
    points: Annotated[int, BodyField(ge=1, le=POINTS_MAX)]
    points_of: Literal["brand", "group"] = "brand"
    money_minor: Annotated[int, BodyField(ge=0, le=MONEY_MAX)] = 0
    value_minor: Annotated[int, BodyField(ge=0, le=MONEY_MAX)] = 0
    valid_days: Annotated[int, BodyField(ge=1, le=VALID_DAYS_MAX)] = 90
    per_shopper_max: Annotated[int, BodyField(ge=1, le=1000)] | None = None
    starts_at: Moment
    ends_at: Moment | None = None
    partners: tuple[Slug, ...] = BodyField(default=(), max_length=100)

    @model_validator(mode="after")
    def _in_order(self) -> RewardTerms:
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            raise PydanticCustomError("ends_before_start", "It ends before it starts")
        return self


class NewReward(RewardTerms):
    """A reward to be drafted: `slug` is its name in addresses."""

    slug: Slug


class Stock(Body):
    """How a reward's vouchers stand."""

    free: int
    issued: int
    used: int
    cancelled: int


class ManagedReward(Body):
    """A reward as its managers see it."""

    slug: str
    state: RewardState
    terms: RewardTerms
    stock: Stock


class ManagedRewards(Body):
    """A brand's rewards, newest first."""

    rewards: list[ManagedReward]


class BatchRequest(Body):
    """How many vouchers to draw."""

    size: Annotated[int, BodyField(ge=1, le=BATCH_SIZE_MAX)]


class BatchView(Body):
    """A batch that came into stock."""

    id: UUID
    kind: BatchKind
    size: int
    made_at: datetime


class RewardView(Body):
    """A reward as one shopper sees it; `why_not` says what keeps them from it."""

    id: UUID
    brand: str
    name: str
    words: str
    points: int
    money_minor: int
    currency: Literal["VND"] = "VND"
    valid_days: int
    ends_at: datetime | None
    few_left: bool
    why_not: WhyNot | None
    points_short: int


class RewardList(Body):
    """Rewards on offer, cheapest first."""

    rewards: list[RewardView]


class VoucherView(Body):
    """A voucher as its owner sees it: `code` is there while it can be used."""

    id: UUID
    reward: str
    brand: str
    state: VoucherStanding
    code: str | None
    code_tail: str
    points: int
    money_minor: int
    issued_at: datetime
    last_day: date
    used_at: datetime | None


class VoucherList(Body):
    """A shopper's vouchers, newest first; `next_cursor` is null on the last page."""

    vouchers: list[VoucherView]
    next_cursor: str | None


class Transaction(Body):
    """What the partner calls one sale; the same again is answered the same."""

    transaction: Annotated[ShortText, BodyField(min_length=1, max_length=80)]
    store: TrimmedText | None = BodyField(default=None, max_length=120)


class CounterView(Body):
    """What a partner's till is told of a voucher that is good."""

    reward: str
    state: Literal["usable", "reserved", "used"]
    money_minor: int
    value_minor: int
    last_day: date
    reserved_until: datetime | None
    used_at: datetime | None


class Settlement(Body):
    """What a partner is owed for a month's used vouchers of one reward; `month` is of the till's days."""

    month: str
    reward: str
    vouchers: int
    value_minor: int
    money_minor: int


class Settlements(Body):
    """A partner's months, newest first."""

    settlements: list[Settlement]

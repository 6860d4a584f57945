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
    needs it any more. `redemption` is by which act its shopper got it, unique for them: a MAC of what the app
    calls it, or the grant's own; `transaction` what the partner calls the sale in which it was used.
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
        Index(
            "ix_voucher_last_day", "last_day", "id", postgresql_where=text("state IN ('issued', 'reserved')")
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


class RewardGrant(SQLModel, table=True):
    """One voucher that a receipt earned by a campaign: it waits for stock, is issued, or was taken back.

    `round` is how often the receipt was credited and taken back before, `n` tells grants of one round apart.
    `kept` is one whose voucher had been used when its receipt was taken back.
    """

    __tablename__ = "reward_grant"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'issued', 'taken_back', 'kept')", name="state"),
        CheckConstraint("state IN ('waiting', 'taken_back') OR voucher_id IS NOT NULL", name="voucher"),
        UniqueConstraint("receipt_id", "round", "version_id", "reward_id", "n"),
        Index("ix_reward_grant_waiting", "made_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_reward_grant_shopper", "shopper_id"),
    )

    id: UUID = id_field()
    receipt_id: UUID = Field(foreign_key="receipt.id")
    shopper_id: UUID = Field(foreign_key="shopper.id")
    version_id: UUID = Field(foreign_key="campaign_version.id")
    reward_id: UUID = Field(foreign_key="reward.id")
    round: int
    n: int
    state: str = Field(default="waiting", max_length=10)
    voucher_id: UUID | None = Field(default=None, foreign_key="voucher.id", unique=True)
    made_at: datetime = time_field()


Name = Annotated[TrimmedText, BodyField(min_length=1, max_length=NAME_LENGTH_MAX)]
Words = Annotated[TrimmedText, BodyField(max_length=WORDS_LENGTH_MAX)]


class RewardTerms(Body):
    """What a manager says of a reward. Money is đồng, paid at the till.

    `points_of` says whose points it takes: its brand's, or those of all brands of its owner.
    """

    name_vi: Name = BodyField(description="Name in Vietnamese.")
    name_en: Name = BodyField(description="Name in English.")
    words_vi: Words = BodyField(default="", description="What it is, in Vietnamese.")
    words_en: Words = BodyField(default="", description="What it is, in English.")
    points: Annotated[int, BodyField(ge=1, le=POINTS_MAX)] = BodyField(description="What it takes.")
    points_of: Literal["brand", "group"] = BodyField(
        default="brand", description="Whose points: the brand's, or its owner's brands'."
    )
    money_minor: Annotated[int, BodyField(ge=0, le=MONEY_MAX)] = BodyField(
        default=0, description="What is paid at the till besides, in đồng."
    )
    value_minor: Annotated[int, BodyField(ge=0, le=MONEY_MAX)] = BodyField(
        default=0, description="What the partner is owed for one, in đồng."
    )
    valid_days: Annotated[int, BodyField(ge=1, le=VALID_DAYS_MAX)] = BodyField(
        default=90, description="How many days a voucher is good."
    )
    per_shopper_max: Annotated[int, BodyField(ge=1, le=1000)] | None = BodyField(
        default=None, description="Most of them for one shopper; null has no limit."
    )
    starts_at: Moment = BodyField(description="From when it can be had.")
    ends_at: Moment | None = BodyField(default=None, description="Until when; null has no end.")
    partners: tuple[Slug, ...] = BodyField(
        default=(), max_length=100, description="Slugs of the partners that take it."
    )

    @model_validator(mode="after")
    def _in_order(self) -> RewardTerms:
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            raise PydanticCustomError("ends_before_start", "It ends before it starts")
        return self


class NewReward(RewardTerms):
    """A reward to be drafted: `slug` is its name in addresses."""

    slug: Slug = BodyField(description="Its stable name, for addresses.")


class Stock(Body):
    """How a reward's vouchers stand."""

    free: int = BodyField(description="Still to be had.")
    issued: int = BodyField(description="Held by shoppers.")
    used: int = BodyField(description="Used up.")
    cancelled: int = BodyField(description="Given back or withdrawn.")


class ManagedReward(Body):
    """A reward as its managers see it."""

    slug: str = BodyField(description="Its stable name, for addresses.")
    state: RewardState = BodyField(description="Whether shoppers see it.")
    terms: RewardTerms = BodyField(description="What it is.")
    stock: Stock = BodyField(description="How its vouchers stand.")


class ManagedRewards(Body):
    """A brand's rewards, newest first."""

    rewards: list[ManagedReward] = BodyField(description="Rewards, newest first.")


class BatchRequest(Body):
    """How many vouchers to draw."""

    size: Annotated[int, BodyField(ge=1, le=BATCH_SIZE_MAX)] = BodyField(description="How many vouchers.")


class BatchView(Body):
    """A batch that came into stock."""

    id: UUID = BodyField(description="The batch's id.")
    kind: BatchKind = BodyField(description="Where its codes come from.")
    size: int = BodyField(description="How many vouchers.")
    made_at: datetime = BodyField(description="When it came into stock.")


class BatchStock(BatchView):
    """A batch and what is left of it."""

    free: int = BodyField(description="How many can still be given out.")


class Batches(Body):
    """A reward's batches, newest first."""

    batches: list[BatchStock] = BodyField(description="Newest first; the last 200.")


class RewardView(Body):
    """A reward as one shopper sees it; `why_not` says what keeps them from it."""

    id: UUID = BodyField(description="The reward's id.")
    brand: str = BodyField(description="Name of the brand.")
    name: str = BodyField(description="Name, in the shopper's language.")
    words: str = BodyField(description="What it is, in the shopper's language.")
    points: int = BodyField(description="What it takes.")
    money_minor: int = BodyField(description="What is paid at the till besides, in minor units.")
    currency: Literal["VND"] = BodyField(default="VND", description="ISO 4217 code of the money.")
    valid_days: int = BodyField(description="How many days a voucher is good.")
    ends_at: datetime | None = BodyField(description="Until when it can be had; null has no end.")
    few_left: bool = BodyField(description="Whether few are left.")
    why_not: WhyNot | None = BodyField(
        description="What keeps this shopper from it; null where nothing does."
    )
    points_short: int = BodyField(description="How many points are missing.")


class RewardList(Body):
    """Rewards on offer, cheapest first."""

    rewards: list[RewardView] = BodyField(description="Rewards, cheapest first.")


class VoucherView(Body):
    """A voucher as its owner sees it: `code` is there while it can be used."""

    id: UUID = BodyField(description="The voucher's id.")
    reward: str = BodyField(description="Name of the reward.")
    brand: str = BodyField(description="Name of the brand.")
    state: VoucherStanding = BodyField(description="How it stands.")
    code: str | None = BodyField(description="What the till asks for, while it can be used.")
    code_tail: str = BodyField(description="The code's last signs.")
    points: int = BodyField(description="What it took.")
    money_minor: int = BodyField(description="What is paid at the till besides, in đồng.")
    issued_at: datetime = BodyField(description="When it was given.")
    last_day: date = BodyField(description="Last day on which it is good.")
    used_at: datetime | None = BodyField(description="When it was used, if it was.")


class VoucherList(Body):
    """A shopper's vouchers, newest first; `next_cursor` is null on the last page."""

    vouchers: list[VoucherView] = BodyField(description="Vouchers, newest first.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")


class GrantedReward(Body):
    """A reward that a receipt brought by a campaign: its voucher, or why there is none."""

    reward: str = BodyField(description="Name of the reward.")
    state: Literal["waiting", "issued", "taken_back", "kept"] = BodyField(
        description="Waiting for stock, issued, taken back with its receipt, or used before that."
    )
    voucher_id: UUID | None = BodyField(description="The voucher's id; null while there is none.")
    message: str = BodyField(description="What that means, in words.")


class Transaction(Body):
    """What the partner calls one sale; the same again is answered the same."""

    transaction: Annotated[ShortText, BodyField(min_length=1, max_length=80)] = BodyField(
        description="The partner's own name of the sale."
    )
    store: TrimmedText | None = BodyField(default=None, max_length=120, description="Which of its stores.")


class CounterView(Body):
    """What a partner's till is told of a voucher that is good."""

    reward: str = BodyField(description="Name of the reward.")
    state: Literal["usable", "reserved", "used"] = BodyField(
        description="How the voucher stands at this partner."
    )
    money_minor: int = BodyField(description="What the shopper pays besides, in đồng.")
    value_minor: int = BodyField(description="What the partner is owed for it, in đồng.")
    last_day: date = BodyField(description="Last day on which it is good.")
    reserved_until: datetime | None = BodyField(description="Until when it is held for a sale.")
    used_at: datetime | None = BodyField(description="When it was used, if it was.")


class Settlement(Body):
    """What a partner is owed for a month's used vouchers of one reward; `month` is of the till's days."""

    month: str = BodyField(description="Month, as 2026-11.")
    reward: str = BodyField(description="Name of the reward.")
    vouchers: int = BodyField(description="How many were used.")
    value_minor: int = BodyField(description="What the partner is owed, in đồng.")
    money_minor: int = BodyField(description="What shoppers paid besides, in đồng.")


class Settlements(Body):
    """A partner's months, newest first."""

    settlements: list[Settlement] = BodyField(description="Months, newest first.")

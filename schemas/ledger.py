"""The ledger: accounts, what moved between them, the lots points lie in, and how a shopper sees it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Column, ForeignKey, Identity, Index, Integer, text
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, ShortText, time_field

AccountKind = Literal["issuer", "shopper", "debt", "held", "redeemed", "expired", "reversed", "exchanged"]
# What a brand or group has one account of; a shopper has the other two.
SystemKind = Literal["issuer", "held", "redeemed", "expired", "reversed", "exchanged"]

TransferKind = Literal[
    "earn",
    "reverse",
    "expire",
    "redeem",
    "refund",
    "hold",
    "release",
    "adjust",
    "exchange",
    "claw_back",
    "repay",
]

# Transfers into somebody's account; all but `earn` may also leave one. Two indexes rest on it.
_INTO_PERSONS: Final = "kind IN ('earn', 'refund', 'release', 'adjust', 'exchange', 'repay')"
_FROM_PERSONS: Final = "kind <> 'earn'"


class Currency(SQLModel, table=True):
    """What points are counted in: each brand's own, or one of a group for all brands of an owner.

    A brand's currency is there as soon as the brand is: a trigger makes it.
    """

    __table_args__ = (CheckConstraint("num_nonnulls(brand_id, owner) = 1", name="of_brand_or_group"),)

    id: int = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    brand_id: UUID | None = Field(default=None, foreign_key="brand.id", ondelete="CASCADE", unique=True)
    owner: str | None = Field(default=None, max_length=60, unique=True)


class Account(SQLModel, table=True):
    """Where points of one currency stand.

    A currency has one account of each system kind. `issuer`: where points come from. `held`: reserved
    for rewards. `redeemed`, `expired`, `reversed`, `exchanged`: where they end. Every event would touch
    those, so no running balance is kept of them (`posted` is null): months are added up instead.

    A shopper has a `shopper` account (`posted`: what can be spent; `held`: how much of theirs lies in
    open holds) and, once points were taken back that had been spent, a `debt` account, whose `posted` is
    minus what is owed.
    """

    __table_args__ = (
        CheckConstraint("(kind IN ('shopper', 'debt')) = (shopper_id IS NOT NULL)", name="owner"),
        CheckConstraint("(shopper_id IS NULL) = (posted IS NULL)", name="running_balance"),
        CheckConstraint(
            "kind IN ('issuer', 'shopper', 'debt', 'held', 'redeemed', 'expired', 'reversed', 'exchanged')",
            name="kind",
        ),
        CheckConstraint("kind <> 'shopper' OR posted >= 0", name="never_below_zero"),
        CheckConstraint("kind <> 'debt' OR posted <= 0", name="debt_below_zero"),
        CheckConstraint("held >= 0 AND (kind = 'shopper' OR held = 0)", name="held"),
        Index(
            "uq_account_system",
            "currency_id",
            "kind",
            unique=True,
            postgresql_where=text("shopper_id IS NULL"),
        ),
        Index(
            "uq_account_shopper",
            "shopper_id",
            "currency_id",
            "kind",
            unique=True,
            postgresql_where=text("shopper_id IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: int = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    # A brand without a transfer may go, and takes the accounts along that were opened with its currency.
    currency_id: int = Field(foreign_key="currency.id", ondelete="CASCADE")
    kind: str = Field(max_length=9)
    shopper_id: UUID | None = Field(default=None, foreign_key="shopper.id")
    posted: int | None = Field(default=None, sa_type=BigInteger)
    held: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class Transfer(SQLModel, table=True):
    """Points moving from one account to another, once per `key`, for ever.

    `key` is the UUID version 5 of the business event's name. `follows` is the transfer that this one
    undoes or completes. `last_day` is the last day on which the credited points may be spent.
    A trigger refuses to change or delete a row. Columns stand in the order that wastes no bytes.
    """

    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint("debit_id <> credit_id", name="accounts_differ"),
        Index("ix_transfer_debit", "debit_id", "occurred_at", postgresql_where=text(_FROM_PERSONS)),
        Index("ix_transfer_credit", "credit_id", "occurred_at", postgresql_where=text(_INTO_PERSONS)),
        Index("ix_transfer_follows", "follows", postgresql_where=text("follows IS NOT NULL")),
        Index("ix_transfer_receipt_id", "receipt_id", postgresql_where=text("receipt_id IS NOT NULL")),
        Index("ix_transfer_occurred_at", "occurred_at", postgresql_using="brin"),
    )

    occurred_at: datetime = time_field()
    points: int = Field(sa_type=BigInteger)
    debit_id: int = Field(foreign_key="account.id")
    credit_id: int = Field(foreign_key="account.id")
    last_day: date | None = None
    key: UUID = Field(primary_key=True)
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id")
    campaign_id: UUID | None = Field(default=None, foreign_key="campaign.id")
    follows: UUID | None = Field(default=None, foreign_key="transfer.key")
    kind: str = Field(max_length=9)


class Lot(SQLModel, table=True):
    """Points of one award, with one last day: null where they never expire.

    `left_points` is `points` less all that `LotUse` names. What is given back after the last day moves
    that day on; nothing else changes it.
    """

    __table_args__ = (
        CheckConstraint("left_points BETWEEN 0 AND points", name="left"),
        CheckConstraint("points > 0", name="points_positive"),
        Index("ix_lot_account", "account_id", "last_day", "id", postgresql_where=text("left_points > 0")),
        Index(
            "ix_lot_last_day",
            "last_day",
            postgresql_where=text("left_points > 0 AND last_day IS NOT NULL"),
        ),
    )

    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    account_id: int = Field(foreign_key="account.id")
    last_day: date | None = None
    origin: UUID = Field(foreign_key="transfer.key")
    points: int = Field(sa_type=BigInteger)
    left_points: int = Field(sa_type=BigInteger)


class LotUse(SQLModel, table=True):
    """Points that a transfer took out of a lot; below zero where it gave them back. Never changed."""

    __tablename__ = "lot_use"
    __table_args__ = (CheckConstraint("points <> 0", name="points"), Index("ix_lot_use_lot_id", "lot_id"))

    transfer_key: UUID = Field(foreign_key="transfer.key", primary_key=True)
    lot_id: int = Field(sa_column=Column(BigInteger, ForeignKey("lot.id"), primary_key=True))
    points: int = Field(sa_type=BigInteger)


class Hold(SQLModel, table=True):
    """A shopper's points reserved by the transfer `key` until they are posted, let go, or time is up."""

    __table_args__ = (
        CheckConstraint("state IN ('open', 'posted', 'void')", name="state"),
        CheckConstraint("points > 0", name="points_positive"),
        Index("ix_hold_open", "account_id", postgresql_where=text("state = 'open'")),
        Index("ix_hold_until", "until", postgresql_where=text("state = 'open'")),
    )

    key: UUID = Field(foreign_key="transfer.key", primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    points: int = Field(sa_type=BigInteger)
    until: datetime = time_field()
    state: str = Field(default="open", max_length=6)


class ExpiringPoints(Body):
    """Points that expire after a day."""

    points: int = BodyField(description="How many.")
    expires_on: date = BodyField(description="Last day on which they can be spent.")


class BalanceView(Body):
    """One brand's points: what can be spent, what waits for review, what expires first.

    `held` is reserved for rewards, `owed` is paid back first from what is earned next. `expiring` lists
    the next days on which points expire, the soonest first.
    """

    brand: str = BodyField(description="Name of the brand.")
    available: int = BodyField(description="What can be spent.")
    pending: int = BodyField(description="What waits for a review.")
    held: int = BodyField(description="What is reserved for rewards.")
    owed: int = BodyField(description="What is paid back first from what is earned next.")
    expiring_next: ExpiringPoints | None = BodyField(
        description="What expires first; null where nothing does."
    )
    expiring: list[ExpiringPoints] = BodyField(description="The next days on which points expire, in order.")


class ExchangeOffer(Body):
    """Points that a shopper may turn into others now, by a campaign."""

    campaign: str = BodyField(description="Slug of the campaign that allows it.")
    from_points_of: str = BodyField(description="Slug of the brand whose points are given; or `group`.")
    to_points_of: str = BodyField(description="Slug of the brand whose points come; or `group`.")
    points: int = BodyField(description="Points given in one step.")
    becoming: int = BodyField(description="Points that come for one step.")
    left_today: int | None = BodyField(description="How many more may be given today; null has no limit.")
    ends_on: date = BodyField(description="Last day of the campaign.")


class ExchangeOffers(Body):
    """All exchanges that are open to a shopper now."""

    exchanges: list[ExchangeOffer] = BodyField(description="A row an exchange.")


class ExchangeRequest(Body):
    """Points to be turned into others: an offered exchange, and how many are given."""

    campaign: ShortText = BodyField(description="Slug of the campaign that allows it.")
    from_points_of: ShortText = BodyField(description="Slug of the brand whose points are given; or `group`.")
    to_points_of: ShortText = BodyField(description="Slug of the brand whose points come; or `group`.")
    points: Annotated[int, BodyField(ge=1, le=1_000_000_000)] = BodyField(
        description="How many are given: whole steps."
    )


class ExchangeView(Body):
    """Points that were turned into others."""

    id: UUID = BodyField(description="The movement's id.")
    points: int = BodyField(description="How many were given.")
    became: int = BodyField(description="How many came.")
    expires_on: date | None = BodyField(description="Last day on which they can be spent; null is for ever.")
    occurred_at: datetime = BodyField(description="When.")


class Balances(Body):
    """All brands in which a shopper has points, by name."""

    balances: list[BalanceView] = BodyField(description="A row a brand, by name.")


class TransferView(Body):
    """One movement as its shopper sees it: `points` is negative when points left, `owed` when debt did."""

    id: UUID = BodyField(description="The movement's id.")
    occurred_at: datetime = BodyField(description="When.")
    brand: str = BodyField(description="Name of the brand.")
    kind: TransferKind = BodyField(description="What happened. Kinds are added.")
    points: int = BodyField(description="Negative when points left.")
    owed: int = BodyField(description="Negative when debt was paid back.")
    receipt_id: UUID | None = BodyField(description="The receipt it came of, if one.")
    expires_on: date | None = BodyField(description="Last day on which they can be spent.")


class TransferHistory(Body):
    """Movements, newest first; `next_cursor` is null on the last page."""

    transfers: list[TransferView] = BodyField(description="Movements, newest first.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")

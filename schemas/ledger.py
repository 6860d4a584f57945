"""The ledger: accounts, what moved between them, and how a shopper sees it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, id_field, time_field

AccountKind = Literal["issuer", "shopper", "spent", "expired"]


TransferKind = Literal["earn", "reverse", "expire", "redeem"]


class Account(SQLModel, table=True):
    """Where points of one brand stand.

    Each brand has one `issuer` (points come from it; its balance is minus all that are out), one
    `expired` and one `spent`, and one `shopper` account for each shopper who earned.
    """

    __table_args__ = (
        CheckConstraint("(kind = 'shopper') = (shopper_id IS NOT NULL)", name="owner"),
        CheckConstraint("kind IN ('issuer', 'shopper', 'spent', 'expired')", name="kind"),
        UniqueConstraint("brand_id", "shopper_id"),
        Index(
            "uq_account_brand_kind",
            "brand_id",
            "kind",
            unique=True,
            postgresql_where=text("kind <> 'shopper'"),
        ),
        Index("ix_account_shopper", "shopper_id", postgresql_where=text("shopper_id IS NOT NULL")),
    )

    id: UUID = id_field()
    brand_id: UUID = Field(foreign_key="brand.id")
    kind: str = Field(max_length=8)
    shopper_id: UUID | None = Field(default=None, foreign_key="shopper.id")


class Transfer(SQLModel, table=True):
    """Points moving from one account to another, once per `key`, for ever.

    `key` names the business event. `expires_on` is the last day the credited points may be spent.
    A trigger refuses to change or delete a row.
    """

    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint("debit_account_id <> credit_account_id", name="accounts_differ"),
        Index("ix_transfer_debit", "debit_account_id", "occurred_at"),
        Index("ix_transfer_credit", "credit_account_id", "occurred_at"),
        Index("ix_transfer_expires_on", "expires_on", postgresql_where=text("expires_on IS NOT NULL")),
    )

    id: UUID = id_field()
    key: str = Field(unique=True, max_length=200)
    kind: str = Field(max_length=8)
    debit_account_id: UUID = Field(foreign_key="account.id")
    credit_account_id: UUID = Field(foreign_key="account.id")
    points: int = Field(sa_type=BigInteger)
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id", index=True)
    campaign_id: UUID | None = Field(default=None, foreign_key="campaign.id")
    occurred_at: datetime = time_field()
    expires_on: date | None = None


class ExpiringPoints(Body):
    """Points that expire after a day."""

    points: int = BodyField(description="How many.")
    expires_on: date = BodyField(description="Last day on which they can be spent.")


class BalanceView(Body):
    """One brand's points: what can be spent, what waits for review, what expires first."""

    brand: str = BodyField(description="Name of the brand.")
    available: int = BodyField(description="What can be spent.")
    pending: int = BodyField(description="What waits for a review.")
    expiring_next: ExpiringPoints | None = BodyField(
        description="What expires first; null where nothing does."
    )


class Balances(Body):
    """All brands in which a shopper has points, by name."""

    balances: list[BalanceView] = BodyField(description="A row a brand, by name.")


class TransferView(Body):
    """One movement as its shopper sees it: `points` is negative when points left."""

    id: UUID = BodyField(description="The movement's id.")
    occurred_at: datetime = BodyField(description="When.")
    brand: str = BodyField(description="Name of the brand.")
    kind: TransferKind = BodyField(description="What happened. Kinds are added.")
    points: int = BodyField(description="Negative when points left.")
    receipt_id: UUID | None = BodyField(description="The receipt it came of, if one.")
    expires_on: date | None = BodyField(description="Last day on which they can be spent.")


class TransferHistory(Body):
    """Movements, newest first; `next_cursor` is null on the last page."""

    transfers: list[TransferView] = BodyField(description="Movements, newest first.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")

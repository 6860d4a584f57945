"""Where uploads come from, under keyed hashes: enough to tell a farm from a family, no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, LargeBinary, SQLModel

from schemas.base import Body, json_field, time_field
from schemas.receipts import ReceiptStatus

ClientKind = Literal["app", "browser", "script", "unknown"]
AttestationResult = Literal["passed", "failed", "absent"]
LinkKind = Literal["device", "payout", "paper"]

# 128 bits of a keyed hash, in hexadecimal.
HASH_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Origin:
    """What one request tells of where it comes from, hashed already.

    `address` and `network` are None for a caller inside our own network, of whom they say nothing.
    `attestation` is None where attestation is off. `former_devices` is what the device was called under
    secrets that are still listed.
    """

    device: str | None = None
    address: str | None = None
    network: str | None = None
    client: ClientKind = "unknown"
    app_version: str | None = None
    attestation: AttestationResult | None = None
    former_devices: tuple[str, ...] = ()


class UploadOrigin(SQLModel, table=True):
    """Where one receipt's upload came from.

    `device`, `address` and `network` are keyed hashes. `counts` is how many uploads the sliding
    windows held when it came, itself included, by window; empty where Redis was away.
    """

    __tablename__ = "upload_origin"
    __table_args__ = (
        Index("ix_upload_origin_device", "device", "uploaded_at"),
        Index("ix_upload_origin_shopper", "shopper_id", "uploaded_at"),
    )

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    shopper_id: UUID = Field(foreign_key="shopper.id")
    uploaded_at: datetime = time_field(index=True)
    device: str | None = Field(default=None, max_length=HASH_LENGTH)
    address: str | None = Field(default=None, max_length=HASH_LENGTH)
    network: str | None = Field(default=None, max_length=HASH_LENGTH)
    client: str = Field(default="unknown", max_length=10)
    app_version: str | None = Field(default=None, max_length=40)
    attestation: str | None = Field(default=None, max_length=6)
    counts: dict[str, int] = json_field()


class ShopperLink(SQLModel, table=True):
    """Something that several shoppers may share, under its keyed hash: a device, a payout.

    A `paper` is not one receipt but a pair of shoppers who sent the same receipts more than once.
    """

    __tablename__ = "shopper_link"
    __table_args__ = (
        CheckConstraint("kind IN ('device', 'payout', 'paper')", name="kind"),
        Index("ix_shopper_link_shopper", "shopper_id", "kind"),
    )

    kind: str = Field(primary_key=True, max_length=6)
    key: str = Field(primary_key=True, max_length=HASH_LENGTH)
    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    first_seen_at: datetime = time_field()
    last_seen_at: datetime = time_field(index=True)


class AttestedKey(SQLModel, table=True):
    """A key that Apple vouched for: it signs later uploads. `counter` only ever grows."""

    __tablename__ = "attested_key"

    key_id: str = Field(primary_key=True, max_length=64)
    public_key: bytes = Field(sa_type=LargeBinary)
    counter: int
    attested_at: datetime = time_field()


SenderKind = Literal["same_shopper", "household", "ring", "stranger"]


class ClusterAccount(Body):
    """An account of a cluster, under its pseudonym; `here` is the case's own."""

    shopper: str = BodyField(description="Pseudonym of the account.")
    here: bool = BodyField(description="Whether it is the case's own.")
    receipts_by_status: dict[ReceiptStatus, int] = BodyField(description="How many receipts of each status.")


class ClusterLink(Body):
    """One thing that accounts share; `accounts` are places in the cluster's list."""

    kind: str = BodyField(description="What is shared: `device`, `payout`, `paper`.")
    accounts: list[int] = BodyField(description="Places in the list of accounts.")


class ClusterView(Body):
    """Accounts that share devices, payouts or papers; not `whole` when there are more."""

    accounts: list[ClusterAccount] = BodyField(description="The accounts.")
    links: list[ClusterLink] = BodyField(description="What they share.")
    whole: bool = BodyField(description="Whether these are all.")

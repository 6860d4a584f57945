"""Uploads that arrive in parts: what of them has come, until they are a receipt."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from schemas.base import id_field, json_field, time_field


class ResumableUpload(SQLModel, table=True):
    """The pages of one receipt, one behind the other, of which `offset` bytes of `length` have come.

    `page_sizes` says where each page ends. `parts` names the objects that hold what has come, in order, each
    `OFFSET-TOKEN` of its first byte. `idempotency_key` is what the app calls the receipt; `client_metadata`
    is what it told, as it told it. `receipt_id` is what became of it: that and the last byte come together.
    From `expires_at` on it is nobody's.
    """

    __tablename__ = "upload"
    __table_args__ = (
        UniqueConstraint("shopper_id", "idempotency_key"),
        CheckConstraint('"offset" >= 0 AND "offset" <= length', name="offset"),
        CheckConstraint('("offset" = length) = (receipt_id IS NOT NULL)', name="whole_is_a_receipt"),
        Index("ix_upload_expires", "expires_at"),
    )

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id")
    idempotency_key: str | None = Field(default=None, max_length=200)
    length: int = Field(sa_type=BigInteger)
    offset: int = Field(default=0, sa_type=BigInteger)
    page_sizes: list[int] = json_field(list)
    parts: list[str] = json_field(list)
    captured_at: datetime | None = time_field(nullable=True)
    client_metadata: str = Field(default="", max_length=1000)
    created_at: datetime = time_field()
    expires_at: datetime = time_field()
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id")

    @property
    def receipt_key(self) -> str:
        """Return the key under which its receipt is taken in once, whichever way it is sent."""
        return self.idempotency_key or str(self.id)

    @property
    def is_whole(self) -> bool:
        """Whether all of it has come, and is a receipt."""
        return self.receipt_id is not None

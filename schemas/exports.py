"""Files of a brand's figures that staff asked for, once or again and again, and who fetched them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import id_field, json_field, time_field

ExportFormat = Literal["csv", "csv_semicolon", "xlsx", "parquet"]
ExportEvery = Literal["week", "month", "quarter"]
InvitedAxis = Literal["chain", "region"]


class ExportSchedule(SQLModel, table=True):
    """What is written anew for every whole week, month or quarter, until somebody ends it."""

    __tablename__ = "export_schedule"
    __table_args__ = (
        CheckConstraint(f"format IN {get_args(ExportFormat)}", name="format"),
        CheckConstraint(f"every IN {get_args(ExportEvery)}", name="every"),
        Index("ix_export_schedule_due", "next_on", postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = id_field()
    staff_id: UUID = Field(foreign_key="staff_member.id")
    brand: str = Field(max_length=60, index=True)
    measures: list[str] = json_field(list)
    asked: dict[str, Any] = json_field(dict)
    format: str = Field(max_length=13)
    language: str = Field(max_length=2)
    every: str = Field(max_length=7)
    next_on: date
    created_at: datetime = time_field()
    ended_at: datetime | None = time_field(nullable=True)


class InsightExport(SQLModel, table=True):
    """One file: which measures, asked how, and how far it is. Whoever writes it begins from the start.

    `done` of `total` measures are written; the file lies in so many parts under its id until `expires_at`.
    `failed` is the code of what it was refused for.
    """

    __tablename__ = "insight_export"
    __table_args__ = (
        CheckConstraint(f"format IN {get_args(ExportFormat)}", name="format"),
        Index("ix_insight_export_brand", "brand", "asked_at"),
        Index(
            "ix_insight_export_open",
            "rung_at",
            postgresql_where=text("written_at IS NULL AND failed IS NULL"),
        ),
        Index("ix_insight_export_expires", "expires_at", postgresql_where=text("size_bytes > 0")),
    )

    id: UUID = id_field()
    staff_id: UUID = Field(foreign_key="staff_member.id")
    schedule_id: UUID | None = Field(default=None, foreign_key="export_schedule.id")
    brand: str = Field(max_length=60)
    measures: list[str] = json_field(list)
    asked: dict[str, Any] = json_field(dict)
    format: str = Field(max_length=13)
    language: str = Field(max_length=2)
    asked_at: datetime = time_field()
    rung_at: datetime = time_field()
    done: int = 0
    total: int
    written_at: datetime | None = time_field(nullable=True)
    failed: str | None = Field(default=None, max_length=40)
    expires_at: datetime | None = time_field(nullable=True)
    size_bytes: int = Field(default=0, sa_type=BigInteger)


class ExportDownload(SQLModel, table=True):
    """One time that a file was fetched, and by whom."""

    __tablename__ = "export_download"

    id: UUID = id_field()
    export_id: UUID = Field(foreign_key="insight_export.id", index=True)
    staff_id: UUID = Field(foreign_key="staff_member.id")
    at: datetime = time_field()


class BrandKey(SQLModel, table=True):
    """A key with which a brand's own tools read its figures, and nothing else. Only its digest is kept.

    `begins` is the first part of the key, by which people tell keys apart.
    """

    __tablename__ = "brand_key"

    id: UUID = id_field()
    brand: str = Field(max_length=60, index=True)
    name: str = Field(max_length=200)
    begins: str = Field(max_length=12)
    digest: str = Field(max_length=64, unique=True)
    created_at: datetime = time_field()
    created_by: UUID = Field(foreign_key="staff_member.id")
    used_at: datetime | None = time_field(nullable=True)
    revoked_at: datetime | None = time_field(nullable=True)


class RetailerAccess(SQLModel, table=True):
    """A retailer or distributor whom a brand lets read its figures of one chain or region."""

    __tablename__ = "retailer_access"
    __table_args__ = (
        CheckConstraint(f"axis IN {get_args(InvitedAxis)}", name="axis"),
        Index(
            "uq_retailer_access_standing",
            "staff_id",
            "brand",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_retailer_access_brand", "brand", postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = id_field()
    staff_id: UUID = Field(foreign_key="staff_member.id")
    brand: str = Field(max_length=60)
    axis: str = Field(max_length=6)
    value: str = Field(max_length=200)
    invited_by: UUID = Field(foreign_key="staff_member.id")
    invited_at: datetime = time_field()
    ended_at: datetime | None = time_field(nullable=True)

"""Saved segments: groups of a brand's shoppers, by conditions that are data, and who is in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import Column, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from schemas.base import Body, id_field, json_field, time_field

NAME_LENGTH_MAX = 120

# Words of all four under [profile].
RfmGroup = Literal[
    "champions",
    "loyal",
    "potential_loyal",
    "new",
    "promising",
    "need_attention",
    "about_to_sleep",
    "at_risk",
    "cant_lose",
    "hibernating",
    "lost",
]
ValueTier = Literal["top", "high", "middle", "low", "lowest"]
LeavingSign = Literal["overdue", "likely_gone", "buys_less", "share_falls", "quiet_everywhere"]
# Why a segment's members stay as they were, or a figure is not told.
Stalled = Literal["no_model", "no_classes"]


class Segment(SQLModel, table=True):
    """A brand's group of shoppers. `size` is how many are in it since `refreshed_at`; both null before.

    `told_size` is what managers are told of it, null where nothing. `stalled` says why the last attempt left
    the members as they were.
    """

    __table_args__ = (
        UniqueConstraint("brand_id", "slug"),
        Index("ix_segment_refreshed_at", "refreshed_at"),
    )

    id: UUID = id_field()
    brand_id: UUID = Field(foreign_key="brand.id")
    slug: str = Field(max_length=60)
    name: str = Field(max_length=NAME_LENGTH_MAX)
    conditions: dict[str, Any] = json_field()
    made_at: datetime = time_field()
    refreshed_at: datetime | None = time_field(nullable=True)
    size: int | None = None
    told_size: int | None = None
    stalled: str | None = Field(default=None, max_length=24)


class SegmentMember(SQLModel, table=True):
    """One shopper in one segment. A trigger takes out, at once, who withdraws a consent it rests on."""

    __tablename__ = "segment_member"
    __table_args__ = (Index("ix_segment_member_shopper", "shopper_id"),)

    segment_id: UUID = Field(sa_column=Column(ForeignKey("segment.id", ondelete="CASCADE"), primary_key=True))
    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)


class ToldSegment(SQLModel, table=True):
    """A size that managers of a brand were told, and of which shoppers, under keys: 64 buckets of 8 bytes.

    It stays when its segment goes: one that is made again a little narrower would tell of the difference.
    """

    __tablename__ = "told_segment"
    __table_args__ = (Index("ix_told_segment_near", "brand_id", "size"),)

    id: UUID = id_field()
    brand_id: UUID = Field(foreign_key="brand.id")
    size: int
    sketch: bytes = Field(sa_type=LargeBinary)
    told_at: datetime = time_field()


class SegmentView(Body):
    """A segment as its managers see it."""

    slug: str = BodyField(description="Slug of the segment.")
    name: str = BodyField(description="Its name.")
    conditions: dict[str, Any] = BodyField(description="Who is in it.")
    made_at: datetime = BodyField(description="When it was made.")
    refreshed_at: datetime | None = BodyField(description="Since when its members stand so; null: not yet.")
    size: int | None = BodyField(
        description="How many are in it, or were when nearly the same shoppers were told of; null: withheld."
    )
    shoppers_min: int = BodyField(
        description="Of fewer shoppers no size is told, and sizes of fewer apart are told as one."
    )
    withheld: bool = BodyField(description="Whether too few are in it for a size to be told.")
    may_be_exported: bool = BodyField(description="Whether it is large enough to be taken along.")
    stalled: Stalled | None = BodyField(description="Why the last refresh left the members as they were.")


class SegmentList(Body):
    """A brand's segments, newest first."""

    segments: list[SegmentView] = BodyField(description="The segments, newest first.")

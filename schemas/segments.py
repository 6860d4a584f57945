"""Segments: groups of shoppers that campaigns may be for, and who is in them."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Field, SQLModel

from schemas.base import id_field


class Segment(SQLModel, table=True):
    """A group of shoppers; campaigns know it by its slug."""

    id: UUID = id_field()
    slug: str = Field(unique=True, max_length=160)


class SegmentMember(SQLModel, table=True):
    """A shopper who is in a segment now."""

    __tablename__ = "segment_member"

    segment_id: UUID = Field(foreign_key="segment.id", primary_key=True)
    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True, index=True)

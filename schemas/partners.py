"""Partners: shops and web shops that ask and tell us things over a signed door."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field as BodyField
from sqlmodel import Field, LargeBinary, SQLModel

from schemas.base import Body, ShortText, TrimmedText, id_field, time_field

SLUG_PATTERN = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
Slug = Annotated[ShortText, BodyField(pattern=SLUG_PATTERN, max_length=60)]


class Partner(SQLModel, table=True):
    """Who may call the partners' door. Its secret is sealed; the one before it is good until a time.

    From `ended_at` on nothing of theirs is taken.
    """

    id: UUID = id_field()
    slug: str = Field(unique=True, max_length=60)
    name: str = Field(max_length=120)
    secret_sealed: bytes = Field(sa_type=LargeBinary)
    former_secret_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    former_until: datetime | None = time_field(nullable=True)
    joined_at: datetime = time_field()
    ended_at: datetime | None = time_field(nullable=True)


class NewPartner(Body):
    """A partner to be let in: `slug` is the name it signs with."""

    slug: Slug = BodyField(description="The name it signs with.")
    name: Annotated[TrimmedText, BodyField(min_length=1, max_length=120)] = BodyField(
        description="Name for people."
    )


class PartnerView(Body):
    """A partner as admins see it."""

    slug: str = BodyField(description="The name it signs with.")
    name: str = BodyField(description="Name for people.")
    joined_at: datetime = BodyField(description="When it was let in.")
    ended_at: datetime | None = BodyField(description="When its access ended, if it did.")


class PartnerList(Body):
    """All partners, by slug."""

    partners: list[PartnerView] = BodyField(description="Partners, by slug.")


class PartnerSecret(Body):
    """A partner's secret, shown this once; the one before it is good until `former_until`."""

    partner: str = BodyField(description="The name it signs with.")
    secret: str = BodyField(description="What it signs under; shown this once.")
    former_until: datetime | None = BodyField(description="Until when the secret before is good.")

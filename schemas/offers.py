"""The offer that is put before a shopper first: how it was chosen, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SmallInteger, SQLModel

from schemas.base import Body, id_field, time_field
from schemas.campaigns import OfferView

# How a shopper stands to an offer's brands: buys them, bought them once, buys what goes with them, none.
Bucket = Literal["buyer", "lapsed", "near", "stranger"]
BUCKETS: tuple[Bucket, ...] = get_args(Bucket)
# Why nobody is put first. Who is held out is told no other thing than who has none left.
NoOffer = Literal["no_consent", "none_left"]


class OfferChoice(SQLModel, table=True):
    """One offer chosen for one shopper on one day, with the chance at which it was.

    `round` rises where the one before could not be used any more that day. `candidates` are all it was chosen
    from, each `[campaign's number, bucket, chance]`. One that is `held_out` was chosen and not shown.
    `used_on` is the day of the purchase by which it was used, as far as receipts tell by now.
    """

    __tablename__ = "offer_choice"
    __table_args__ = (
        UniqueConstraint("shopper_id", "chosen_on", "round"),
        CheckConstraint(f"bucket IN {BUCKETS}", name="bucket"),
        CheckConstraint("chance > 0 AND chance <= 1", name="chance"),
        CheckConstraint("(used_on IS NULL) = (used_receipt_id IS NULL)", name="used"),
        CheckConstraint("NOT (held_out AND shown_at IS NOT NULL)", name="held_out_sees_nothing"),
        Index("ix_offer_choice_campaign", "campaign_id", "chosen_on"),
        Index("ix_offer_choice_chosen_on", "chosen_on"),
    )

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id")
    chosen_on: date
    round: int = Field(sa_type=SmallInteger)
    chosen_at: datetime = time_field()
    campaign_id: UUID = Field(foreign_key="campaign.id")
    bucket: str = Field(max_length=8)
    chance: float
    policy: int = Field(sa_type=SmallInteger)
    held_out: bool
    candidates: list[Any] = Field(sa_type=JSONB)
    shown_at: datetime | None = time_field(nullable=True)
    used_on: date | None = None
    used_receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id")


class OfferArm(SQLModel, table=True):
    """How often a campaign was shown to shoppers who stand so to it, and used: counted from the choices."""

    __tablename__ = "offer_arm"
    __table_args__ = (
        CheckConstraint(f"bucket IN {BUCKETS}", name="bucket"),
        CheckConstraint("used BETWEEN 0 AND shown", name="used"),
    )

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    bucket: str = Field(max_length=8, primary_key=True)
    shown: int
    used: int
    counted_at: datetime = time_field()


class OfferTold(SQLModel, table=True):
    """What those who keep a campaign were told last of its being put first: shoppers, and how many used it.

    `until` is the last day of choices that it is about; null before anything was told.
    """

    __tablename__ = "offer_told"
    __table_args__ = (
        CheckConstraint("shown_used BETWEEN 0 AND shown", name="shown_used"),
        CheckConstraint("held_used BETWEEN 0 AND held", name="held_used"),
    )

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    until: date | None = None
    shown: int = 0
    shown_used: int = 0
    held: int = 0
    held_used: int = 0


class GoesWith(SQLModel, table=True):
    """A product that lies in baskets with a brand so many times as often as chance would have it."""

    __tablename__ = "goes_with"
    __table_args__ = (CheckConstraint("lift > 1", name="lift"),)

    brand_id: UUID = Field(foreign_key="brand.id", primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", primary_key=True, ondelete="CASCADE")
    lift: float
    counted_on: date


class OfferProduct(Body):
    """A product that an offer counts."""

    slug: str = BodyField(description="Slug of the product.")
    name: str = BodyField(description="Its name.")
    brand: str = BodyField(description="Name of its brand.")


class NextOffer(Body):
    """The offer to put first, and products to begin with. The same all day, as long as it can be used."""

    id: UUID = BodyField(description="The choice's id, to say that it was shown.")
    offer: OfferView = BodyField(description="The offer, as in the list of all.")
    products: list[OfferProduct] = BodyField(description="Products that it counts, the likeliest first.")


class NextOfferAnswer(Body):
    """The offer to put first, or why there is none."""

    next: NextOffer | None = BodyField(description="The offer to put first; null where there is none.")
    why_none: NoOffer | None = BodyField(
        description="`no_consent`: they did not agree that offers are chosen for them. `none_left`: none."
    )


class OfferGroup(Body):
    """Shoppers whom the campaign was chosen for, and how many of them used it; null where withheld."""

    shoppers: int | None = BodyField(default=None, description="Shoppers whose days to use it are over.")
    used: int | None = BodyField(default=None, description="Of them, by an approved receipt within a week.")
    share: float | None = BodyField(default=None, description="Their share, 0 to 1.")


class OfferResults(Body):
    """What putting an offer first brought against those it was kept from, as drawn; nothing of few."""

    until: date | None = BodyField(
        description="Last day of choices that it is about; null where none is told."
    )
    shown: OfferGroup = BodyField(description="Those whom the offer was put first for.")
    held_out: OfferGroup = BodyField(description="Those it was chosen for and kept from, to compare.")
    difference: float | None = BodyField(description="By how much the first share exceeds the second.")
    low: float | None = BodyField(description="Lower end of the difference's 95 % interval.")
    high: float | None = BodyField(description="Upper end of it.")
    verdict: Literal["worked", "harmed", "cannot_tell", "too_few"] = BodyField(
        description="What the interval says."
    )

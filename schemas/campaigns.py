"""Campaigns: what is promised, in versions, when each was live, and what shoppers used of its caps."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import StringConstraints
from sqlalchemy import CheckConstraint, DateTime, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, Moment, ShortText, TrimmedText, id_field, json_field, time_field

StackingMode = Literal["all", "first", "best"]
CampaignState = Literal["draft", "scheduled", "live", "paused", "ended"]


class Campaign(SQLModel, table=True):
    """A programme of a brand, or of the whole group where `brand_id` is null.

    `starts_on` and `ends_on`, the till's days, both included, are those of the version published last, or of
    the draft while there is none. `no` orders campaigns that stand alike.
    """

    __table_args__ = (CheckConstraint("starts_on <= ends_on", name="days"),)

    id: UUID = id_field()
    no: int | None = Field(
        default=None, sa_type=BigInteger, sa_column_args=(Identity(always=True),), unique=True, nullable=False
    )
    slug: str = Field(unique=True, max_length=60)
    name: str
    brand_id: UUID | None = Field(default=None, foreign_key="brand.id", index=True)
    starts_on: date
    ends_on: date


class CampaignVersion(SQLModel, table=True):
    """What a campaign says: the terms as domain/campaigns/terms writes them.

    A draft has no `published_at`, and there is one at most; a trigger keeps published terms as they are.
    """

    __tablename__ = "campaign_version"
    __table_args__ = (
        UniqueConstraint("campaign_id", "no"),
        Index(
            "uq_campaign_version_draft",
            "campaign_id",
            unique=True,
            postgresql_where=text("published_at IS NULL"),
        ),
    )

    id: UUID = id_field()
    campaign_id: UUID = Field(foreign_key="campaign.id")
    no: int
    terms: dict[str, Any] = json_field()
    changed_at: datetime = time_field()
    changed_by: UUID | None = Field(default=None, foreign_key="staff_member.id")
    published_at: datetime | None = time_field(nullable=True)
    published_by: UUID | None = Field(default=None, foreign_key="staff_member.id")
    ended_at: datetime | None = time_field(nullable=True)


class CampaignSpan(SQLModel, table=True):
    """Since when and until when a version was live: uploads of that time are judged by it, whenever it is.

    No two spans of one campaign overlap.
    """

    __tablename__ = "campaign_span"
    __table_args__ = (
        CheckConstraint("from_at < until_at", name="in_order"),
        # The range of one number stands for equality, which needs no extension.
        ExcludeConstraint(
            (text("int8range(campaign_no, campaign_no, '[]')"), "&&"),
            (text("tstzrange(from_at, until_at)"), "&&"),
            using="gist",
            name="ex_campaign_span_one_live",
        ),
    )

    id: UUID = id_field()
    campaign_no: int = Field(sa_type=BigInteger, foreign_key="campaign.no")
    version_id: UUID = Field(foreign_key="campaign_version.id", index=True)
    from_at: datetime = time_field()
    until_at: datetime | None = time_field(nullable=True)


class CampaignBudget(SQLModel, table=True):
    """Which budget of the ledger pays for a campaign: one for all time, one a day, whatever its versions."""

    __tablename__ = "campaign_budget"
    __table_args__ = (CheckConstraint("scope IN ('total', 'day')", name="scope"),)

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    scope: str = Field(primary_key=True, max_length=5)
    budget_id: int = Field(foreign_key="budget.id", unique=True)


class BudgetReading(SQLModel, table=True):
    """What a campaign's budget had left in an hour, of that day where it is a day's: for forecasts."""

    __tablename__ = "budget_reading"

    budget_id: int = Field(foreign_key="budget.id", primary_key=True)
    at: datetime = Field(sa_type=DateTime(timezone=True), primary_key=True)
    amount: int = Field(sa_type=BigInteger)
    left_points: int = Field(sa_type=BigInteger)


class CampaignGroup(SQLModel, table=True):
    """How campaigns of a group go together: all pay, the first in order, or the best for the shopper."""

    __tablename__ = "campaign_group"
    __table_args__ = (CheckConstraint(f"mode IN {get_args(StackingMode)}", name="mode"),)

    slug: str = Field(primary_key=True, max_length=160)
    mode: str = Field(max_length=5)


class ProgrammeState(SQLModel, table=True):
    """One row: `version` is new after every change of what is live, so a process knows when to load again."""

    __tablename__ = "programme_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: UUID


class CapUse(SQLModel, table=True):
    """What is used of a cap by one party in one window; a household goes by its earliest member."""

    __tablename__ = "cap_use"
    __table_args__ = (CheckConstraint("used >= 0", name="used_not_negative"),)

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    cap: str = Field(primary_key=True, max_length=40)
    subject_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    window_on: date = Field(primary_key=True)
    used: int = Field(sa_type=BigInteger)


class StampCard(SQLModel, table=True):
    """How many stamps a shopper has on a card of a campaign, full cards included.

    `filled` are those that full cards were paid for: more than there are where stamps were taken back with
    which a card was filled that stays paid.
    """

    __tablename__ = "stamp_card"
    __table_args__ = (CheckConstraint("stamps >= 0 AND filled >= 0", name="stamps_not_negative"),)

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    card: str = Field(primary_key=True, max_length=160)
    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    stamps: int = Field(sa_type=BigInteger)
    filled: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class CampaignAudience(SQLModel, table=True):
    """Since when a shopper is among those whom a measured campaign for segments is for; who leaves stays."""

    __tablename__ = "campaign_audience"
    __table_args__ = (Index("ix_campaign_audience_shopper", "shopper_id"),)

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    since_on: date


class WhyView(Body):
    """Why something paid less or nothing, in the reader's language; `would` is what it would have added."""

    code: str = BodyField(description="Stable code of the reason.")
    message: str = BodyField(description="The reason in words.")
    would: int = BodyField(description="Points that it would have added.")


class CampaignView(Body):
    """What one campaign paid for a receipt, and why not more."""

    campaign: str = BodyField(description="Slug of the campaign.")
    name: str = BodyField(description="Its name.")
    points: int = BodyField(description="What it paid, or would if approved.")
    stamps: int = BodyField(description="Stamps that it gave.")
    rewards: list[str] = BodyField(description="Slugs of rewards that it gave.")
    why: list[WhyView] = BodyField(description="Why not more.")


class NewCampaign(Body):
    """A campaign to begin: of a brand, or of the whole group where none is named."""

    slug: Annotated[ShortText, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)] = BodyField(
        description="Its key: small letters, digits and hyphens."
    )
    name: Annotated[TrimmedText, StringConstraints(min_length=1, max_length=120)] = BodyField(
        description="Its name, as shoppers read it."
    )
    brand: ShortText | None = BodyField(
        default=None, description="Slug of its brand; null is the whole group's."
    )


class PublishRequest(Body):
    """When a draft begins to be live; now where nothing is said."""

    at: Moment | None = BodyField(
        default=None, description="When it begins to be live; now where nothing is said."
    )


class CampaignSummary(Body):
    """A campaign in a list. What budgets have left is points, nothing where there is no limit."""

    slug: str = BodyField(description="The campaign's key.")
    name: str = BodyField(description="Its name.")
    brand: str | None = BodyField(description="Slug of its brand; null is the whole group's.")
    state: CampaignState = BodyField(description="How it stands.")
    starts_on: date = BodyField(description="First day of purchases.")
    ends_on: date = BodyField(description="Last day, included.")
    has_draft: bool = BodyField(description="Whether a draft stands beside what is live.")
    budget_left: int | None = BodyField(description="Points that are left in all; null is no limit.")
    budget_left_today: int | None = BodyField(description="Points that are left today; null is no limit.")


class CampaignList(Body):
    """Campaigns, those that begin last first."""

    campaigns: list[CampaignSummary] = BodyField(description="Campaigns that the caller may keep.")


class VersionView(Body):
    """A version of a campaign: how it stands, and when it is or was live last."""

    no: int = BodyField(description="Number of the version, from 1.")
    state: CampaignState = BodyField(description="How it stands.")
    live_from: datetime | None = BodyField(description="Since when it is or was live last.")
    live_until: datetime | None = BodyField(description="Until when; null is without end.")
    terms: dict[str, Any] = BodyField(description="What it says; what is as usual is left out.")
    changed_at: datetime = BodyField(description="When it was written.")


class ManagedCampaign(CampaignSummary):
    """A campaign with its versions, newest first."""

    versions: list[VersionView] = BodyField(description="Its versions, newest first.")


class StampsView(Body):
    """A shopper's stamps on a card: how many lie on the one that is being filled, of how many."""

    card: str = BodyField(description="Slug of the card.")
    have: int = BodyField(description="Stamps on the card that is being filled.")
    full: int = BodyField(description="How many stamps fill it.")


class OfferRule(Body):
    """What one rule gives, and what it asks for that is not so yet."""

    gives: list[str] = BodyField(description="What it gives, in words.")
    not_yet: list[WhyView] = BodyField(description="What it asks for that is not so yet.")


class OfferView(Body):
    """What a shopper can earn by a campaign that runs or begins within a week, and why not yet."""

    campaign: str = BodyField(description="Slug of the campaign.")
    name: str = BodyField(description="Its name.")
    brands: list[str] = BodyField(description="Names of the brands that take part.")
    starts_on: date = BodyField(description="First day of purchases.")
    ends_on: date = BodyField(description="Last day, included.")
    rules: list[OfferRule] = BodyField(description="What it gives for what.")
    stamps: list[StampsView] = BodyField(description="The shopper's cards.")
    not_yet: list[WhyView] = BodyField(description="Why nothing can be earned yet.")


class OfferList(Body):
    """A shopper's offers, those that end soonest first."""

    offers: list[OfferView] = BodyField(description="What can be earned now or within a week.")

"""Membership: tiers by what was earned in a year, friends brought along, missions fulfilled."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, Moment, ShortText, TrimmedText, id_field, time_field
from schemas.partners import Slug

NAME_LENGTH_MAX = 120
POINTS_MAX = 1_000_000_000
TIERS_MAX = 10
GOAL_MAX = 1_000_000_000
VALID_DAYS_MAX = 1_100
CODE_LENGTH = 8

MissionGoal = Literal["receipts", "units", "spend_minor", "days"]


class Tier(SQLModel, table=True):
    """A step of the ladder: who earned `from_points` in the last 365 days stands on it, or higher."""

    __table_args__ = (CheckConstraint("from_points >= 0 AND grace_days >= 0", name="not_negative"),)

    slug: str = Field(primary_key=True, max_length=60)
    name_vi: str = Field(max_length=NAME_LENGTH_MAX)
    name_en: str = Field(max_length=NAME_LENGTH_MAX)
    from_points: int = Field(unique=True, sa_type=BigInteger)
    grace_days: int


class ShopperTier(SQLModel, table=True):
    """Where a shopper stands. `drops_on` is announced where they no longer earn enough.

    `look_on` is the next day on which something can change without a receipt.
    """

    __tablename__ = "shopper_tier"
    __table_args__ = (
        Index("ix_shopper_tier_look_on", "look_on", postgresql_where=text("look_on IS NOT NULL")),
    )

    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    tier: str | None = Field(default=None, max_length=60)
    since: datetime = time_field()
    drops_on: date | None = None
    look_on: date | None = None


class ReferralTerms(SQLModel, table=True):
    """What bringing a friend is worth, in points of a brand; the newest terms that hold count."""

    __tablename__ = "referral_terms"
    __table_args__ = (
        CheckConstraint("referrer_points > 0 AND newcomer_points >= 0", name="points"),
        CheckConstraint("starts_at < ends_at", name="times_in_order"),
    )

    id: UUID = id_field()
    brand_id: UUID = Field(foreign_key="brand.id")
    referrer_points: int = Field(sa_type=BigInteger)
    newcomer_points: int = Field(sa_type=BigInteger)
    valid_days: int | None = None
    hold_days: int
    month_max: int
    starts_at: datetime = time_field()
    ends_at: datetime | None = time_field(nullable=True)


class ReferralCode(SQLModel, table=True):
    """The code a shopper gives to friends."""

    __tablename__ = "referral_code"

    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    code: str = Field(unique=True, max_length=CODE_LENGTH)


class Referral(SQLModel, table=True):
    """A newcomer whom somebody brought: one referrer for ever.

    Waiting for the newcomer's first approved receipt; held after it until `pays_on`, in case that receipt is
    taken back; then paid, or refused with a reason.
    """

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'held', 'paid', 'refused')", name="state"),
        CheckConstraint("newcomer_id <> referrer_id", name="not_oneself"),
        CheckConstraint("(state = 'held') = (pays_on IS NOT NULL)", name="pays_on"),
        Index("ix_referral_referrer", "referrer_id", "claimed_at"),
        Index("ix_referral_pays_on", "pays_on", postgresql_where=text("state = 'held'")),
    )

    newcomer_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    referrer_id: UUID = Field(foreign_key="shopper.id")
    terms_id: UUID = Field(foreign_key="referral_terms.id")
    state: str = Field(default="waiting", max_length=7)
    reason: str | None = Field(default=None, max_length=40)
    claimed_at: datetime = time_field()
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id")
    pays_on: date | None = None
    ended_at: datetime | None = time_field(nullable=True)


class Mission(SQLModel, table=True):
    """Something to do with a brand's goods by a day, for points and a badge."""

    __table_args__ = (
        CheckConstraint("goal IN ('receipts', 'units', 'spend_minor', 'days')", name="goal"),
        CheckConstraint("amount > 0 AND points >= 0", name="amounts"),
        CheckConstraint("starts_at < ends_at", name="times_in_order"),
    )

    id: UUID = id_field()
    slug: str = Field(unique=True, max_length=60)
    brand_id: UUID = Field(foreign_key="brand.id", index=True)
    name_vi: str = Field(max_length=NAME_LENGTH_MAX)
    name_en: str = Field(max_length=NAME_LENGTH_MAX)
    goal: str = Field(max_length=12)
    amount: int = Field(sa_type=BigInteger)
    points: int = Field(sa_type=BigInteger)
    valid_days: int | None = None
    starts_at: datetime = time_field()
    ends_at: datetime = time_field()


class MissionDone(SQLModel, table=True):
    """A shopper has done a mission, once; what was credited stays, whatever comes later."""

    __tablename__ = "mission_done"

    mission_id: UUID = Field(foreign_key="mission.id", primary_key=True)
    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True, index=True)
    done_at: datetime = time_field()


Name = Annotated[TrimmedText, BodyField(min_length=1, max_length=NAME_LENGTH_MAX)]
PointsFrom0 = Annotated[int, BodyField(ge=0, le=POINTS_MAX)]
ValidDays = Annotated[int, BodyField(ge=1, le=VALID_DAYS_MAX)] | None


class TierStep(Body):
    """A step of the ladder as admins write it."""

    slug: Slug = BodyField(description="Its stable name.")
    name_vi: Name = BodyField(description="Name in Vietnamese.")
    name_en: Name = BodyField(description="Name in English.")
    from_points: PointsFrom0 = BodyField(description="From how many points in 365 days.")
    grace_days: Annotated[int, BodyField(ge=0, le=366)] = BodyField(
        default=30, description="Days of notice before a member drops from it."
    )


class Ladder(Body):
    """All steps, lowest first; whoever has earned less than the first has no tier."""

    tiers: Annotated[list[TierStep], BodyField(max_length=TIERS_MAX)] = BodyField(
        description="Steps, lowest first."
    )

    @model_validator(mode="after")
    def _rises(self) -> Ladder:
        steps = [step.from_points for step in self.tiers]
        if steps != sorted(set(steps)) or len({step.slug for step in self.tiers}) < len(steps):
            raise PydanticCustomError(
                "ladder_does_not_rise", "Each step needs more points than the one before"
            )
        return self


class NextTier(Body):
    """The step above, and how many points are missing."""

    tier: str = BodyField(description="Slug of the tier.")
    name: str = BodyField(description="Name, in the shopper's language.")
    points_missing: int = BodyField(description="How many points are missing.")


class TierView(Body):
    """Where a shopper stands: `earned` in the last 365 days, and when a lower tier is announced for."""

    tier: str | None = BodyField(description="Slug of the tier; null where there is none.")
    name: str | None = BodyField(description="Name, in the shopper's language.")
    earned: int = BodyField(description="Points earned in the last 365 days.")
    next: NextTier | None = BodyField(description="The step above; null on the highest.")
    drops_on: date | None = BodyField(description="Day of an announced drop.")


class ReferralTermsBody(Body):
    """What bringing a friend is worth, as admins write it."""

    brand: Slug = BodyField(description="Slug of the brand whose points are given.")
    referrer_points: Annotated[int, BodyField(ge=1, le=POINTS_MAX)] = BodyField(
        description="For who brings a friend."
    )
    newcomer_points: PointsFrom0 = BodyField(description="For the friend.")
    valid_days: ValidDays = BodyField(
        default=None, description="How many days the points are good; null has no end."
    )
    hold_days: Annotated[int, BodyField(ge=0, le=90)] = BodyField(
        default=7, description="Days until they are given."
    )
    month_max: Annotated[int, BodyField(ge=1, le=1000)] = BodyField(
        default=10, description="Most friends of one shopper in a month."
    )
    starts_at: Moment = BodyField(description="From when.")
    ends_at: Moment | None = BodyField(default=None, description="Until when; null has no end.")


class ReferralTermsNow(Body):
    """What bringing a friend is worth now."""

    terms: ReferralTermsBody | None = BodyField(description="The newest that hold; null where none do.")


class ReferralClaim(Body):
    """The code of whoever brought the newcomer."""

    code: Annotated[ShortText, BodyField(min_length=1, max_length=20)] = BodyField(
        description="The friend's code."
    )


class ReferralView(Body):
    """A shopper's own code, its worth and what came of it; `claimed` once they named who brought them."""

    code: str = BodyField(description="What to give to friends.")
    brand: str | None = BodyField(description="Name of the brand whose points are given.")
    referrer_points: int = BodyField(description="For who brings a friend.")
    newcomer_points: int = BodyField(description="For the friend.")
    waiting: int = BodyField(description="Friends without an approved receipt.")
    paid: int = BodyField(description="Friends that were paid for.")
    left_this_month: int = BodyField(description="How many more count this month.")
    claimed: bool = BodyField(description="Whether the shopper has named who brought them.")


class NewMission(Body):
    """A mission as managers write it: `amount` of receipts, units, đồng or days with the brand."""

    slug: Slug = BodyField(description="Its stable name.")
    name_vi: Name = BodyField(description="Name in Vietnamese.")
    name_en: Name = BodyField(description="Name in English.")
    goal: MissionGoal = BodyField(description="What is counted.")
    amount: Annotated[int, BodyField(ge=1, le=GOAL_MAX)] = BodyField(description="How much of it.")
    points: PointsFrom0 = BodyField(description="What it is worth.")
    valid_days: ValidDays = BodyField(
        default=None, description="How many days the points are good; null has no end."
    )
    starts_at: Moment = BodyField(description="From when.")
    ends_at: Moment = BodyField(description="Until when.")

    @model_validator(mode="after")
    def _in_order(self) -> NewMission:
        if self.ends_at <= self.starts_at:
            raise PydanticCustomError("ends_before_start", "It ends before it starts")
        return self


class MissionView(Body):
    """A mission as a shopper sees it; `done_at` is when its badge was earned."""

    slug: str = BodyField(description="Its stable name.")
    brand: str = BodyField(description="Name of the brand.")
    name: str = BodyField(description="Name, in the shopper's language.")
    goal: MissionGoal = BodyField(description="What is counted.")
    amount: int = BodyField(description="How much of it.")
    progress: int = BodyField(description="How much is done.")
    points: int = BodyField(description="What it is worth.")
    ends_at: datetime = BodyField(description="Until when.")
    done_at: datetime | None = BodyField(description="When it was done, if it was.")


class MissionList(Body):
    """Missions that can be done now, and those that were."""

    missions: list[MissionView] = BodyField(description="Missions.")


class ManagedMission(Body):
    """A mission as its managers see it, with how many have done it: none is told of fewer than five."""

    mission: NewMission = BodyField(description="What it is.")
    done: int | None = BodyField(description="How many have done it; null of few.")


class ManagedMissions(Body):
    """A brand's missions, newest first."""

    missions: list[ManagedMission] = BodyField(description="Missions, newest first.")

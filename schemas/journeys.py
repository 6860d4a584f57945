"""Journeys: what a brand tells shoppers one by one, in versions, who is under way, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import StringConstraints
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, UniqueConstraint, text
from sqlmodel import Field, SmallInteger, SQLModel

from schemas.base import Body, ShortText, TrimmedText, id_field, json_field, time_field

JourneyState = Literal["draft", "live", "paused", "ended"]
# Under way: waiting for its next step, or a message of it is on its way out of the house.
RunState = Literal["waiting", "sending", "done", "stopped"]
# `unsure`: whether it arrived nobody can say, so it counts as sent and is never sent again.
JourneyMessageState = Literal["sending", "put_off", "sent", "unsure", "refused", "skipped"]
JourneyChannel = Literal["inbox", "push", "sms"]
JOURNEY_CHANNELS: tuple[JourneyChannel, ...] = get_args(JourneyChannel)
ReadyName = Literal[
    "welcome",
    "first_thanks",
    "second_receipt",
    "come_back",
    "points_expire",
    "tier_near",
    "new_offer",
    "photo_again",
]
READY: tuple[ReadyName, ...] = get_args(ReadyName)
# The arm of those who are told nothing, so that it can be seen what telling brings.
HELD = "held"
NAME_LENGTH_MAX = 120
_COUNTED = "is_ad AND state IN ('sending', 'sent', 'unsure')"


class Journey(SQLModel, table=True):
    """A journey of a brand, or of the whole group where `brand_id` is null. `live_no` is its version."""

    __table_args__ = (CheckConstraint(f"state IN {get_args(JourneyState)}", name="state"),)

    id: UUID = id_field()
    slug: str = Field(unique=True, max_length=60)
    name: str = Field(max_length=NAME_LENGTH_MAX)
    brand_id: UUID | None = Field(default=None, foreign_key="brand.id", index=True)
    state: str = Field(default="draft", max_length=6)
    live_no: int | None = None
    live_since: datetime | None = time_field(nullable=True)


class JourneyVersion(SQLModel, table=True):
    """What a journey says: the terms as domain/journeys/terms writes them.

    A draft has no `published_at`, and there is one at most; a trigger keeps published terms as they are.
    """

    __tablename__ = "journey_version"
    __table_args__ = (
        UniqueConstraint("journey_id", "no"),
        Index(
            "uq_journey_version_draft",
            "journey_id",
            unique=True,
            postgresql_where=text("published_at IS NULL"),
        ),
    )

    id: UUID = id_field()
    journey_id: UUID = Field(foreign_key="journey.id")
    no: int
    terms: dict[str, Any] = json_field()
    changed_at: datetime = time_field()
    changed_by: UUID | None = Field(default=None, foreign_key="staff_member.id")
    published_at: datetime | None = time_field(nullable=True)
    published_by: UUID | None = Field(default=None, foreign_key="staff_member.id")


class JourneySweep(SQLModel, table=True):
    """Many shoppers who enter at once, by a new offer or a filled segment: taken in batches after `after`.

    `key` names the occasion, and each occasion is swept once.
    """

    __tablename__ = "journey_sweep"
    __table_args__ = (
        UniqueConstraint("journey_id", "key"),
        Index("ix_journey_sweep_due", "due_at", postgresql_where=text("done_at IS NULL")),
    )

    id: UUID = id_field()
    journey_id: UUID = Field(foreign_key="journey.id")
    key: UUID
    due_at: datetime = time_field()
    after: UUID | None = None
    done_at: datetime | None = time_field(nullable=True)
    data: dict[str, Any] = json_field()


class JourneyAssignment(SQLModel, table=True):
    """The arm a shopper was drawn for when they first entered, for good; `held` is told nothing.

    `returned` says whether a receipt sent after `since_at` and until `looks_at` was approved; null before.
    """

    __tablename__ = "journey_assignment"
    __table_args__ = (
        Index("ix_journey_assignment_looks", "looks_at", postgresql_where=text("returned IS NULL")),
        Index("ix_journey_assignment_shopper", "shopper_id"),
    )

    journey_id: UUID = Field(foreign_key="journey.id", primary_key=True)
    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    arm: str = Field(max_length=30)
    assigned_at: datetime = time_field()
    entered_at: datetime = time_field()
    since_at: datetime = time_field()
    looks_at: datetime = time_field()
    returned: bool | None = None


class JourneyRun(SQLModel, table=True):
    """One shopper on their way through a version. `entry_key` is what they entered by, once.

    `step` is the message that comes next, due first at `step_due_at` and looked at again at `due_at`, because
    of `reason`. `data` are ids, days and points that the words need.
    """

    __tablename__ = "journey_run"
    __table_args__ = (
        CheckConstraint(f"state IN {get_args(RunState)}", name="state"),
        UniqueConstraint("journey_id", "shopper_id", "entry_key"),
        Index("ix_journey_run_due", "journey_id", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_journey_run_shopper", "shopper_id"),
        Index("ix_journey_run_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: UUID = id_field()
    journey_id: UUID = Field(foreign_key="journey.id")
    version_id: UUID = Field(foreign_key="journey_version.id", index=True)
    shopper_id: UUID = Field(foreign_key="shopper.id")
    entry_key: UUID
    arm: str = Field(max_length=30)
    entered_at: datetime = time_field()
    since_at: datetime = time_field()
    step: int = Field(sa_type=SmallInteger)
    step_due_at: datetime = time_field()
    due_at: datetime = time_field()
    state: str = Field(default="waiting", max_length=7)
    reason: str | None = Field(default=None, max_length=24)
    ended_at: datetime | None = time_field(nullable=True)
    data: dict[str, Any] = json_field()


class JourneyMessage(SQLModel, table=True):
    """What became of one step of one run: one row a step, which is what keeps it from going out twice.

    `sending` from before it leaves. Whatever was not sent keeps its `reason`.
    """

    __tablename__ = "journey_message"
    __table_args__ = (
        CheckConstraint(f"state IN {get_args(JourneyMessageState)}", name="state"),
        CheckConstraint(f"channel IN {JOURNEY_CHANNELS}", name="channel"),
        CheckConstraint("state NOT IN ('skipped', 'refused') OR reason IS NOT NULL", name="reason_kept"),
        Index("ix_journey_message_ads", "shopper_id", "decided_at", postgresql_where=text(_COUNTED)),
        Index("ix_journey_message_shopper", "shopper_id"),
        Index("ix_journey_message_sending", "decided_at", postgresql_where=text("state = 'sending'")),
    )

    run_id: UUID = Field(sa_column=Column(ForeignKey("journey_run.id", ondelete="CASCADE"), primary_key=True))
    step: int = Field(primary_key=True, sa_type=SmallInteger)
    journey_id: UUID = Field(foreign_key="journey.id")
    shopper_id: UUID = Field(foreign_key="shopper.id")
    channel: str = Field(max_length=5)
    is_ad: bool
    state: str = Field(max_length=8)
    reason: str | None = Field(default=None, max_length=24)
    decided_at: datetime = time_field()
    ended_at: datetime | None = time_field(nullable=True)
    provider_id: str | None = Field(default=None, max_length=100)


class JourneyCount(SQLModel, table=True):
    """How often on a day a step of a journey came to an outcome: `sent`, or why it was not."""

    __tablename__ = "journey_count"

    journey_id: UUID = Field(foreign_key="journey.id", primary_key=True)
    day: date = Field(primary_key=True)
    arm: str = Field(primary_key=True, max_length=30)
    step: int = Field(primary_key=True, sa_type=SmallInteger)
    outcome: str = Field(primary_key=True, max_length=24)
    count: int


class JourneyResult(SQLModel, table=True):
    """Of an arm, for how many drawn the window is over, and how many of them came back with a receipt.

    What is told follows in steps, each of enough shoppers of both kinds.
    """

    __tablename__ = "journey_result"

    journey_id: UUID = Field(foreign_key="journey.id", primary_key=True)
    arm: str = Field(primary_key=True, max_length=30)
    drawn: int
    returned: int
    told_drawn: int = 0
    told_returned: int = 0


class NewJourney(Body):
    """A journey to begin: of a brand, or of the whole group where none is named."""

    slug: Annotated[ShortText, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)] = BodyField(
        description="Its key: small letters, digits and hyphens."
    )
    name: Annotated[TrimmedText, StringConstraints(min_length=1, max_length=NAME_LENGTH_MAX)] = BodyField(
        description="Its name, for those who keep it."
    )
    brand: ShortText | None = BodyField(
        default=None, description="Slug of its brand; null is the whole group's."
    )


class JourneySummary(Body):
    """A journey in a list."""

    slug: str = BodyField(description="The journey's key.")
    name: str = BodyField(description="Its name.")
    brand: str | None = BodyField(description="Slug of its brand; null is the whole group's.")
    state: JourneyState = BodyField(description="How it stands.")
    live_since: datetime | None = BodyField(description="Since when its present version takes shoppers in.")
    has_draft: bool = BodyField(description="Whether a draft stands beside what is live.")


class JourneyList(Body):
    """Journeys that the caller may keep, newest first."""

    journeys: list[JourneySummary] = BodyField(description="Journeys, newest first.")


class JourneyVersionView(Body):
    """A version of a journey."""

    no: int = BodyField(description="Number of the version, from 1.")
    is_draft: bool = BodyField(description="Whether it was never published.")
    is_live: bool = BodyField(description="Whether shoppers who enter now take it.")
    terms: dict[str, Any] = BodyField(description="What it says; what is as usual is left out.")
    changed_at: datetime = BodyField(description="When it was written.")
    published_at: datetime | None = BodyField(description="When it was published; null of a draft.")


class ManagedJourney(JourneySummary):
    """A journey with its versions, newest first."""

    versions: list[JourneyVersionView] = BodyField(description="Its versions, newest first.")


class ReadyJourney(Body):
    """A ready-made journey, to begin a draft as."""

    name: ReadyName = BodyField(description="Its name.")
    title: str = BodyField(description="What it is for, in the reader's language.")
    terms: dict[str, Any] = BodyField(description="Its terms; a segment that it needs is to be named.")


class ReadyJourneys(Body):
    """All ready-made journeys."""

    journeys: list[ReadyJourney] = BodyField(description="Ready-made journeys.")


class PreviewedMessage(Body):
    """A message of a journey as a shopper would read it, its gaps filled with the longest usual values."""

    arm: str = BodyField(description="Of which arm.")
    step: int = BodyField(description="Its place in the arm, from 0.")
    channel: JourneyChannel = BodyField(description="By which channel.")
    after_hours: int = BodyField(description="Hours after entering at the soonest.")
    is_ad: bool = BodyField(description="Whether law takes it for advertising.")
    title: str = BodyField(description="Title; empty in a text message.")
    body: str = BodyField(description="What it says.")
    parts: int = BodyField(description="As how many text messages it is charged; 0 of other channels.")


class JourneyPreview(Body):
    """Every message of a journey's terms."""

    messages: list[PreviewedMessage] = BodyField(description="Messages by arm, in their order.")


class Outcome(Body):
    """How often something came about on a day."""

    outcome: str = BodyField(description="`sent`, `entered`, `held`, or why it was not sent; more may come.")
    words: str = BodyField(description="The same in the reader's language.")
    count: int | None = BodyField(description="How often; null where too few shoppers are behind it.")


class JourneyDay(Body):
    """What became of a journey's messages on one day."""

    day: date = BodyField(description="The day, as it is in Vietnam.")
    outcomes: list[Outcome] = BodyField(description="Sent, and not sent by reason.")


class JourneyDays(Body):
    """A journey's last days, newest first."""

    days: list[JourneyDay] = BodyField(description="Days on which something came about, newest first.")


class ArmResult(Body):
    """One arm: of how many shoppers the window is over, and how many of them came back with a receipt."""

    arm: str = BodyField(description="Name of the arm; `held` is told nothing.")
    shoppers: int | None = BodyField(description="Shoppers whose window is over; null where withheld.")
    returned: int | None = BodyField(description="Of them with an approved receipt; null where withheld.")
    rate: float | None = BodyField(description="Their share, 0 to 1; null where withheld.")
    difference: float | None = BodyField(description="By how much the share exceeds that of those held out.")
    low: float | None = BodyField(description="Lower end of the difference's 95 % interval.")
    high: float | None = BodyField(description="Upper end of it.")
    verdict: Literal["worked", "harmed", "cannot_tell", "too_few"] | None = BodyField(
        description="What the interval says; null of those held out."
    )


class JourneyResults(Body):
    """What a journey brought against those held out, as drawn, whatever reached whom."""

    window_days: int = BodyField(description="For how many days after entering receipts are counted.")
    arms: list[ArmResult] = BodyField(description="Each arm, those held out first.")

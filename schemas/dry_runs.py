"""Dry runs: a campaign's draft tried on receipts of the past, as a job with progress."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from schemas.base import Body, id_field, json_field, time_field

DryRunState = Literal["waiting", "running", "done", "cancelled", "failed"]
UNDER_WAY: Final[tuple[DryRunState, ...]] = ("waiting", "running")
RECEIPTS_MAX: Final = 100_000


class DryRun(SQLModel, table=True):
    """A draft that is tried on the last receipts that were sent before it was asked for.

    `terms` are those of the draft when it was asked for: what is written later changes nothing. `beat_at` is
    the last sign of life: a run that shows none is rung for again, and begins anew. `result` is of the form
    of `DryRunFigures`.
    """

    __tablename__ = "dry_run"
    __table_args__ = (
        CheckConstraint(f"state IN {get_args(DryRunState)}", name="state"),
        CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="result_of_done"),
        Index(
            "uq_dry_run_under_way",
            "campaign_id",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        Index("ix_dry_run_newest", "campaign_id", "asked_at"),
    )

    id: UUID = id_field()
    campaign_id: UUID = Field(foreign_key="campaign.id")
    version_no: int
    terms: dict[str, Any] = json_field()
    receipts: int
    asked_by: UUID | None = Field(default=None, foreign_key="staff_member.id")
    asked_at: datetime = time_field()
    state: str = Field(default="waiting", max_length=9)
    attempts: int = 0
    beat_at: datetime = time_field()
    total: int | None = None
    done: int = 0
    ended_at: datetime | None = time_field(nullable=True)
    result: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))


class DryRunRequest(Body):
    """How many of the last receipts a draft is tried on."""

    receipts: Annotated[int, Field(ge=1, le=RECEIPTS_MAX)] = BodyField(
        default=10_000, description="How many of the last receipts."
    )


class DryRunFigures(Body):
    """What a draft would have paid for past receipts.

    Of few shoppers neither their number nor days nor hours are told.
    """

    receipts: int = BodyField(description="How many receipts were tried.")
    paid_receipts: int = BodyField(description="How many it would have paid for.")
    points: int = BodyField(description="What it would have paid.")
    waiting_receipts: int = BodyField(description="How many of these a person has to look at.")
    waiting: int = BodyField(description="Points of receipts that a person has to look at.")
    refused_receipts: int = BodyField(description="How many refused receipts would have earned.")
    refused: int = BodyField(description="Points that refused receipts would have earned.")
    shoppers: int | None = BodyField(
        description="How many shoppers it would have paid; null where they are few."
    )
    by_day: dict[date, int] = BodyField(description="Points by day of upload; none where shoppers are few.")
    cut: dict[str, int] = BodyField(description="Receipts that were paid less, by what cut them.")
    rewards: dict[str, int] = BodyField(description="Rewards that it would have granted, by slug.")
    dry_at: datetime | None = BodyField(
        description="The hour in which the whole budget first could not pay in full; null where it could."
    )
    dry_hours: dict[date, datetime] = BodyField(
        description="For each day on which a budget could not pay in full, the hour in which that began."
    )


class DryRunView(Body):
    """A dry run: how it stands, how far it is, and what came of it."""

    id: UUID = BodyField(description="The dry run's id.")
    version: int = BodyField(description="Number of the version that was tried.")
    state: DryRunState = BodyField(description="How it stands.")
    receipts: int = BodyField(description="On how many of the last receipts it was asked for.")
    asked_at: datetime = BodyField(description="When it was asked for: later receipts are left out.")
    progress: float = BodyField(description="How far it is, 0 to 1.")
    ended_at: datetime | None = BodyField(description="When it was done, cancelled or given up.")
    figures: DryRunFigures | None = BodyField(description="What came of it; null before it is done.")


class DryRunList(Body):
    """A campaign's dry runs of late, newest first."""

    dry_runs: list[DryRunView] = BodyField(description="Newest first.")

"""Questions about a brand over the columnar store, what is told of them, and what was told before."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, ShortText, id_field, json_field, time_field
from schemas.insights import Currency, Name

# As domain.insights.guard.grid reads them.
PeriodName = Annotated[ShortText, BodyField(pattern=r"^20\d\d(-(Q[1-4]|0[1-9]|1[0-2]|W[0-5]\d))?$")]
SplitBy = Literal["week", "month", "quarter", "chain", "region", "product"]
Unit = Literal["text", "count", "share", "ratio", "money", "days", "percent", "points"]
WithheldReason = Literal[
    "too_few_shoppers", "one_shopper_dominates", "protects_others", "too_close_to_earlier", "too_few_baskets"
]
# The built-in objectives: what somebody of the audience does within the window.
ObjectiveEvent = Literal[
    "joined",
    "first_receipt_in_7_days",
    "second_receipt_in_30_days",
    "tried_new_product",
    "answered_survey",
    "shared_referral",
    "returned_after_60_days",
]


class ToldCell(SQLModel, table=True):
    """What of a brand's cell was told last: of which shoppers, under keys, and which figures.

    A later answer that differs from it by some shoppers, but by few, would tell of those.
    """

    __tablename__ = "told_cell"
    __table_args__ = (Index("ix_told_cell_near", "brand", "currency", "buyers"),)

    brand: str = Field(primary_key=True, max_length=60)
    currency: str = Field(primary_key=True, max_length=3)
    # The period's number, see domain.insights.guard.grid.
    time: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    chain: str = Field(primary_key=True, max_length=200)
    region: str = Field(primary_key=True, max_length=200)
    product: str = Field(primary_key=True, max_length=200)
    buyers: int = Field(sa_type=BigInteger)
    sketch: bytes = Field(sa_type=LargeBinary)
    figures: dict[str, Any] = json_field()
    told_at: datetime = time_field()


class ObjectiveTold(SQLModel, table=True):
    """What of a campaign's objective was told last: shoppers, and how many achieved it, on each side.

    `by_side` rows are what was told of the sides themselves. `until` is the last day that it is about. No
    currency where no purchase is counted.
    """

    __tablename__ = "objective_told"
    __table_args__ = (
        CheckConstraint("reached_achieved BETWEEN 0 AND reached", name="reached_achieved"),
        CheckConstraint("held_achieved BETWEEN 0 AND held", name="held_achieved"),
    )

    brand: str = Field(primary_key=True, max_length=60)
    campaign: str = Field(primary_key=True, max_length=60)
    event: str = Field(primary_key=True, max_length=30)
    period: str = Field(primary_key=True, max_length=8)
    currency: str = Field(primary_key=True, max_length=3)
    by_side: bool = Field(primary_key=True)
    until: date | None = None
    reached: int = 0
    reached_achieved: int = 0
    held: int = 0
    held_achieved: int = 0


class InsightAccess(SQLModel, table=True):
    """One question that staff or a key asked, kept for who wants to know who looked at what."""

    __tablename__ = "insight_access"
    __table_args__ = (
        Index("ix_insight_access_brand", "brand", "asked_at"),
        CheckConstraint("(staff_id IS NULL) <> (key_id IS NULL)", name="one_asker"),
    )

    id: UUID = id_field()
    staff_id: UUID | None = Field(default=None, foreign_key="staff_member.id")
    key_id: UUID | None = Field(default=None, foreign_key="brand_key.id")
    brand: str = Field(max_length=60)
    measure: str = Field(max_length=40)
    asked: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, nullable=False)
    rows: int
    withheld: int
    milliseconds: int
    asked_at: datetime = time_field()


class InsightQuery(Body):
    """What is asked. Periods are names of the grid: `2026`, `2026-Q3`, `2026-09`, `2026-W38` (ISO weeks).

    Which parameters a measure takes besides `period` and `currency` stands in the list of measures.
    """

    period: PeriodName | None = BodyField(
        default=None, description="Year, quarter, month or ISO week; by default the last whole month."
    )
    compare: PeriodName | None = BodyField(
        default=None, description="Period of the same kind to compare with; by default the one before."
    )
    by: SplitBy | None = BodyField(default=None, description="What the figures are split by.")
    chain: Name | None = BodyField(default=None, description="Slug of one chain.")
    region: Name | None = BodyField(default=None, description="One region.")
    product: Name | None = BodyField(default=None, description="Slug of one product of the brand.")
    currency: Currency = BodyField(default="VND", description="Money of two currencies is never added up.")
    category: Name | None = BodyField(
        default=None, description="Category to compare within; by default the brand's largest."
    )
    days: int | None = BodyField(
        default=None, ge=7, le=365, description="Days that are waited: for a second purchase, for a return."
    )
    campaign: Name | None = BodyField(default=None, description="Slug of a campaign that began.")
    lift_percent: float | None = BodyField(
        default=None, gt=0, le=500, description="Smallest lift worth knowing of, in percent of the base rate."
    )
    cost: int | None = BodyField(
        default=None, ge=0, le=10**15, description="Cost given in from outside (media), in whole minor units."
    )


class InsightColumn(Body):
    """One column of an answer."""

    name: str = BodyField(description="Stable name, as in `values` of the rows.")
    label: str = BodyField(description="What to show, in the caller's language.")
    unit: Unit = BodyField(description="`money` is in major units, `share` is 0 to 1.")


class InsightRow(Body):
    """One row. What is withheld is null, with the reason."""

    values: dict[str, float | int | str | None] = BodyField(description="By name of the column.")
    withheld: WithheldReason | None = BodyField(default=None, description="Why figures are not told.")
    as_of: datetime | None = BodyField(
        default=None, description="Where too few shoppers changed since: when these figures were told first."
    )


class InsightDefinition(Body):
    """What a measure is."""

    name: str = BodyField(description="Stable name.")
    title: str = BodyField(description="What to show, in the caller's language.")
    means: str = BodyField(description="The definition in words, with what to be careful about.")
    formula: str = BodyField(description="The definition as a formula.")
    columns: list[InsightColumn] = BodyField(description="What an answer tells.")
    takes: list[str] = BodyField(description="Parameters besides `period` and `currency`.")
    needs: list[str] = BodyField(description="Those of them that must be given.")
    splits: list[str] = BodyField(description="What `by` may be.")


class InsightMeasures(Body):
    """Every measure."""

    brand: str = BodyField(description="Slug of the brand.")
    measures: list[InsightDefinition] = BodyField(description="In the order in which they are best read.")


class SaferQuestion(Body):
    """The nearest question whose answer withholds less."""

    period: str | None = BodyField(default=None, description="A coarser period.")
    by: str | None = BodyField(default=None, description="A coarser split; null for none.")
    without: list[str] = BodyField(default_factory=list, description="Filters to leave out.")
    words: str = BodyField(description="The same in words.")


class InsightFreshness(Body):
    """How new the figures are."""

    as_of: datetime | None = BodyField(description="Everything settled until then is in the figures.")
    behind: bool = BodyField(description="Whether that is longer ago than it should be.")


class InsightRemoved(Body):
    """About what the figures leave out because its receipt was refused, or taken back later."""

    lines: int | None = BodyField(description="Lines of the brand, up to the next ten; null if withheld.")
    paid: float | None = BodyField(
        description="What was paid for them, to two digits, in major units; null if withheld."
    )
    withheld: WithheldReason | None = BodyField(description="Why it is not told.")


class InsightAnswer(Body):
    """One measure as a table, with what is needed to judge it."""

    brand: str = BodyField(description="Slug of the brand.")
    definition: InsightDefinition = BodyField(description="What the figures mean.")
    period: str = BodyField(description="The period asked about.")
    first_day: date = BodyField(description="Its first day.")
    last_day: date = BodyField(description="Its last day, which may lie in the future.")
    compared: str | None = BodyField(description="The period compared with, where the measure compares.")
    currency: str = BodyField(description="ISO 4217 code of every amount here.")
    rows: list[InsightRow] = BodyField(description="The figures.")
    totals: InsightRow | None = BodyField(description="Over all rows, where they have a total.")
    notes: dict[str, float | int | str | None] = BodyField(
        description="Single figures that belong to the whole answer, by stable name."
    )
    verdict: str | None = BodyField(description="What follows, in words, where the measure says so.")
    withheld: int = BodyField(description="How many rows are withheld.")
    shoppers_min: int = BodyField(description="Figures about fewer shoppers than this are withheld.")
    safer: SaferQuestion | None = BodyField(description="What to ask instead of what is withheld.")
    rows_used: int | None = BodyField(
        description="Lines of receipts that the figures rest on; null if withheld."
    )
    removed: InsightRemoved = BodyField(description="The fraud-removed part of the same days and filters.")
    freshness: InsightFreshness = BodyField(description="Up to when the figures are known.")

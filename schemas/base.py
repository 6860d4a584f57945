"""What every table shares: names, ids in time order, times with a zone. And what every body is made of."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, NewType, cast
from uuid import UUID

import uuid_utils.compat
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic import Field as BodyField
from pydantic_core import PydanticCustomError
from sqlalchemy import DateTime, MetaData, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

Points = NewType("Points", int)

# Alembic can only alter a constraint whose name it can tell.
SQLModel.metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def new_id() -> UUID:
    """Return a UUID version 7: rows made together lie together in the index."""
    return uuid_utils.compat.uuid7()


def table_of(model: type[SQLModel]) -> Table:
    """Return a model's bare table, for statements in which the ORM has nothing to add but time."""
    return cast("Table", model.__table__)  # type: ignore[attr-defined]


def id_field() -> Any:
    """Return the primary key column that most tables have."""
    return Field(default_factory=new_id, primary_key=True)


def time_field(*, nullable: bool = False, index: bool = False) -> Any:
    """Return a column for an aware UTC time."""
    return Field(
        default=None if nullable else ..., sa_type=DateTime(timezone=True), nullable=nullable, index=index
    )


def json_field(default_factory: Any = dict) -> Any:
    """Return a JSONB column that is never null."""
    return Field(default_factory=default_factory, sa_type=JSONB, nullable=False)


class Body(BaseModel):
    """A request or response body: unknown fields are refused, values are not changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# What PostgreSQL has no text with (NUL, halves of surrogate pairs), and what only terminals obey.
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Times outside these are slips of a clock or a keyboard, and arithmetic on them stays in the calendar.
YEAR_MIN: Final = 2000
YEAR_MAX: Final = 2100
TEXT_LENGTH_MAX: Final = 200


def _readable(text: str) -> str:
    if _UNREADABLE.search(text):
        raise PydanticCustomError("control_characters", "Control characters are not taken")
    return text


def _in_years(at: datetime) -> datetime:
    # The year alone is compared: shifting an extreme time by its zone would leave the calendar.
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise PydanticCustomError("time_out_of_range", "The year is not between 2000 and 2100")
    return at


def _without_zone(at: datetime) -> datetime:
    if at.tzinfo is not None:
        raise PydanticCustomError("time_with_zone", "A printed time has no zone")
    return at


def _with_zone(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise PydanticCustomError(
            "time_without_zone", "The time needs a zone, as in 2026-01-31T09:30:00+07:00"
        )
    return at.astimezone(UTC)


# Whatever somebody writes, several lines of it too; where it is used it has a length as well.
Text = Annotated[str, AfterValidator(_readable)]
# The same without the spaces around it, which its lengths don't count.
TrimmedText = Annotated[Text, StringConstraints(strip_whitespace=True)]
# One line of it: a name, a slug, a filter, a cursor, a token of ours.
ShortText = Annotated[Text, StringConstraints(max_length=TEXT_LENGTH_MAX)]
# As a till printed it: local, without a zone. One with a zone is refused, never shifted.
PrintedTime = Annotated[datetime, AfterValidator(_in_years), AfterValidator(_without_zone)]
# A day of the calendar; arithmetic on it stays inside.
Day = Annotated[date, BodyField(ge=date(YEAR_MIN, 1, 1), le=date(YEAR_MAX, 12, 31))]
# Any other time: with a zone, in UTC from here on.
Moment = Annotated[datetime, AfterValidator(_in_years), AfterValidator(_with_zone)]

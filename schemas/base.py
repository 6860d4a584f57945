"""What every table shares: constraint names, ids in time order, and times that carry a zone."""

from __future__ import annotations

from typing import Any, NewType, cast
from uuid import UUID

import uuid_utils.compat
from pydantic import BaseModel, ConfigDict
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

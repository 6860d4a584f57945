"""What keeps the programme going by itself."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from schemas.base import time_field


class Chore(SQLModel, table=True):
    """One thing done again and again, by its job's name: when it was last called, and last done."""

    job: str = Field(primary_key=True, max_length=100)
    rung_at: datetime = time_field()
    done_at: datetime | None = time_field(nullable=True)

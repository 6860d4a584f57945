"""Budgets: how many points may be given away, in slices so that many can claim at once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Identity, Integer, SmallInteger
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import time_field

BudgetScope = Literal["total", "day"]
BudgetPolicy = Literal["all_or_nothing", "partial"]


class Budget(SQLModel, table=True):
    """What may be given away: in all, or on each local day. `amount` is in points, or pieces of a stock."""

    __table_args__ = (
        CheckConstraint("scope IN ('total', 'day')", name="scope"),
        CheckConstraint("policy IN ('all_or_nothing', 'partial')", name="policy"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("slices BETWEEN 1 AND 64", name="slices"),
    )

    id: int = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    scope: str = Field(max_length=5)
    policy: str = Field(max_length=14)
    amount: int = Field(sa_type=BigInteger)
    slices: int = Field(default=16, sa_type=SmallInteger)
    opened_at: datetime = time_field()


class BudgetWindow(SQLModel, table=True):
    """What a budget amounts to on a day; `day` is 1 January of year 1 where it is one for all time.

    `amount` = what its slices have left + what is held + what was used.
    """

    __tablename__ = "budget_window"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    budget_id: int = Field(foreign_key="budget.id", primary_key=True)
    day: date = Field(primary_key=True)
    amount: int = Field(sa_type=BigInteger)


class BudgetSlice(SQLModel, table=True):
    """A part of what a window has left. Many slices let many claims share one flush to the disk."""

    __tablename__ = "budget_slice"
    __table_args__ = (
        CheckConstraint("left_points >= 0", name="left"),
        ForeignKeyConstraint(["budget_id", "day"], ["budget_window.budget_id", "budget_window.day"]),
        {"postgresql_with": {"fillfactor": 50}},
    )

    budget_id: int = Field(primary_key=True)
    day: date = Field(primary_key=True)
    n: int = Field(primary_key=True, sa_type=SmallInteger)
    left_points: int = Field(sa_type=BigInteger)


class BudgetUse(SQLModel, table=True):
    """Points that a business event took from a budget; below zero where they came back. Never changed."""

    __tablename__ = "budget_use"
    __table_args__ = (CheckConstraint("points <> 0", name="points"),)

    key: UUID = Field(primary_key=True)
    budget_id: int = Field(foreign_key="budget.id", primary_key=True)
    day: date
    points: int = Field(sa_type=BigInteger)


class BudgetHold(SQLModel, table=True):
    """Points of a budget reserved for `holder`, a receipt in review, until it is decided."""

    __tablename__ = "budget_hold"
    __table_args__ = (CheckConstraint("points > 0", name="points_positive"),)

    holder: UUID = Field(primary_key=True)
    budget_id: int = Field(foreign_key="budget.id", primary_key=True)
    day: date
    points: int = Field(sa_type=BigInteger)

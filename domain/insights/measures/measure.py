"""What a measure is: its definition, and how its table comes out of the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from domain.insights.guard.cells import Cell, Reason
from domain.insights.measures.question import Question
from infra.columnar.store import Store
from schemas.insight import SplitBy, Unit, WithheldReason

Value = float | int | str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, where it is answered from, and how many shoppers a told figure is of at least."""

    session: Session
    store: Store
    question: Question
    shoppers_min: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an answer; where it is withheld, what names it is left."""

    values: Mapping[str, Value]
    reason: WithheldReason | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An answer's figures. `verdict` names words, to be filled from `notes`."""

    rows: Sequence[Row]
    totals: Row | None = None
    notes: Mapping[str, Value] = field(default_factory=dict)
    verdict: str | None = None
    lines_used: int | None = None
    # First and last day of what it is about, where that is not the period that was asked.
    span: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One question that can be asked of any brand.

    `columns` are told by (name, unit); `takes` are the parameters that it has besides period and currency,
    `needs` those of them that it can't do without. `guards_itself`: it asks for itself what is told.
    """

    name: str
    formula: str
    columns: tuple[tuple[str, Unit], ...]
    answer: Callable[[Asked], Table]
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    splits: tuple[SplitBy, ...] = ()
    guards_itself: bool = False

    @property
    def is_of_campaign(self) -> bool:
        """Say whether its days are a campaign's, as agreed before, whatever period is asked about."""
        return "campaign" in self.needs

    @property
    def compares(self) -> bool:
        """Say whether it is about two periods."""
        return "compare" in self.takes


def ratio(above: float, below: float) -> float | None:
    """Return a quotient; None where there is nothing to divide by."""
    return above / below if below else None


def row_of(names: Mapping[str, Value], figures: Mapping[str, Value], reason: Reason | None) -> Row:
    """Return a row whose figures are told, or are null for a reason."""
    told = figures if reason is None else dict.fromkeys(figures)
    return Row({**names, **told}, reason)


Figures = Callable[[Cell, str], dict[str, Any]]

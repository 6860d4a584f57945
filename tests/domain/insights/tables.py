"""Measures asked of the seeded base, and their tables read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session

from domain.insights.measures.measure import Asked, Row, Table
from domain.insights.measures.registry import MEASURES
from tests.make import insight

QUARTER = (date(2026, 1, 1), date(2026, 3, 31))
BEFORE = (date(2025, 10, 1), date(2025, 12, 31))
Ask = Callable[..., Table]


def asker(session: Session) -> Ask:
    """Answers a measure of OMO on the seeded base."""

    def answer(measure: str, period: str = "2026-Q1", **more: Any) -> Table:
        question = insight.question(period, **more)
        return MEASURES[measure].answer(Asked(session, insight.filled(), question, 5))

    return answer


def by(table: Table, column: str) -> dict[Any, Row]:
    return {row.values[column]: row for row in table.rows}


def ratio(above: float, below: float) -> Any:
    return pytest.approx(above / below, rel=1e-12)

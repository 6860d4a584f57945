"""A columnar store that holds the seeded base, made once a test process, and questions about it."""

from __future__ import annotations

from functools import cache
from typing import Any

from domain.insights.guard import grid
from domain.insights.guard.cells import ALL
from domain.insights.measures.question import Question
from domain.insights.store.derive import derive
from domain.insights.store.tables import Layout
from infra.columnar.store import Store
from schemas.insight import InsightQuery
from tests.make import columnar, insight_base
from tests.make.insight_base import Base


@cache
def base() -> Base:
    return insight_base.make_base()


@cache
def filled() -> Store:
    """The base in a store, with its sums. Nobody may change it."""
    store = columnar.new_store()
    insight_base.fill(store, base())
    for _ in derive(store, Layout()):
        pass
    return store


@cache
def empty() -> Store:
    """A store with tables and nothing in them. Nobody may change it."""
    return columnar.new_store()


def question(period: str = "2026-Q1", brand: str = "omo", by: Any = None, **more: Any) -> Question:
    """A question whose filters are known to be right."""
    asked = InsightQuery(period=period, by=by, **more)
    of = grid.period_of(period)
    return Question(
        brand=brand,
        name=brand,
        period=of,
        compared=grid.period_of(asked.compare) if asked.compare else grid.before(of),
        currency=asked.currency,
        chain=asked.chain or ALL,
        region=asked.region or ALL,
        product=asked.product or ALL,
        by=asked.by,
        today=insight_base.TODAY,
        asked=asked,
    )

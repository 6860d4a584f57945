"""Jobs that ask the columnar store about shoppers of brands: models fitted anew, segments filled.

While the store is away they do nothing: models and segments stay as they are, with their day.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from sqlmodel import Session

from domain.insights.profile import models, refreshing
from infra.columnar.reach import insight_store
from infra.columnar.store import ColumnarAwayError
from infra.db import engine, transaction
from workers.chores import chore

_log = structlog.get_logger()


@chore
def refit_models() -> Iterator[int]:
    """Fit the models of brands that are a week old, a brand at a time, the oldest first."""
    while True:
        with Session(engine()) as session:
            brands = models.due(session, 1)
            try:
                refitted = [models.refit(session, insight_store(), brand) for brand in brands]
            except ColumnarAwayError:
                _log.warning("insight_away")
                return
        if not refitted:
            return
        with transaction() as session:
            for one in refitted:
                models.keep(session, one)
        yield len(refitted)


@chore
def refresh_segments() -> Iterator[int]:
    """Fill segments that are new, were asked for again, or were filled a day ago."""
    with Session(engine()) as session:
        try:
            found = refreshing.find_members(session, insight_store())
        except ColumnarAwayError:
            _log.warning("insight_away")
            return
    for one in found:
        with transaction() as session:
            refreshing.write_members(session, one)
        yield 1

"""Jobs about shoppers as brands know them: asked in surveys, told by models, kept in segments.

While the columnar store is away, models and segments stay as they are, with their day.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from sqlmodel import Session

from domain.insights.profile import models, refreshing
from domain.surveys import drawing
from infra.columnar import connect
from infra.columnar.store import ColumnarAwayError, ColumnarLimitError
from infra.db import engine, transaction
from workers.chores import BATCH_MAX, FOLLOWED_AT_ONCE_MAX, chore

_log = structlog.get_logger()


@chore
def ask_surveys() -> Iterator[int]:
    """Ask the shoppers who were drawn for a survey and have just been credited by the brand that asks."""
    count = FOLLOWED_AT_ONCE_MAX
    while count == FOLLOWED_AT_ONCE_MAX:
        with transaction() as session:
            count = drawing.ask_some(session, FOLLOWED_AT_ONCE_MAX)
        yield count


@chore
def refit_models() -> Iterator[int]:
    """Fit the models of brands that are a week old, a brand at a time, the oldest first."""
    with Session(engine()) as session:
        due = models.due(session, BATCH_MAX)
    for brand in due:
        try:
            refit_model(brand)
        except ColumnarAwayError:
            _log.warning("insight_away")
            return
        except ColumnarLimitError:
            # Too large for the store: no reason for the brands behind it to wait.
            _log.warning("model_too_large", brand=brand)
            continue
        yield 1


def refit_model(brand: str) -> None:
    """Fit one brand's model, be it due or not.

    Raises:
        ColumnarError: The store does not answer.
    """
    with Session(engine()) as session:
        known = models.known(session, brand)
    refitted = models.refit(connect.store(), known)
    with transaction() as session:
        models.keep(session, refitted)


@chore
def refresh_segments() -> Iterator[int]:
    """Fill segments that are new, were asked for again, or were filled a day ago."""
    with Session(engine()) as session:
        wanted = refreshing.due(session)
    if not wanted:
        return
    try:
        asked = refreshing.ask(connect.store(), wanted)
    except ColumnarAwayError:
        _log.warning("insight_away")
        return
    with Session(engine()) as session:
        found = refreshing.name_members(session, asked)
    for one in found:
        with transaction() as session:
            refreshing.write_members(session, one)
        yield 1

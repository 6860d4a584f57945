"""Jobs about the offer that is put first: whether it was used, what that taught, and what goes with what."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from sqlmodel import Session

from domain.insights import goes_with
from domain.offers import learning, outcomes
from infra.columnar import connect
from infra.columnar.store import ColumnarAwayError, ColumnarLimitError
from infra.db import engine, transaction
from workers.chores import BATCH_MAX, FOLLOWED_AT_ONCE_MAX, chore

_log = structlog.get_logger()


@chore
def follow_offers() -> Iterator[int]:
    """Note which offers that were put first were used, by what happened to receipts."""
    count = FOLLOWED_AT_ONCE_MAX
    while count == FOLLOWED_AT_ONCE_MAX:
        with transaction() as session:
            count = outcomes.follow_events(session, FOLLOWED_AT_ONCE_MAX)
        yield count


@chore
def count_offers() -> Iterator[int]:
    """Count how often live campaigns were shown and used, a campaign at a time."""
    with Session(engine()) as session:
        due = learning.to_recount(session)
    for campaign_id in due:
        with transaction() as session:
            learning.recount(session, campaign_id)
        yield 1


@chore
def forget_offers() -> Iterator[int]:
    """Delete choices that are too old to be weighed again."""
    count = BATCH_MAX
    while count == BATCH_MAX:
        with transaction() as session:
            count = learning.forget_choices(session, BATCH_MAX)
        yield count


@chore
def learn_goes_with() -> Iterator[int]:
    """Count what lies together in baskets; while the store is away, what is known stays."""
    try:
        pairs = goes_with.find_pairs(connect.store())
    except (ColumnarAwayError, ColumnarLimitError) as error:
        _log.warning("insight_away", error=type(error).__name__)
        return
    with transaction() as session:
        yield goes_with.keep(session, pairs)

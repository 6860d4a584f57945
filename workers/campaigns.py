"""Jobs about campaigns: budgets that begin, what they have left, and drafts tried on the past.

Drafts are tried one at a time, so that receipts keep their workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import structlog
from sqlmodel import Session

from domain.campaigns import budgets, burning, dry_runs, trials
from infra import clock, queue
from infra.db import engine, only_one, transaction
from infra.faults import AWAY
from workers.chores import chore

RING_MAX = 10
_log = structlog.get_logger()


@chore
def begin_budgets() -> Iterator[int]:
    """Let budgets hold what versions of campaigns say that began since."""
    with transaction() as session:
        count = budgets.begin_budgets(session)
    yield count


@chore
def keep_audiences() -> Iterator[int]:
    """Keep whom measured campaigns for segments are for, since when."""
    with transaction() as session:
        count = trials.keep_audiences(session)
    yield count


@chore
def note_budgets() -> Iterator[int]:
    """Note what budgets of live campaigns have left in this hour."""
    with transaction() as session:
        count = burning.note_budgets(session, clock.now())
    yield count


@chore
def ring_dry_runs() -> Iterator[int]:
    """Ring for dry runs that wait, and for those that lost their worker."""
    with transaction() as session:
        waiting = dry_runs.runs_to_ring(session, RING_MAX)
    for run_id in waiting:
        queue.ring_dry_run(str(run_id))
    yield len(waiting)


def try_draft(run_id: str) -> None:
    """Try a draft on the past. Safe to run twice, even at once; while another runs, it waits its turn."""
    with only_one("dry runs") as alone:
        if not alone:
            return
        try:
            _try_draft(UUID(run_id))
            with Session(engine()) as session:
                following = dry_runs.next_waiting(session)
        except AWAY as error:
            _log.warning("dry_run_put_off", run_id=run_id, error=type(error).__name__)
            return
    if following is not None:
        queue.ring_dry_run(str(following))


def _try_draft(run_id: UUID) -> None:
    with transaction() as session:
        plan = dry_runs.begin(session, run_id)
    if plan is None:
        return
    with Session(engine()) as session:
        for tried, total in dry_runs.tries(session, plan):
            # No transaction is open for longer than a batch.
            session.rollback()
            with transaction() as noting:
                if not dry_runs.note_progress(noting, run_id, tried.receipts, total):
                    _log.info("dry_run_left", run_id=str(run_id))
                    return
    with transaction() as session:
        dry_runs.note_done(session, run_id, tried)
    _log.info("dry_run_done", run_id=str(run_id), receipts=tried.receipts)

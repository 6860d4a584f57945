"""What journeys brought: once a shopper's window is over, whether they came back, in whatever arm."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import literal_column, text, tuple_, update
from sqlmodel import Session, col, select

from domain.insights.guard.steps import is_step
from domain.journeys.facts import returned
from infra import clock
from infra.settings import settings
from schemas.base import table_of
from schemas.journeys import Journey, JourneyAssignment, JourneyResult

# What became of each message is kept so long; results and counts stay.
KEPT: Final = timedelta(days=400)
_ADD: Final = text("""
    INSERT INTO journey_result AS counted (journey_id, arm, drawn, returned, told_drawn, told_returned)
    SELECT journey_id, arm, drawn, returned, 0, 0 FROM unnest(
        CAST(:journeys AS uuid[]), CAST(:arms AS text[]), CAST(:drawn AS int[]), CAST(:returned AS int[])
    ) AS given (journey_id, arm, drawn, returned)
    ORDER BY journey_id, arm
    ON CONFLICT (journey_id, arm) DO UPDATE
        SET drawn = counted.drawn + excluded.drawn, returned = counted.returned + excluded.returned
""")
_STOP: Final = text("""
    UPDATE journey_run SET state = 'stopped', reason = 'journey_ended', ended_at = :now WHERE id IN (
        SELECT journey_run.id FROM journey JOIN journey_run ON journey_run.journey_id = journey.id
        WHERE journey.state = 'ended' AND journey_run.state = 'waiting'
        LIMIT :limit FOR UPDATE OF journey_run SKIP LOCKED
    ) RETURNING id
""")
_FORGET: Final = text("""
    DELETE FROM journey_run WHERE id IN (
        SELECT id FROM journey_run WHERE ended_at < :before LIMIT :limit FOR UPDATE SKIP LOCKED
    ) RETURNING id
""")


def measure(session: Session, limit: int) -> int:
    """Look at shoppers whose window is over; return how many there were."""
    due = session.execute(
        select(JourneyAssignment, col(Journey.brand_id))
        .join(Journey, col(Journey.id) == JourneyAssignment.journey_id)
        .where(
            # As the partial index tells it.
            literal_column("journey_assignment.returned IS NULL"),
            JourneyAssignment.looks_at <= clock.now(),
        )
        .order_by(col(JourneyAssignment.looks_at))
        .limit(limit)
        .with_for_update(of=table_of(JourneyAssignment), skip_locked=True)
    ).all()
    of_brand: dict[UUID | None, list[JourneyAssignment]] = defaultdict(list)
    for assigned, brand_id in due:
        of_brand[brand_id].append(assigned)
    drawn: Counter[tuple[UUID, str]] = Counter()
    came: Counter[tuple[UUID, str]] = Counter()
    told: dict[bool, list[tuple[UUID, UUID]]] = {True: [], False: []}
    for brand_id, rows in of_brand.items():
        asked = [(row.shopper_id, row.since_at, row.looks_at) for row in rows]
        found: set[tuple[UUID, datetime]] = returned(session, asked, brand_id)
        for row in rows:
            is_back = (row.shopper_id, row.since_at) in found
            told[is_back].append((row.journey_id, row.shopper_id))
            drawn[row.journey_id, row.arm] += 1
            came[row.journey_id, row.arm] += is_back
    _write(session, told)
    _add(session, drawn, came)
    return len(due)


def _write(session: Session, told: dict[bool, list[tuple[UUID, UUID]]]) -> None:
    for is_back, keys in told.items():
        for journey_id in {journey_id for journey_id, _ in keys}:
            shoppers = [shopper_id for of_journey, shopper_id in keys if of_journey == journey_id]
            session.execute(
                update(JourneyAssignment)
                .where(
                    col(JourneyAssignment.journey_id) == journey_id,
                    col(JourneyAssignment.shopper_id).in_(shoppers),
                )
                .values(returned=is_back)
                .execution_options(synchronize_session=False)
            )


def _add(session: Session, drawn: Counter[tuple[UUID, str]], came: Counter[tuple[UUID, str]]) -> None:
    if not drawn:
        return
    journeys, arms = zip(*drawn, strict=True)
    asked = {
        "journeys": list(journeys),
        "arms": list(arms),
        "drawn": list(drawn.values()),
        "returned": [came[key] for key in drawn],
    }
    session.execute(_ADD, asked)
    _tell(session, list(drawn))


def _tell(session: Session, arms: list[tuple[UUID, str]]) -> None:
    """Let what is told of arms follow what was counted, where that is a step."""
    of_arms = tuple_(col(JourneyResult.journey_id), col(JourneyResult.arm)).in_(arms)
    found = select(JourneyResult).where(of_arms).execution_options(populate_existing=True)
    for row in session.exec(found).all():
        told = row.told_returned, row.told_drawn - row.told_returned
        now = row.returned, row.drawn - row.returned
        if is_step(told, now, settings().group_shoppers_min):
            row.told_drawn, row.told_returned = row.drawn, row.returned
            session.add(row)
    session.flush()


def stop_ended(session: Session, limit: int) -> int:
    """Stop runs of journeys that ended, a batch; return how many."""
    return len(session.execute(_STOP, {"now": clock.now(), "limit": limit}).all())


def forget(session: Session, limit: int) -> int:
    """Delete runs that ended long ago with what became of their messages, a batch; return how many."""
    return len(session.execute(_FORGET, {"before": clock.now() - KEPT, "limit": limit}).all())

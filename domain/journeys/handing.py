"""What becomes of text messages that left the house, or did not: each noted once, and never sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import literal_column
from sqlmodel import Session, col, select

from domain.journeys.counting import Counts
from domain.journeys.programme import terms_of
from domain.journeys.sending import Errand, go_on
from domain.messages import law
from infra import clock
from schemas.base import table_of
from schemas.journeys import JourneyMessage, JourneyMessageState, JourneyRun

# Past the deadline of an errand nobody hands it over any more; so much later nobody is still at it either.
LOST_AFTER: Final = 2 * law.LEAVES_WITHIN


def note_taken(session: Session, errand: Errand, provider_id: str | None) -> None:
    """Keep that a provider took a text message."""
    _note(session, errand, "sent", provider_id=provider_id)


def note_refused(session: Session, errand: Errand, *, is_sure: bool) -> None:
    """Keep that a provider will not carry it. Where it may have been sent all the same, it counts as sent."""
    _note(session, errand, "refused" if is_sure else "unsure")


def put_off(session: Session, errand: Errand, seconds: float) -> None:
    """Let a text message that surely was not sent be decided on anew after a while."""
    found = _held(session, errand.run_id, errand.step)
    if found is None:
        return
    run, message = found
    message.state = "put_off"
    run.state, run.due_at = "waiting", clock.now() + timedelta(seconds=seconds)
    session.flush()


def settle_lost(session: Session, limit: int) -> int:
    """Let go of text messages of which nobody will say what became of them; return how many."""
    lost = (
        select(JourneyMessage.run_id, JourneyMessage.step)
        .where(
            # As the partial index tells it.
            col(JourneyMessage.state) == literal_column("'sending'"),
            JourneyMessage.decided_at < clock.now() - LOST_AFTER,
        )
        .limit(limit)
    )
    rows = session.exec(lost).all()
    for run_id, step in rows:
        if (found := _held(session, run_id, step)) is not None:
            _end(session, *found, "unsure")
    return len(rows)


def _note(
    session: Session, errand: Errand, state: JourneyMessageState, *, provider_id: str | None = None
) -> None:
    found = _held(session, errand.run_id, errand.step)
    if found is not None:
        found[1].provider_id = provider_id
        _end(session, *found, state)


def _held(session: Session, run_id: UUID, step: int) -> tuple[JourneyRun, JourneyMessage] | None:
    """Return a run and its message that is being sent, their rows held; None where that is over."""
    found = session.exec(
        select(JourneyRun, JourneyMessage)
        .join(JourneyMessage, col(JourneyMessage.run_id) == JourneyRun.id)
        .where(JourneyRun.id == run_id, JourneyMessage.step == step, JourneyMessage.state == "sending")
        .with_for_update(of=(table_of(JourneyRun), table_of(JourneyMessage))),
        execution_options={"populate_existing": True},
    ).first()
    return None if found is None else (found[0], found[1])


def _end(session: Session, run: JourneyRun, message: JourneyMessage, state: JourneyMessageState) -> None:
    now = clock.now()
    message.state, message.ended_at = state, now
    message.reason = "not_taken" if state == "refused" else None
    go_on(run, terms_of(session, {run.version_id})[run.version_id], now)
    session.flush()
    counts = Counts(session, run.journey_id)
    counts.add(run.arm, message.step, message.reason or "sent")
    counts.write()

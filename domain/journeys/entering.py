"""Who enters a journey: drawn for an arm once and for good, and on their way once an occasion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from domain.journeys.arms import arm_of
from domain.journeys.counting import Counts
from domain.journeys.deciding import is_meant
from domain.journeys.facts import facts_of
from domain.journeys.programme import Live
from domain.journeys.terms import JourneyArm, JourneyTerms, Wait
from infra import clock
from schemas.base import new_id, table_of
from schemas.journeys import HELD, JourneyRun

# Whoever entered already enters again where so long has passed as the journey says; else they don't.
_ASSIGN: Final = text("""
    INSERT INTO journey_assignment AS assigned
        (journey_id, shopper_id, arm, assigned_at, entered_at, since_at, looks_at)
    SELECT :journey, shopper_id, arm, :now, :now, since_at, since_at + :window
    FROM unnest(CAST(:shoppers AS uuid[]), CAST(:arms AS text[]), CAST(:since AS timestamptz[]))
        AS given (shopper_id, arm, since_at)
    ORDER BY shopper_id
    ON CONFLICT (journey_id, shopper_id) DO UPDATE SET entered_at = excluded.entered_at
        WHERE assigned.entered_at <= excluded.entered_at - CAST(:again AS interval)
    RETURNING shopper_id, arm
""")


@dataclass(frozen=True, slots=True)
class Entry:
    """An occasion for a shopper to enter: named by `key`, receipts count from `since_at` on."""

    shopper_id: UUID
    key: UUID
    since_at: datetime
    data: dict[str, Any] = field(default_factory=dict)


def enter(session: Session, live: Live, entries: Sequence[Entry]) -> int:
    """Let those enter for whom there is an occasion and who are meant; return how many did, held out or not.

    Who is no longer here, is held out of everything, or is not of the audience leaves no trace.
    """
    # Of two occasions at once the first counts; one order for all, so that nobody waits in a ring.
    first = {entry.shopper_id: entry for entry in reversed(entries)}
    if not first:
        return 0
    facts = facts_of(session, first, live.brand_id, [live.terms])
    meant = [
        first[shopper_id]
        for shopper_id in sorted(facts)
        if (one := facts[shopper_id]).is_here and not one.is_held_out and is_meant(live.terms, one.segments)
    ]
    if not meant:
        return 0
    entered = session.execute(_ASSIGN, _asked(live, meant)).all()
    counts, rows = Counts(session, live.id), []
    for shopper_id, drawn in entered:
        arm = _standing_arm(live, shopper_id, drawn)
        counts.add(arm, -1, HELD if arm == HELD else "entered")
        if arm != HELD:
            rows.append(_run(live, first[shopper_id], arm))
    if rows:
        session.execute(insert(table_of(JourneyRun)).on_conflict_do_nothing(), rows)
    counts.write()
    return len(entered)


def _asked(live: Live, meant: Sequence[Entry]) -> dict[str, Any]:
    terms = live.terms
    return {
        "journey": live.id,
        "now": clock.now(),
        "window": timedelta(days=terms.window_days),
        # No time is so long after another.
        "again": timedelta(days=terms.again_days) if terms.again_days else timedelta(days=100_000),
        "shoppers": [entry.shopper_id for entry in meant],
        "arms": [arm_of(live.id, entry.shopper_id, terms) for entry in meant],
        "since": [entry.since_at for entry in meant],
    }


def _standing_arm(live: Live, shopper_id: UUID, drawn: str) -> str:
    """Return the arm somebody was drawn for, or another of the version's where that one is no more.

    Who was held out stays so; who was not stays in, whatever share is held out today.
    """
    if drawn == HELD or live.terms.arm(drawn) is not None:
        return drawn
    again = arm_of(live.id, shopper_id, live.terms)
    return again if again != HELD else live.terms.arms[0].name


def _run(live: Live, entry: Entry, arm: str) -> dict[str, Any]:
    now = clock.now()
    step, pause = next_message(live.terms.arm(arm), 0)
    due = now + pause
    if live.terms.trigger.kind == "no_second_receipt":
        due += timedelta(days=live.terms.trigger.days)
    return {
        "id": new_id(),
        "journey_id": live.id,
        "version_id": live.version_id,
        "shopper_id": entry.shopper_id,
        "entry_key": entry.key,
        "arm": arm,
        "entered_at": now,
        "since_at": entry.since_at,
        "step": step,
        "step_due_at": due,
        "due_at": due,
        "state": "waiting",
        "reason": None,
        "ended_at": None,
        "data": entry.data,
    }


def next_message(arm: JourneyArm | None, place: int) -> tuple[int | None, timedelta]:
    """Return the place of an arm's next message from a place on, and the pause before it; None at its end."""
    pause = timedelta()
    for at, step in enumerate(arm.steps[place:] if arm else (), start=place):
        if not isinstance(step, Wait):
            return at, pause
        pause += timedelta(hours=step.hours)
    return None, pause


def goal_of(terms: JourneyTerms) -> bool:
    """Say whether a receipt ends the journey early; where a second is missed, it does whatever is said."""
    return terms.goal == "receipt" or terms.trigger.kind == "no_second_receipt"

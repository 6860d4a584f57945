"""Deliveries: a row for each event and endpoint, sent until it is taken, at least once, under the same id."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_, select

from domain.catalog.listing import brand_slugs
from domain.events import readers
from domain.events.outbox import Recorded, events_by_key, told_outside
from domain.people.audit import record_act
from domain.people.shoppers import pseudonym
from domain.webhooks.endpoints import signing_secrets
from infra import clock
from schemas.base import new_id, table_of
from schemas.events import Event
from schemas.webhooks import WebhookBody, WebhookDelivery, WebhookEndpoint

READER: Final = "webhooks"
# After the first attempt, the second, …: ten in three days.
SCHEDULE: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
JITTER: Final = 0.2
# Nothing reached it for so long: it is switched off, and staff see that.
FAILING_MAX: Final = timedelta(days=3)
# Longer than any attempt takes: whoever holds a delivery past it has died.
CLAIM: Final = timedelta(seconds=60)
# At most so many to one endpoint at once, so that one that hangs takes no more than these.
AT_ONCE_MAX: Final = 8
# An endpoint that can't be reached is left alone for so long: doubling from the first to the last.
PAUSE_FIRST: Final = timedelta(seconds=5)
PAUSE_LAST: Final = timedelta(minutes=5)
GONE: Final = 410
# The receiver, or what stands before it, says that it can't take anything now.
BUSY: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to send; `secrets` sign it, the newest first. No body: its event is gone."""

    id: UUID
    endpoint_id: UUID
    url: str
    secrets: Sequence[str]
    event_key: UUID
    body: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went: a status, or the code of what came of it instead."""

    status: int | None = None
    fault: str | None = None
    retry_after: int | None = None

    @property
    def is_good(self) -> bool:
        """Say whether the receiver took it."""
        return self.status is not None and 200 <= self.status <= 299  # noqa: PLR2004 - HTTP's own


def queue_events(session: Session, limit: int) -> int:
    """Put the next events on their way to every endpoint that listens for them; return how many were read."""
    events = readers.take(session, READER, limit)
    if not events:
        return 0
    listening = session.exec(select(WebhookEndpoint).where(WebhookEndpoint.state == "enabled")).all()
    _queue(
        session,
        [
            (row.id, event.key, event.type)
            for event in events
            for row in listening
            if _wants(row, event.type) and event.occurred_at >= row.created_at
        ],
    )
    return len(events)


def _wants(endpoint: WebhookEndpoint, type_: str) -> bool:
    return not endpoint.types or type_ in endpoint.types


def _queue(session: Session, wanted: Sequence[tuple[UUID, UUID, str]], *, again: bool = False) -> None:
    now = clock.now()
    rows = [
        {
            "id": new_id(),
            "endpoint_id": endpoint_id,
            "event_key": event_key,
            "type": type_,
            "state": "due",
            "attempts": 0,
            "queued_at": now,
            "due_at": now,
        }
        for endpoint_id, event_key, type_ in wanted
    ]
    if not rows:
        return
    statement = insert(table_of(WebhookDelivery))
    if again:
        fresh = {"state": "due", "attempts": 0, "due_at": now, "claimed_until": None}
        statement = statement.on_conflict_do_update(index_elements=["endpoint_id", "event_key"], set_=fresh)
    else:
        statement = statement.on_conflict_do_nothing()
    session.execute(statement, rows)


def queue_again(session: Session, endpoint_id: UUID, events: Sequence[Event]) -> None:
    """Put events on their way to an endpoint once more, whether they were before or not."""
    _queue(session, [(endpoint_id, event.key, event.type) for event in events], again=True)


_CLAIM = text("""
    UPDATE webhook_delivery SET claimed_until = :until, attempts = attempts + 1
    WHERE id IN (
        SELECT due.id FROM webhook_endpoint AS endpoint CROSS JOIN LATERAL (
            SELECT id FROM webhook_delivery
            WHERE endpoint_id = endpoint.id AND state = 'due' AND due_at <= :now
                AND (claimed_until IS NULL OR claimed_until <= :now)
            ORDER BY due_at
            LIMIT greatest(
                0, :most - coalesce(CAST(CAST(:busy AS jsonb) ->> CAST(endpoint.id AS text) AS int), 0)
            )
            FOR UPDATE SKIP LOCKED
        ) AS due
        WHERE endpoint.state = 'enabled' AND (endpoint.paused_until IS NULL OR endpoint.paused_until <= :now)
    )
    RETURNING id, endpoint_id, event_key
""")


def claim(session: Session, in_flight: Mapping[UUID, int]) -> list[Claimed]:
    """Take deliveries that are due, of each endpoint as many as it may still have; they are the caller's now.

    Args:
        session: The transaction. Once it commits nobody else sends them, until the claim is over.
        in_flight: How many the caller is sending to each endpoint at the moment.
    """
    now = clock.now()
    busy = json.dumps({str(endpoint_id): count for endpoint_id, count in in_flight.items()})
    asked = {"now": now, "until": now + CLAIM, "most": AT_ONCE_MAX, "busy": busy}
    rows = session.execute(_CLAIM, asked).all()
    if not rows:
        return []
    wanted = {row.endpoint_id for row in rows}
    endpoints = {
        row.id: row
        for row in session.exec(select(WebhookEndpoint).where(col(WebhookEndpoint.id).in_(wanted))).all()
    }
    bodies = _bodies(session, [row.event_key for row in rows])
    return [
        Claimed(
            row.id,
            row.endpoint_id,
            endpoints[row.endpoint_id].url,
            signing_secrets(endpoints[row.endpoint_id]),
            row.event_key,
            bodies.get(row.event_key),
        )
        for row in rows
    ]


def _bodies(session: Session, keys: Sequence[UUID]) -> dict[UUID, str]:
    """Return what receivers get of events: the same bytes at every attempt."""
    slugs = brand_slugs(session)
    return {
        event.key: WebhookBody(
            type=event.type, timestamp=event.occurred_at, data=_told(event, slugs)
        ).model_dump_json()
        for event in events_by_key(session, keys)
    }


def _told(event: Recorded, slugs: Mapping[str, str]) -> dict[str, Any]:
    """Return what outsiders are told: a shopper who is an event's own subject goes by a pseudonym."""
    told = told_outside(event, slugs)
    if event.subject_id == event.shopper_id:
        told["subject"] = pseudonym(event.subject_id, "webhooks")
    return told


def note_outcome(session: Session, delivery_id: UUID, outcome: Outcome) -> None:
    """Keep how an attempt went, and say when the next is due; the last one leaves a dead letter."""
    row = session.exec(
        select(WebhookDelivery).where(WebhookDelivery.id == delivery_id).with_for_update()
    ).first()
    # It was removed meanwhile, or somebody else, to whom our claim had passed, has delivered it.
    if row is None or row.state != "due":
        return
    now = clock.now()
    row.claimed_until = None
    row.answered_at = now
    row.last_status, row.last_fault = outcome.status, outcome.fault
    if outcome.is_good:
        row.state = "delivered"
    elif outcome.status == GONE or row.attempts > len(SCHEDULE):
        row.state = "dead"
    else:
        row.due_at = now + _pause_after(row.attempts, outcome)
    session.flush()
    _note_on_endpoint(session, row.endpoint_id, outcome, now)


def drop(session: Session, delivery_id: UUID) -> None:
    """End a delivery whose event is no longer kept."""
    row = session.get(WebhookDelivery, delivery_id)
    if row is not None:
        row.state, row.last_fault, row.claimed_until = "dead", "event_forgotten", None
        session.flush()


def _pause_after(attempts: int, outcome: Outcome) -> timedelta:
    pause = SCHEDULE[attempts - 1] * (1 + random.uniform(0, JITTER))
    return max(pause, timedelta(seconds=outcome.retry_after or 0))


def _note_on_endpoint(session: Session, endpoint_id: UUID, outcome: Outcome, now: datetime) -> None:
    """Note on an endpoint how it fares. A good answer to a good endpoint writes nothing."""
    row = session.get(WebhookEndpoint, endpoint_id)
    if row is None or (outcome.is_good and row.failing_since is None):
        return
    row = session.exec(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if outcome.is_good:
        row.failing_since, row.failures, row.paused_until = None, 0, None
        return
    # What was under way when a pause began fails of the same outage: it makes no pause longer.
    paused = row.paused_until is not None and row.paused_until > now
    row.failures += not paused
    row.failing_since = row.failing_since or now
    if outcome.status == GONE:
        _disable(session, row, "gone")
    elif now - row.failing_since >= FAILING_MAX:
        _disable(session, row, "failing")
    elif outcome.status is None or outcome.status in BUSY:
        doubled = timedelta(0) if paused else min(PAUSE_FIRST * 2 ** min(row.failures - 1, 10), PAUSE_LAST)
        until = now + max(doubled, timedelta(seconds=outcome.retry_after or 0))
        row.paused_until = max(row.paused_until or until, until)
    session.flush()


def _disable(session: Session, row: WebhookEndpoint, why: str) -> None:
    if row.state == "enabled":
        row.state, row.disabled_why = "disabled", why
        details = {"endpoint": str(row.id), "why": why}
        record_act(session, None, "webhook_disabled", details=details)


def forget_deliveries(session: Session, before: datetime, limit: int) -> int:
    """Delete deliveries that ended and were queued before a time, a batch of them; return how many."""
    ended = or_(col(WebhookDelivery.state) == "delivered", col(WebhookDelivery.state) == "dead")
    old = select(WebhookDelivery.id).where(col(WebhookDelivery.queued_at) < before, ended).limit(limit)
    return session.execute(delete(WebhookDelivery).where(col(WebhookDelivery.id).in_(old))).rowcount  # type: ignore[attr-defined, no-any-return]

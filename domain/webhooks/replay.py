"""What was delivered to an endpoint, and delivering it once more."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.paging import comes_before
from domain.people.audit import record_act
from domain.webhooks.deliveries import queue_again
from domain.webhooks.errors import TooManyEventsError
from schemas.events import Event
from schemas.webhooks import DeliveryState, DeliveryView, ReplayRange, WebhookDelivery, WebhookEndpoint

EVENTS_MAX: Final = 10_000


def deliveries(
    session: Session,
    endpoint_id: UUID,
    *,
    state: DeliveryState | None = None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[DeliveryView]:
    """Return an endpoint's deliveries, newest first, from before a (queued_at, id) on.

    Raises:
        NotFoundError: There is no such endpoint.
    """
    _check_there(session, endpoint_id)
    statement = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if state is not None:
        statement = statement.where(WebhookDelivery.state == state)
    if before is not None:
        at = comes_before(col(WebhookDelivery.queued_at), col(WebhookDelivery.id), before)
        statement = statement.where(at)
    order = (col(WebhookDelivery.queued_at).desc(), col(WebhookDelivery.id).desc())
    return [
        DeliveryView(
            id=row.id,
            event_id=row.event_key,
            type=row.type,
            state=row.state,
            attempts=row.attempts,
            queued_at=row.queued_at,
            due_at=row.due_at,
            answered_at=row.answered_at,
            status=row.last_status,
            fault=row.last_fault,
        )
        for row in session.exec(statement.order_by(*order).limit(limit)).all()
    ]


def replay_one(session: Session, endpoint_id: UUID, delivery_id: UUID, staff_id: UUID) -> None:
    """Deliver one event once more, under its own id.

    Raises:
        NotFoundError: There is no such delivery, or its event is no longer kept.
    """
    row = session.get(WebhookDelivery, delivery_id)
    event = session.get(Event, row.event_key) if row is not None else None
    if row is None or row.endpoint_id != endpoint_id or event is None:
        raise NotFoundError
    queue_again(session, endpoint_id, [event])
    details = {"endpoint": str(endpoint_id), "events": 1}
    record_act(session, staff_id, "webhook_replayed", details=details)


def replay_range(session: Session, endpoint_id: UUID, asked: ReplayRange, staff_id: UUID) -> int:
    """Deliver the events of a time once more, as far as the endpoint listens for them; return how many.

    Also those it never got, because it was switched off or not there yet.

    Raises:
        NotFoundError: There is no such endpoint.
        TooManyEventsError: More than 10,000.
    """
    endpoint = _check_there(session, endpoint_id)
    statement = select(Event).where(
        col(Event.occurred_at) >= asked.since, col(Event.occurred_at) < asked.until
    )
    if endpoint.types:
        statement = statement.where(col(Event.type).in_(endpoint.types))
    events = session.exec(statement.order_by(col(Event.xid), col(Event.version)).limit(EVENTS_MAX + 1)).all()
    if len(events) > EVENTS_MAX:
        raise TooManyEventsError(events_max=EVENTS_MAX)
    queue_again(session, endpoint_id, events)
    details = {"endpoint": str(endpoint_id), "events": len(events)}
    record_act(session, staff_id, "webhook_replayed", details=details)
    return len(events)


def _check_there(session: Session, endpoint_id: UUID) -> WebhookEndpoint:
    row = session.get(WebhookEndpoint, endpoint_id)
    if row is None:
        raise NotFoundError
    return row

"""Webhooks, for admins: endpoints, what was delivered to them, and delivering it again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import CurrentAdmin
from api.contract import refusals
from domain.errors import InvalidCursorError
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor, encode_cursor, page
from domain.webhooks import endpoints, replay
from domain.webhooks.errors import AddressRefusedError, TooManyEndpointsError, TooManyEventsError
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.webhooks import (
    Deliveries,
    DeliveryState,
    EndpointChanges,
    Endpoints,
    EndpointView,
    NewEndpoint,
    Replayed,
    ReplayRange,
)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.get("")
def list_webhooks(session: ReadOnly, _admin: CurrentAdmin) -> Endpoints:
    """Return every endpoint, with how much is on its way to it and how much never arrived."""
    return Endpoints(endpoints=endpoints.endpoint_views(session))


@router.post("", status_code=201, responses=refusals(AddressRefusedError, TooManyEndpointsError))
def add_webhook(session: UnitOfWork, admin: CurrentAdmin, new: NewEndpoint) -> EndpointView:
    """Add an endpoint, which is told of events from now on. The secret is shown in this answer alone."""
    return endpoints.add_endpoint(session, new, admin.id)


@router.get("/{endpoint_id}")
def show_webhook(endpoint_id: UUID, session: ReadOnly, _admin: CurrentAdmin) -> EndpointView:
    """Return one endpoint."""
    return endpoints.endpoint_view(session, endpoint_id)


@router.patch("/{endpoint_id}", responses=refusals(AddressRefusedError))
def change_webhook(
    endpoint_id: UUID, session: UnitOfWork, admin: CurrentAdmin, changes: EndpointChanges
) -> EndpointView:
    """Change an endpoint's address, its types or whether it is told anything."""
    return endpoints.change_endpoint(session, endpoint_id, changes, admin.id)


@router.delete("/{endpoint_id}", status_code=204)
def remove_webhook(endpoint_id: UUID, session: UnitOfWork, admin: CurrentAdmin) -> None:
    """Remove an endpoint, with what is on its way to it."""
    endpoints.remove_endpoint(session, endpoint_id, admin.id)


@router.post("/{endpoint_id}/secret")
def change_webhook_secret(endpoint_id: UUID, session: UnitOfWork, admin: CurrentAdmin) -> EndpointView:
    """Give an endpoint another secret. For a day the one before signs as well, as a second signature."""
    return endpoints.rotate_secret(session, endpoint_id, admin.id)


@router.get("/{endpoint_id}/deliveries", responses=refusals(InvalidCursorError))
def list_webhook_deliveries(
    endpoint_id: UUID,
    session: ReadOnly,
    _admin: CurrentAdmin,
    state: DeliveryState | None = None,
    cursor: ShortText | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT,
) -> Deliveries:
    """Return what was sent to an endpoint or waits to be, newest first; `state=dead` are the dead letters."""
    before = decode_cursor(cursor)
    found = page(
        lambda most: replay.deliveries(session, endpoint_id, state=state, before=before, limit=most),
        limit,
        lambda row: encode_cursor(row.queued_at, row.id),
    )
    return Deliveries(deliveries=found.rows, next_cursor=found.next_cursor)


@router.post("/{endpoint_id}/deliveries/{delivery_id}/replay", status_code=202)
def replay_webhook_delivery(
    endpoint_id: UUID, delivery_id: UUID, session: UnitOfWork, admin: CurrentAdmin
) -> Replayed:
    """Deliver one event once more, under its own id."""
    replay.replay_one(session, endpoint_id, delivery_id, admin.id)
    return Replayed(replayed=1)


@router.post("/{endpoint_id}/replay", status_code=202, responses=refusals(TooManyEventsError))
def replay_webhook_events(
    endpoint_id: UUID, session: UnitOfWork, admin: CurrentAdmin, asked: ReplayRange
) -> Replayed:
    """Deliver the events of a time once more, also those that the endpoint never got."""
    return Replayed(replayed=replay.replay_range(session, endpoint_id, asked, admin.id))

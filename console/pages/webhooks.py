"""Webhooks: who is told of events, what never arrived, and sending it again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from console.render import PREFIX, page
from console.sign_in import Admin, OwnForm
from domain.errors import InvalidValueError
from domain.paging import PAGE_SIZE_DEFAULT, decode_cursor, encode_cursor
from domain.paging import page as cut
from domain.webhooks import endpoints, replay
from infra.clock import TILL_ZONE
from infra.web import ReadOnly, UnitOfWork
from schemas.base import Body, PrintedTime, ShortText, Text
from schemas.events import EventType
from schemas.webhooks import URL_LENGTH_MAX, DeliveryState, EndpointChanges, NewEndpoint, ReplayRange

router = APIRouter()

Url = Annotated[Text, Field(max_length=URL_LENGTH_MAX)]


class EndpointForm(Body):
    """What the form of an endpoint sends; no types means every type."""

    csrf: ShortText = ""
    url: Url
    description: ShortText = ""
    types: list[EventType] = Field(default_factory=list)


class RangeForm(Body):
    """A time whose events are to be delivered again, by the tills' clock."""

    csrf: ShortText = ""
    since: PrintedTime
    until: PrintedTime


@router.get("/webhooks")
def show_webhooks(request: Request, session: ReadOnly, _admin: Admin) -> Response:
    """Show every endpoint, and a form for another."""
    shown = endpoints.endpoint_views(session)
    return page(request, "webhooks.html", endpoints=shown, types=get_args(EventType))


@router.post("/webhooks", dependencies=[OwnForm])
def add_webhook(
    request: Request, session: UnitOfWork, admin: Admin, form: Annotated[EndpointForm, Form()]
) -> Response:
    """Add an endpoint; its secret is on the page that answers, and on no other."""
    new = NewEndpoint.model_validate(form.model_dump(exclude={"csrf"}))
    made = endpoints.add_endpoint(session, new, admin.id)
    return page(request, "webhook_secret.html", endpoint=made)


@router.get("/webhooks/{endpoint_id}")
def show_webhook(
    request: Request,
    session: ReadOnly,
    _admin: Admin,
    endpoint_id: UUID,
    state: ShortText = "",
    cursor: ShortText | None = None,
) -> Response:
    """Show an endpoint and what was sent to it or waits to be."""
    chosen: DeliveryState | None = next((one for one in get_args(DeliveryState) if one == state), None)
    before = decode_cursor(cursor)
    found = cut(
        lambda most: replay.deliveries(session, endpoint_id, state=chosen, before=before, limit=most),
        PAGE_SIZE_DEFAULT,
        lambda row: encode_cursor(row.queued_at, row.id),
    )
    return page(
        request,
        "webhook.html",
        endpoint=endpoints.endpoint_view(session, endpoint_id),
        types=get_args(EventType),
        deliveries=found,
        states=get_args(DeliveryState),
        state=chosen or "",
    )


@router.post("/webhooks/{endpoint_id}", dependencies=[OwnForm])
def change_webhook(
    session: UnitOfWork, admin: Admin, endpoint_id: UUID, form: Annotated[EndpointForm, Form()]
) -> Response:
    """Change where an endpoint listens and for what."""
    changes = EndpointChanges.model_validate(form.model_dump(exclude={"csrf"}))
    endpoints.change_endpoint(session, endpoint_id, changes, admin.id)
    return _back(endpoint_id, "saved")


@router.post("/webhooks/{endpoint_id}/switch", dependencies=[OwnForm])
def switch_webhook(
    session: UnitOfWork, admin: Admin, endpoint_id: UUID, enabled: Annotated[bool, Form()]
) -> Response:
    """Switch an endpoint on or off."""
    endpoints.change_endpoint(session, endpoint_id, EndpointChanges(enabled=enabled), admin.id)
    return _back(endpoint_id, "saved")


@router.post("/webhooks/{endpoint_id}/secret", dependencies=[OwnForm])
def change_webhook_secret(request: Request, session: UnitOfWork, admin: Admin, endpoint_id: UUID) -> Response:
    """Give an endpoint another secret, which is on the page that answers."""
    changed = endpoints.rotate_secret(session, endpoint_id, admin.id)
    return page(request, "webhook_secret.html", endpoint=changed)


@router.post("/webhooks/{endpoint_id}/remove", dependencies=[OwnForm])
def remove_webhook(session: UnitOfWork, admin: Admin, endpoint_id: UUID) -> Response:
    """Remove an endpoint, with what is on its way to it."""
    endpoints.remove_endpoint(session, endpoint_id, admin.id)
    return RedirectResponse(f"{PREFIX}/webhooks?said=webhook_removed", 303)


@router.post("/webhooks/{endpoint_id}/replay", dependencies=[OwnForm])
def replay_webhook_events(
    session: UnitOfWork, admin: Admin, endpoint_id: UUID, form: Annotated[RangeForm, Form()]
) -> Response:
    """Send the events of a time once more."""
    if form.since >= form.until:
        raise InvalidValueError(field="until")
    since, until = (_at(time) for time in (form.since, form.until))
    done = replay.replay_range(session, endpoint_id, ReplayRange(since=since, until=until), admin.id)
    return _back(endpoint_id, f"webhook_replayed&done={done}")


@router.post("/webhooks/{endpoint_id}/deliveries/{delivery_id}/replay", dependencies=[OwnForm])
def replay_webhook_delivery(
    session: UnitOfWork, admin: Admin, endpoint_id: UUID, delivery_id: UUID
) -> Response:
    """Send one event once more."""
    replay.replay_one(session, endpoint_id, delivery_id, admin.id)
    return _back(endpoint_id, "webhook_replayed&done=1")


def _back(endpoint_id: UUID, said: str) -> Response:
    return RedirectResponse(f"{PREFIX}/webhooks/{endpoint_id}?said={said}", 303)


def _at(till_time: datetime) -> datetime:
    return till_time.replace(tzinfo=TILL_ZONE)

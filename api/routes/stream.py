"""A shopper's event stream: what happens to their receipts and points, as it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from api.auth import CurrentShopper, CurrentStanding
from api.streams import EVENTS_AT_ONCE, HEARTBEAT, HEARTBEAT_SECONDS, StreamEnded, Streams, streams_of
from domain.catalog.listing import brand_slugs
from domain.events import outbox
from domain.events.outbox import Cursor, Recorded
from domain.signin.standing import Watching
from infra.db import engine
from infra.settings import settings
from schemas.base import ShortText

router = APIRouter(prefix="/v1/me", tags=["inbox"])
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get("/events", response_class=StreamingResponse)
async def watch_my_events(
    request: Request,
    shopper: CurrentShopper,
    standing: CurrentStanding,
    last_event_id: Annotated[ShortText | None, Header()] = None,
) -> StreamingResponse:
    """Stream what happens to the shopper's receipts and points: ids, statuses and points, nothing personal.

    With `Last-Event-ID`, which browsers send by themselves, it goes on behind that event; where that is not
    kept any more `reset` says so: fetch the inbox and the balances. Comments come while nothing happens. It
    ends after `QUETBILL_STREAM_SECONDS_MAX`, and the client comes again; it ends with the session at once.
    """
    streams = streams_of(request)
    streams.check_room(shopper.id)
    return StreamingResponse(
        _events(streams, (shopper.id, standing.session_id), last_event_id),
        media_type="text/event-stream",
        headers=STREAM_HEADERS,
    )


async def _events(streams: Streams, watching: Watching, last_id: str | None) -> AsyncGenerator[str]:
    shopper_id, _session_id = watching
    ends_at = asyncio.get_running_loop().time() + settings().stream_seconds_max
    with suppress(StreamEnded):
        async with streams.watch(*watching) as watcher:
            yield HEARTBEAT
            cursor, slugs = await run_in_threadpool(_begin, shopper_id, last_id)
            if cursor is None:
                yield "event: reset\ndata: {}\n\n"
            else:
                while missed := await run_in_threadpool(_missed, shopper_id, cursor):
                    for event in missed:
                        yield _told(event, slugs)
                    cursor = missed[-1].cursor
            while (left := ends_at - asyncio.get_running_loop().time()) > 0:
                arrived = await watcher.next(min(HEARTBEAT_SECONDS, left))
                if arrived is None:
                    yield HEARTBEAT
                elif cursor is None or arrived.cursor > cursor:
                    yield _told(arrived, slugs)


def _begin(shopper_id: UUID, last_id: str | None) -> tuple[Cursor | None, dict[str, str]]:
    """Return behind which event the stream begins, None where that is gone, and the brands' slugs."""
    with Session(engine()) as session:
        slugs = brand_slugs(session)
        if last_id is None:
            return outbox.newest(session), slugs
        try:
            key = UUID(last_id)
        except ValueError:
            return None, slugs
        return outbox.place_of(session, key, shopper_id), slugs


def _missed(shopper_id: UUID, cursor: Cursor) -> list[Recorded]:
    with Session(engine()) as session:
        return outbox.read_after(session, cursor, EVENTS_AT_ONCE, shopper_id=shopper_id)


def _told(event: Recorded, slugs: dict[str, str]) -> str:
    data = outbox.told_outside(event, slugs) | {"occurred_at": event.occurred_at.isoformat()}
    return f"id: {event.key}\nevent: {event.type}\ndata: {json.dumps(data)}\n\n"

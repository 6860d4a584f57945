"""Event streams: one look at the outbox serves everybody who watches, however many they are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from api.errors import TooManyRequestsError
from domain.events import outbox
from domain.events.outbox import Cursor, Recorded
from infra.connections import stopping
from infra.db import engine
from infra.faults import AWAY
from infra.settings import settings

LOOK_SECONDS: Final = 0.5
AWAY_SECONDS: Final = 5.0
STOP_LOOK_SECONDS: Final = 0.1
EVENTS_AT_ONCE: Final = 500
# Who lags behind by more is ended, and comes again with the last id they saw.
LAG_MAX: Final = 200
STREAMS_PER_PERSON_MAX: Final = 4
RETRY_SECONDS: Final = 30
HEARTBEAT_SECONDS: Final = 15.0
# A comment: it keeps proxies from ending a stream that is silent, and clients see nothing of it.
HEARTBEAT: Final = ": here\n\n"
_log = structlog.get_logger()


class StreamEnded(Exception):  # noqa: N818 - no error: the server stops, or the watcher lags behind
    """Nothing more will come on this stream."""


@dataclass(eq=False)
class Watcher:
    """One stream: what has come for it and is not sent yet; None among it ends the stream."""

    shopper_id: UUID
    arrived: asyncio.Queue[Recorded | None] = field(default_factory=lambda: asyncio.Queue(LAG_MAX))

    def put(self, event: Recorded | None) -> None:
        """Add what has come; one who does not keep up gets an end instead."""
        try:
            self.arrived.put_nowait(event)
        except asyncio.QueueFull:
            while not self.arrived.empty():
                self.arrived.get_nowait()
            self.arrived.put_nowait(None)

    async def next(self, seconds: float) -> Recorded | None:
        """Return the next event; None where none has come within so many seconds.

        Raises:
            StreamEnded: There will be none.
        """
        try:
            event = await asyncio.wait_for(self.arrived.get(), seconds)
        except TimeoutError:
            return None
        if event is None:
            raise StreamEnded
        return event


class Streams:
    """Those who watch in this process. While there are any, the outbox is looked at for all of them."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def watch(self, shopper_id: UUID) -> AsyncIterator[Watcher]:
        """Yield a watcher of a shopper's events: of all that come from now on.

        Raises:
            TooManyRequestsError: The shopper, or this process, has as many streams as may be.
        """
        self.check_room(shopper_id)
        watcher = Watcher(shopper_id)
        self._watchers.add(watcher)
        try:
            if len(self._watchers) == 1:
                await self._begin()
            yield watcher
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                self._end()

    def check_room(self, shopper_id: UUID) -> None:
        """Refuse a stream too many, before its answer has begun.

        Raises:
            TooManyRequestsError: The shopper, or this process, has as many streams as may be.
        """
        mine = Counter(watcher.shopper_id for watcher in self._watchers)[shopper_id]
        if mine >= STREAMS_PER_PERSON_MAX or len(self._watchers) >= settings().streams_max:
            raise TooManyRequestsError(retry_after_seconds=RETRY_SECONDS)

    async def _begin(self) -> None:
        # Where it begins is known before the first watcher looks at what was there already.
        cursor = await run_in_threadpool(_newest)
        self._tasks = [asyncio.create_task(self._look(cursor)), asyncio.create_task(self._end_with_server())]

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def _look(self, cursor: Cursor) -> None:
        while True:
            try:
                events = await run_in_threadpool(_read, cursor)
            except AWAY as error:
                _log.warning("streams_put_off", error=type(error).__name__)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            for event in events:
                for watcher in [one for one in self._watchers if one.shopper_id == event.shopper_id]:
                    watcher.put(event)
                cursor = event.cursor
            if len(events) < EVENTS_AT_ONCE:
                await asyncio.sleep(LOOK_SECONDS)

    async def _end_with_server(self) -> None:
        while not stopping.is_set():  # noqa: ASYNC110 - a signal's handler may set no more than a flag
            await asyncio.sleep(STOP_LOOK_SECONDS)
        for watcher in self._watchers:
            watcher.put(None)


def streams_of(request: Request) -> Streams:
    """Return the streams of the application that answers."""
    found: Streams = request.app.state.streams
    return found


def _newest() -> Cursor:
    with Session(engine()) as session:
        return outbox.newest(session)


def _read(cursor: Cursor) -> list[Recorded]:
    with Session(engine()) as session:
        return outbox.read_after(session, cursor, EVENTS_AT_ONCE)

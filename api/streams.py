"""Event streams: one look at the outbox serves everybody who watches, however many they are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection
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
from domain.signin.standing import Watching, standing_among
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
    """One stream: what has come for it and is not sent yet; None among it ends the stream.

    `session_id` is the session that it was opened with; None with a token of the command line.
    """

    shopper_id: UUID
    session_id: UUID | None = None
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
        self._counts: Counter[UUID] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self._beginning = asyncio.Lock()

    @asynccontextmanager
    async def watch(self, shopper_id: UUID, session_id: UUID | None) -> AsyncIterator[Watcher]:
        """Yield a watcher of a shopper's events: of all that come from now on, while their session stands.

        Raises:
            StreamEnded: The shopper, or this process, has as many streams as may be; others came in between.
        """
        if not self._has_room(shopper_id):
            raise StreamEnded
        watcher = Watcher(shopper_id, session_id)
        self._watchers.add(watcher)
        self._counts[shopper_id] += 1
        try:
            await self._begin()
            yield watcher
        finally:
            self._watchers.discard(watcher)
            self._counts[shopper_id] -= 1
            if not self._counts[shopper_id]:
                del self._counts[shopper_id]
            if not self._watchers:
                self._end()

    def check_room(self, shopper_id: UUID) -> None:
        """Refuse a stream too many, before its answer has begun.

        Raises:
            TooManyRequestsError: The shopper, or this process, has as many streams as may be.
        """
        if not self._has_room(shopper_id):
            raise TooManyRequestsError(retry_after_seconds=RETRY_SECONDS)

    def _has_room(self, shopper_id: UUID) -> bool:
        # Also asked by other threads, while watchers come and go: nothing is gone through here.
        mine = self._counts[shopper_id]
        return mine < STREAMS_PER_PERSON_MAX and len(self._watchers) < settings().streams_max

    async def _begin(self) -> None:
        # Each watcher waits until where the look begins is known: what it reads by itself before that would
        # leave a gap. One that goes away meanwhile leaves the beginning to the next who waits here.
        async with self._beginning:
            if not self._tasks or any(task.done() for task in self._tasks):
                self._end()
                cursor = await run_in_threadpool(_newest)
                looks = (self._look(cursor), self._end_with_server())
                self._tasks = [asyncio.create_task(look) for look in looks]
                for task in self._tasks:
                    task.add_done_callback(self._end_watchers)

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def _look(self, cursor: Cursor) -> None:
        while True:
            watching = {(one.shopper_id, one.session_id) for one in self._watchers}
            try:
                events, standing = await run_in_threadpool(_read, cursor, watching)
            except AWAY as error:
                _log.warning("streams_put_off", error=type(error).__name__)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            # Before what came is handed out: who signed out, here or elsewhere, hears nothing of it.
            ended = watching - standing
            for watcher in self._watchers:
                if (watcher.shopper_id, watcher.session_id) in ended:
                    watcher.put(None)
            for event in events:
                for watcher in [one for one in self._watchers if one.shopper_id == event.shopper_id]:
                    watcher.put(event)
                cursor = event.cursor
            if len(events) < EVENTS_AT_ONCE:
                await asyncio.sleep(LOOK_SECONDS)

    async def _end_with_server(self) -> None:
        while not stopping.is_set():  # noqa: ASYNC110 - a signal's handler may set no more than a flag
            await asyncio.sleep(STOP_LOOK_SECONDS)

    def _end_watchers(self, task: asyncio.Task[None]) -> None:
        """End every stream where a task ended by itself: the server stops, or nobody looks any more."""
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            _log.error("streams_broke", error=type(error).__name__)
        for watcher in self._watchers:
            watcher.put(None)


def streams_of(request: Request) -> Streams:
    """Return the streams of the application that answers."""
    found: Streams = request.app.state.streams
    return found


def _newest() -> Cursor:
    with Session(engine()) as session:
        return outbox.newest(session)


def _read(cursor: Cursor, watching: Collection[Watching]) -> tuple[list[Recorded], set[Watching]]:
    with Session(engine()) as session:
        # Those who stand are asked for last: whoever signed out before an event was read is not among them.
        events = outbox.read_after(session, cursor, EVENTS_AT_ONCE)
        return events, standing_among(session, watching)

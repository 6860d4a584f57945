"""Connections of the API: none may be held for ever, by silence or by slowness, and a stop ends them all."""

from __future__ import annotations

import asyncio
import resource
import threading
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from infra.settings import settings

LOOK_SECONDS = 1.0
# Slower than this no phone's network sends that is any use; it is asked of what arrived so far.
BODY_BYTES_A_SECOND_MIN = 4_000
# Files, and connections to the database, Redis and the store, of one process.
FILES_FOR_OTHERS = 256
# Set when the process was asked to stop: what streams for long looks at it and ends.
stopping = threading.Event()


class TimedProtocol(H11Protocol):
    """HTTP/1.1 that ends a connection whose headers, body or reader take too long."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are as many as this process can carry."""
        super().connection_made(transport)
        self._asked_at = self._since = self.loop.time()
        self._received = 0
        if len(self.connections) > connections_max():
            transport.abort()
            return
        self._watch = self.loop.call_later(LOOK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking."""
        if hasattr(self, "_watch"):
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note when a request began to arrive, and how much of it did."""
        if self._is_idle():
            self._asked_at = self.loop.time()
            self._received = 0
        self._received += len(data)
        super().data_received(data)

    def _is_idle(self) -> bool:
        return self.timeout_keep_alive_task is not None

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        if self._is_late(self.loop.time()):
            # Not `close`, which would wait for whoever does not read.
            self.transport.abort()
            return
        self._watch = self.loop.call_later(LOOK_SECONDS, self._look)

    def _is_late(self, now: float) -> bool:
        given = settings()
        if self.flow.write_paused:
            return now - self._since > given.reader_seconds_max
        self._since = now
        if self._is_idle():
            return False
        waiting = now - self._asked_at
        if self.cycle is None or (self.cycle.response_complete and not self.cycle.more_body):
            return waiting > given.header_seconds_max
        if self.cycle.more_body and not self.flow.read_paused:
            return waiting > given.body_seconds_min + self._received / BODY_BYTES_A_SECOND_MIN
        return False


class Server(uvicorn.Server):
    """A server that says it is stopping before it waits for what streams."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note that the process was asked to stop."""
        stopping.set()
        super().handle_exit(sig, frame)


def connections_max() -> int:
    """Return how many connections are taken: as set, and never so many that no file can be opened."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(settings().connections_max, files - min(FILES_FOR_OTHERS, files // 2)))

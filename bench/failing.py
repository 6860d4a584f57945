"""Servers of the bench's own that can be told to fail, each in its ways, and say whom that met."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, TypeVar

from infra.processes import LOOPBACK

WELL: Final = "well"


class FailingServer(ThreadingHTTPServer):
    """Answers on a free port of this machine.

    `mood` is how, and `met` how many requests met it in another mood than `WELL`.
    """

    daemon_threads = True
    # Many connections at once wait to be taken, rather than being tried again after a second.
    request_queue_size = 100

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__((LOOPBACK, 0), handler)
        self.mood = WELL
        self.met = 0

    @property
    def endpoint(self) -> str:
        """Return its address, as a setting names it."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of callers who were killed, or gave up, while they were answered."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


Served = TypeVar("Served", bound=FailingServer)


@contextmanager
def serving(server: Served) -> Generator[Served]:
    """Have a server answer meanwhile; whoever waits for it at the end is answered well."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.mood = WELL
        server.shutdown()
        server.server_close()
        thread.join()

"""An object store over loopback, in the manner of S3, that can be told to be away, to hang, or to be full."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal

from infra.processes import LOOPBACK

Mood = Literal["well", "away", "hanging", "full"]

CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_REGION": "us-east-1",
}
URL: Final = "s3://bench/photos"
LOOK_AGAIN_SECONDS: Final = 0.1


class FailingStore(ThreadingHTTPServer):
    """Keeps objects in memory.

    `mood` is how it answers, `met` how many requests met it in another mood than `well`, and `objects`
    are what it holds, by path.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Answer)
        self.mood: Mood = "well"
        self.met = 0
        self.objects: dict[str, bytes] = {}

    @property
    def endpoint(self) -> str:
        """Return its address, as a setting names it."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of callers who were killed, or gave up, while they were answered."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FailingStore

    def do_PUT(self) -> None:
        if not self._may_go_on():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.mood == "full":
            self._say(HTTPStatus.INSUFFICIENT_STORAGE)
            return
        self.server.objects[self.path] = body
        self._say(HTTPStatus.OK, body, send=False)

    def do_GET(self) -> None:
        self._find(send=True)

    def do_HEAD(self) -> None:
        self._find(send=False)

    def do_DELETE(self) -> None:
        if self._may_go_on():
            self.server.objects.pop(self.path, None)
            self._say(HTTPStatus.NO_CONTENT)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _find(self, *, send: bool) -> None:
        if not self._may_go_on():
            return
        kept = self.server.objects.get(self.path)
        if kept is None:
            self._say(HTTPStatus.NOT_FOUND)
        else:
            self._say(HTTPStatus.OK, kept, send=send)

    def _may_go_on(self) -> bool:
        """Wait while it hangs; hang up while it is away."""
        if self.server.mood != "well":
            self.server.met += 1
        while self.server.mood == "hanging":
            time.sleep(LOOK_AGAIN_SECONDS)
        if self.server.mood == "away":
            self.close_connection = True
            self.connection.close()
            return False
        return True

    def _say(self, status: HTTPStatus, body: bytes = b"", *, send: bool = True) -> None:
        self.send_response(status)
        self.send_header("ETag", f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"')
        self.send_header("Last-Modified", formatdate(usegmt=True))
        whole = self.command == "HEAD" or send
        self.send_header("Content-Length", str(len(body) if whole else 0))
        self.end_headers()
        if send and self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def failing_store() -> Generator[FailingStore]:
    """Serve such a store on a free port of this machine."""
    store = FailingStore()
    thread = threading.Thread(target=store.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.mood = "well"
        store.shutdown()
        store.server_close()
        thread.join()

"""An object store over loopback, in the manner of S3, that can be told to be away, to hang, or to be full."""

from __future__ import annotations

import hashlib
import time
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Final, Literal

from bench.failing import WELL, FailingServer

Mood = Literal["away", "hanging", "full"]

CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_REGION": "us-east-1",
}
URL: Final = "s3://bench/photos"
LOOK_AGAIN_SECONDS: Final = 0.1


class FailingStore(FailingServer):
    """Keeps objects in memory: `objects` by path. Its moods are `well` and those of `Mood`."""

    def __init__(self) -> None:
        super().__init__(_Answer)
        self.objects: dict[str, bytes] = {}


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
        if self.server.mood != WELL:
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

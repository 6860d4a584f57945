"""A partner's system that is told of events, and can be told to fail, to hang, or to hang up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Final, Literal

from standardwebhooks import Webhook, WebhookVerificationError

from bench.failing import WELL, FailingServer

Mood = Literal["failing", "hanging", "closing"]
# Longer than the deliverer waits for an answer, so that it gives up on what hangs.
HANG_SECONDS: Final = 20.0


class FailingReceiver(FailingServer):
    """Takes webhooks. Its moods are `well` and those of `Mood`.

    `taken` counts by event's id how often one was answered well; `unsigned` are requests that nobody signed
    with `secret`, which is set once the endpoint is known.
    """

    def __init__(self) -> None:
        super().__init__(_Answer)
        self.taken: Counter[str] = Counter()
        self.unsigned = 0
        self.secret = ""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FailingReceiver

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            # Its sender died on the way: nothing was told, and what is cut off bears no signature of its own.
            self.close_connection = True
            return
        mood = self.server.mood
        if mood != WELL:
            self.server.met += 1
        if mood in {"hanging", "closing"}:
            # One who hangs answers never, and not late: what was sent is sent again.
            time.sleep(HANG_SECONDS if mood == "hanging" else 0)
            self.close_connection = True
            self.connection.close()
            return
        self._say(HTTPStatus.INTERNAL_SERVER_ERROR if mood == "failing" else self._take(body))

    def _take(self, body: bytes) -> HTTPStatus:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            Webhook(self.server.secret).verify(body, headers)
        except WebhookVerificationError:
            # Ours by another clock is refused as it would be anywhere, and sent again.
            self.server.unsigned += not self._is_ours(body, headers)
            return HTTPStatus.BAD_REQUEST
        self.server.taken[headers["webhook-id"]] += 1
        return HTTPStatus.NO_CONTENT

    def _is_ours(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Say whether it is signed by us, whenever that was."""
        try:
            at = datetime.fromtimestamp(float(headers["webhook-timestamp"]), UTC)
            signed = Webhook(self.server.secret).sign(headers["webhook-id"], at, body.decode())
        except (KeyError, ValueError, OverflowError, OSError):
            return False
        return signed in headers.get("webhook-signature", "").split()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _say(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

"""A request whose transaction met another's and lost is done again, before anybody is answered.

The database ends one of several transactions that wait for each other in a ring. All of it is taken back, so
the same request, done again, does its work once. docs/decisions/0185.
"""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TRIES_MAX: Final = 4
# Files are sent to doors that only add rows, which lose to nobody: they are not kept for a second time.
REMEMBERED_BYTES_MAX: Final = 600_000
# Deadlock, and a transaction that can't be put in any order with others.
COLLIDED: Final = frozenset({"40P01", "40001"})
_FLAG: Final = "collided"
# What routing notes on a scope: the route, and the path below which its application is mounted.
ROUTED: Final = ("route", "root_path")
_log = structlog.get_logger()


def has_collided(error: BaseException) -> bool:
    """Say whether a fault of the database is that transactions waited for each other."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in COLLIDED


def note_collision(scope: Scope, error: BaseException) -> None:
    """Note on a request that its transaction was taken back for others', so that it is done again."""
    if has_collided(error) and (noted := scope.get(_FLAG)):
        noted[0] = True


class Again:
    """Do a request again whose answer would be that its transaction collided."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, at most four times; what the last one says is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(receive)
        for left in reversed(range(TRIES_MAX)):
            collided = [False]
            answer = _Answer(send, collided, body, is_last=not left)
            tried = {**scope, _FLAG: collided}
            try:
                await self.app(tried, body.begin(), answer)
            finally:
                # Who logs the request outside of this asks its own scope which route it took.
                scope.update({name: tried[name] for name in ROUTED if name in tried})
            if not answer.dropped:
                return
            _log.warning("transaction_collided", left=left)


class _Answer:
    """Sends an answer on, unless it is the one of a collision after which the request is done again."""

    def __init__(self, send: Send, collided: list[bool], body: _Body, *, is_last: bool) -> None:
        self._send, self._collided, self._body, self._is_last = send, collided, body, is_last
        self.dropped = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._collided[0]:
            self.dropped = self._body.is_whole and not self._is_last
        if not self.dropped:
            await self._send(message)


class _Body:
    """A request's body as it arrives, remembered for another time where it is short."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._parts: list[Message] = []
        self._size = 0

    @property
    def is_whole(self) -> bool:
        """Whether all that has arrived is remembered."""
        return self._size <= REMEMBERED_BYTES_MAX

    def begin(self) -> Receive:
        """Return what reads the body from its beginning."""
        place = 0

        async def read() -> Message:
            nonlocal place
            if place < len(self._parts):
                place += 1
                return self._parts[place - 1]
            message = await self._receive()
            if message["type"] == "http.request":
                self._size += len(message.get("body", b""))
                if self.is_whole:
                    self._parts.append(message)
                    place += 1
            return message

        return read

"""What every request passes: a size limit, an id, and one log line that names no one."""

from __future__ import annotations

import re
import time

import structlog
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from api.errors import problem, unexpected
from infra.settings import settings

FORM_OVERHEAD_BYTES = 100_000
REQUEST_ID = re.compile(r"^[A-Za-z0-9_.-]{8,64}$")
_log = structlog.get_logger()


def request_bytes_max() -> int:
    """Return the largest body taken: all pages of one receipt and the form around them."""
    return settings().upload_bytes_max * settings().upload_pages_max + FORM_OVERHEAD_BYTES


class BodyLimit:
    """Refuse a body that is too large, before it is read where its length is told."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what arrives."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        told = request.headers.get("content-length", "0")
        megabytes = {"megabytes_max": request_bytes_max() // 1_000_000}
        if told.isdigit() and int(told) > request_bytes_max():
            await problem(request, 413, "request_too_large", megabytes)(scope, receive, send)
            return
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > request_bytes_max():
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


class RequestLog:
    """Give each request an id, bind it to the log, and say how it ended; answer what nothing else did."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log its method, route, status and seconds."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Request(scope).headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.match(given) else str(uuid7())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception:  # noqa: BLE001 - the last net: what falls through here would be nobody's answer
            _log.exception("unexpected_error")
            if not status:
                await unexpected(Request(scope))(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            seconds = round(time.perf_counter() - started, 4)
            _log.info("request", method=scope["method"], route=route, status=status, seconds=seconds)

"""What every request passes: a size limit, an id, and one log line that names no one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

import structlog
from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from api import tus
from api.auth import SIGN_IN_PREFIX
from api.errors import problem, unexpected
from domain.receipts.resumable import OPEN_BYTES_MAX
from infra import tracing
from infra.metrics import count_request
from infra.settings import settings

FORM_OVERHEAD_BYTES = 100_000
# What a body may have where no file is sent: a case's form with all its lines is the longest.
REQUEST_BYTES_MAX = 500_000
# What strangers may send: the longest is a new passkey with its certificates.
SIGN_IN_BYTES_MAX = 40_000
BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NO_SNIFFING = (b"x-content-type-options", b"nosniff")
# What web apps elsewhere may call and send, and what they may read of an answer's head.
SHARED_PATHS = ("/v1/", "/openapi.json")
INSIDE_PATHS = ("/metrics", "/docs", "/openapi.json")
HEALTH_PATHS = ("/healthz", "/readyz")
SENT_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "Last-Event-ID",
    "X-App-Version",
    "X-Attestation",
    "X-Device-Id",
    "X-Request-Id",
    *tus.SENT_HEADERS,
)
TOLD_HEADERS = ("Content-Language", "Location", "Retry-After", "X-Request-Id", *tus.TOLD_HEADERS)
PREFLIGHT_SECONDS = 3600
REQUEST_ID = re.compile(r"^[A-Za-z0-9_.-]{8,64}$")
_log = structlog.get_logger()


def request_bytes_max(path: str) -> int:
    """Return the largest body taken at a path: large only where pictures or files are sent."""
    given = settings()
    files = {
        "/v1/receipts": given.upload_bytes_max * given.upload_pages_max,
        "/v1/receipts/check": given.upload_bytes_max,
    }
    if path.startswith(SIGN_IN_PREFIX):
        return SIGN_IN_BYTES_MAX
    if path.startswith(f"{tus.PREFIX}/"):
        # How much of an upload is left is known where its row is read.
        return OPEN_BYTES_MAX
    path = path.rstrip("/")
    size = given.import_bytes_max if path.endswith("/import") else files.get(path)
    if path.endswith("/picture"):
        size = given.upload_bytes_max
    return REQUEST_BYTES_MAX if size is None else size + FORM_OVERHEAD_BYTES


class AskFirst:
    """Ask who is calling before anything of a body is read: what strangers send is nowhere kept.

    Each door says for its part of the paths what to answer a stranger; None lets the request on.
    """

    def __init__(self, app: ASGIApp, doors: Mapping[str, Callable[[Request], Response | None]]) -> None:
        self.app = app
        self.doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a stranger at once, or pass the request on."""
        if scope["type"] == "http" and scope["method"] in BODY_METHODS:
            for prefix, refusal in self.doors.items():
                answer = refusal(Request(scope)) if scope["path"].startswith(prefix) else None
                if answer is not None:
                    await answer(scope, receive, send)
                    return
        await self.app(scope, receive, send)


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
        most = request_bytes_max(scope["path"])
        scope["limits"] = size_words(most)
        if told.isdigit() and int(told) > most:
            await problem(request, 413, "request_too_large", size_words(most))(scope, receive, send)
            return
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > most:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


def size_words(most: int) -> dict[str, str]:
    """Return a body's limit as words have it: in MB, with a fraction where it is small."""
    return {"megabytes_max": f"{most / 1_000_000:g}"}


class OtherOrigins:
    """Let web apps of the origins that the settings name call the API; the console is nobody else's.

    No cookie goes with such a call: who calls is told by a token in a header.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        origins = [origin.strip() for origin in settings().cors_origins.split(",") if origin.strip()]
        self.shared: ASGIApp = (
            CORSMiddleware(
                app,
                allow_origins=origins,
                allow_methods=sorted(BODY_METHODS | {"GET", "HEAD"}),
                allow_headers=SENT_HEADERS,
                expose_headers=TOLD_HEADERS,
                max_age=PREFLIGHT_SECONDS,
            )
            if origins
            else app
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer a browser that asks whether it may send one."""
        shared = scope["type"] == "http" and scope["path"].startswith(SHARED_PATHS)
        await (self.shared if shared else self.app)(scope, receive, send)


class Inside:
    """Keep what is for those inside to a port of its own, where one is set, and that port to it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer as if there were no such address."""
        port = settings().metrics_port
        if scope["type"] == "http" and port and not scope["path"].startswith(HEALTH_PATHS):
            is_inside = scope["server"][1] == port
            if is_inside != scope["path"].startswith(INSIDE_PATHS):
                await problem(Request(scope), 404, "not_found")(scope, receive, send)
                return
        await self.app(scope, receive, send)


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
        started, began_ns = time.perf_counter(), time.time_ns()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
                if all(name != NO_SNIFFING[0] for name, _ in message["headers"]):
                    message["headers"].append(NO_SNIFFING)
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception:  # noqa: BLE001 - the last net: what falls through here would be nobody's answer
            _log.exception("unexpected_error")
            if not status:
                await unexpected(Request(scope))(scope, receive, noted)
        finally:
            below = getattr(scope.get("route"), "path", None)
            route = "unmatched" if below is None else scope.get("root_path", "") + below
            seconds = round(time.perf_counter() - started, 4)
            count_request(scope["method"], route, status, seconds)
            if receipt_id := scope["state"].get("receipt_id"):
                tracing.begin(receipt_id, f"{scope['method']} {route}", began_ns, status=status)
            _log.info("request", method=scope["method"], route=route, status=status, seconds=seconds)

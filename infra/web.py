"""What both web doors share: how they reach the database, and by which status they refuse."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from infra import addresses
from infra.db import export_session, read_only, unit_of_work
from infra.settings import settings

Told = TypeVar("Told")

STATUS_BY_KIND = {
    "refused": 422,
    "not_found": 404,
    "conflict": 409,
    "unauthenticated": 401,
    "withheld": 403,
    "limited": 429,
    "away": 503,
}
# The stable code of a refusal that is HTTP's own.
CODE_BY_STATUS = {
    401: "unauthenticated",
    404: "not_found",
    405: "method_not_allowed",
    413: "request_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "unexpected_error",
    503: "not_ready",
}


def at_once(asked: Callable[..., Told]) -> Callable[..., Awaitable[Told]]:
    """Return a dependency that FastAPI calls where it stands, for one that only looks at values.

    A plain function takes a thread's turn, which costs more than all that such a one does. Nothing that
    waits for anything may be called so: every request would wait.
    """

    @wraps(asked)
    async def called(*given: Any, **named: Any) -> Told:
        return asked(*given, **named)

    return called


# A request that keeps two connections can wait for ever on others that do the same: who looks something
# up before the work begins closes the session after it.
# Function scope commits before the response; the default commits after it was sent.
UnitOfWork = Annotated[Session, Depends(unit_of_work, scope="function")]
ReadOnly = Annotated[Session, Depends(read_only, scope="function")]
EXPORT_RETRY_SECONDS = 30
# Rows are fetched while they are sent, so this session ends after the response, not before it. It has
# a connection of its own kind, since whoever reads slowly keeps it.
ExportSession = Annotated[Session, Depends(export_session, scope="request")]


class ExportBrokenOffError(Exception):
    """An export took longer than one may."""


def within_time(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Send an export for as long as one may take: whoever reads slowly keeps its connection from others.

    Raises:
        ExportBrokenOffError: It has taken too long; the answer ends unfinished, which clients can tell.
    """
    end = time.monotonic() + settings().export_seconds_max
    for chunk in chunks:
        if time.monotonic() > end:
            raise ExportBrokenOffError
        yield chunk


def csv_response(chunks: Iterator[bytes], name: str) -> StreamingResponse:
    """Send a CSV file to be kept under a name, for as long as an export may take."""
    return StreamingResponse(
        within_time(chunks),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def caller_address(request: Request) -> addresses.Address | None:
    """Return who sent a request, past the proxies that are ours; it may be inside our own network."""
    peer = request.client.host if request.client else None
    return addresses.nearest_address(peer, request.headers.getlist("x-forwarded-for"))


def caller_key(request: Request) -> str:
    """Return under which name a caller's address is counted: one subscriber's, whichever phone."""
    address = caller_address(request)
    return addresses.subscriber(address) if address else "unknown"


def is_https(request: Request) -> bool:
    """Say whether the caller's own connection is encrypted, which a proxy of ours may have ended."""
    if settings().public_url:
        return settings().public_url.startswith("https://")
    peer = addresses.nearest_address(request.client.host if request.client else None, ())
    if peer is not None and addresses.is_trusted(peer):
        return request.headers.get("x-forwarded-proto", request.url.scheme).split(",")[-1].strip() == "https"
    return request.url.scheme == "https"

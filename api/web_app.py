"""The shoppers' web app, as it was built of `pwa/`: files that call the API as any other client does."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

PREFIX: Final = "/app"
BUILT: Final = Path(__file__).parent / "static" / "app"
PAGE: Final = "index.html"
# What has its digest in its name never changes; all else is asked for anew each time.
KEPT_FOREVER: Final = "public, max-age=31536000, immutable"
ASKED_ANEW: Final = "no-cache"
# What gains nothing by being pressed again.
PRESSED: Final = frozenset({"image/png"})
TYPES: Final = {".webmanifest": "application/manifest+json", ".js": "text/javascript"}
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    pressed: bytes | None
    headers: dict[str, str]


@cache
def _files() -> dict[str, _File]:
    """Return what was built by its path below the prefix; it is small, and nothing else is ever served."""
    return {
        path.relative_to(BUILT).as_posix(): _read(path) for path in sorted(BUILT.rglob("*")) if path.is_file()
    }


def _read(path: Path) -> _File:
    body = path.read_bytes()
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {
        **SECURITY_HEADERS,
        "Content-Type": kind,
        "Cache-Control": KEPT_FOREVER if path.parent.name == "assets" else ASKED_ANEW,
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
        "Vary": "Accept-Encoding",
    }
    return _File(body, None if kind in PRESSED else gzip.compress(body, mtime=0), headers)


def _answer(request: Request) -> Response:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", "")).lstrip("/")
    files = _files()
    # An address of a page is the page; which one is told by its script.
    found = files.get(path) or (None if "." in path else files[PAGE])
    if found is None:
        return Response(status_code=404, headers=SECURITY_HEADERS)
    if request.headers.get("if-none-match") == found.headers["ETag"]:
        return Response(status_code=304, headers=found.headers)
    if found.pressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.pressed, headers={**found.headers, "Content-Encoding": "gzip"})
    return Response(found.body, headers=found.headers)


async def web_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a file of the app, or with its page; only to be read."""
    request = Request(scope, receive)
    if request.method in {"GET", "HEAD"}:
        answer = _answer(request)
    else:
        answer = Response(status_code=405, headers={**SECURITY_HEADERS, "Allow": "GET, HEAD"})
    await answer(scope, receive, send)


def mount_web_app(app: FastAPI) -> None:
    """Serve the app below its prefix, and lead there whoever opens the address alone."""
    app.mount(PREFIX, web_app, name="web-app")
    for path in ("/", PREFIX):
        app.add_api_route(
            path, lambda: RedirectResponse(PREFIX + "/", 307), methods=["GET"], include_in_schema=False
        )

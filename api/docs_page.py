"""The page that shows the API's description: served by us, with a policy that lets no other script in."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

router = APIRouter()


@router.get("/docs", include_in_schema=False)
def show_docs() -> HTMLResponse:
    """Show what the API offers, with a form to try each call."""
    return HTMLResponse(_page(), headers=HEADERS)


@cache
def _page() -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>QuetBill API</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="{_asset("vendor/swagger-ui.css")}">
  <link rel="stylesheet" href="{_asset("docs.css")}">
  <script src="{_asset("vendor/swagger-ui-bundle.js")}" defer></script>
  <script src="{_asset("docs.js")}" defer></script>
</head>
<body data-description="/openapi.json">
  <main id="docs"></main>
  <noscript><p><a href="/openapi.json">/openapi.json</a> is the same without scripts.</p></noscript>
</body>
</html>
"""


def _asset(name: str) -> str:
    # The address changes with the content, so that browsers may keep it.
    return f"/docs/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def mount_docs(app: FastAPI) -> None:
    """Serve the page and what it loads."""
    app.mount("/docs/static", StaticFiles(directory=STATIC), name="docs-static")
    app.include_router(router)

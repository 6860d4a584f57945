"""The console: web pages for staff, an application of its own under /console."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.errors import add_error_pages
from console.pages import (
    account,
    adjustments,
    audit,
    brands,
    campaign_draft,
    campaigns,
    clusters,
    dry_runs,
    exports,
    insight,
    join,
    journey_draft,
    journeys,
    me,
    membership,
    names,
    pictures,
    privacy,
    review,
    rewards,
    rules,
    segments,
    staff,
    stories,
    webhooks,
    workbench,
)
from console.render import PREFIX, SECURITY_HEADERS

STATIC = Path(__file__).parent / "static"


class SafeHeaders:
    """Give every answer the headers that keep scripts ours, redirects and refusals too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add what its answer lacks."""

        async def safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    # Browsers keep what never changes: assets have their digest in their address.
                    if name != "Cache-Control" or not scope["path"].startswith(f"{PREFIX}/static/"):
                        headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, safe)


def create_console() -> FastAPI:
    """Build the console. Settings must be in place; nothing is connected yet."""
    console = FastAPI(title="QuetBill console", openapi_url=None, docs_url=None, redoc_url=None)
    add_error_pages(console)
    console.add_middleware(SafeHeaders)
    for pages in (
        account,
        join,
        me,
        workbench,
        review,
        clusters,
        rules,
        names,
        webhooks,
        staff,
        pictures,
        audit,
        brands,
        exports,
        segments,
        insight,
        adjustments,
        privacy,
        campaigns,
        campaign_draft,
        dry_runs,
        journeys,
        journey_draft,
        rewards,
        membership,
        stories,
    ):
        console.include_router(pages.router)
    console.mount("/static", StaticFiles(directory=STATIC), name="static")
    return console


def mount_console(app: FastAPI) -> None:
    """Serve the console under the application's own address, with its dependencies."""
    console = create_console()
    console.dependency_overrides = app.dependency_overrides
    app.mount(PREFIX, console)
    app.add_api_route(
        PREFIX, lambda: RedirectResponse(PREFIX + "/", 307), methods=["GET"], include_in_schema=False
    )

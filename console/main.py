"""The console: web pages for staff, an application of its own under /console."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from console.errors import add_error_pages
from console.pages import account, audit, brands, clusters, pictures, review, rules, workbench
from console.render import PREFIX

STATIC = Path(__file__).parent / "static"


def create_console() -> FastAPI:
    """Build the console. Settings must be in place; nothing is connected yet."""
    console = FastAPI(title="QuetBill console", openapi_url=None, docs_url=None, redoc_url=None)
    add_error_pages(console)
    for pages in (account, workbench, review, clusters, rules, pictures, audit, brands):
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

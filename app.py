"""The application: every web door, its errors and its limits."""

from __future__ import annotations

from fastapi import FastAPI

from api.errors import add_error_handlers
from api.middleware import BodyLimit, RequestLog
from api.routes import appeals, brands, catalog, health, me, receipts, review
from console.main import mount_console
from infra.logging import set_up_logging


def create_app() -> FastAPI:
    """Build the application. Settings must be in place; nothing is connected yet."""
    set_up_logging()
    app = FastAPI(
        title="QuetBill",
        version="1",
        summary="Photograph a receipt, earn points by brand.",
        description=(
            "Errors are `application/problem+json` with a stable `code`; words are Vietnamese or English "
            "by `Accept-Language`. What is not yours is 404."
        ),
    )
    add_error_handlers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestLog)
    for routes in (receipts, appeals, me, review, brands, catalog, health):
        app.include_router(routes.router)
    mount_console(app)
    return app

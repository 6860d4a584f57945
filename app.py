"""The application: every web door, its errors and its limits."""

from __future__ import annotations

from fastapi import FastAPI

from api import auth
from api.errors import add_error_handlers
from api.middleware import AskFirst, BodyLimit, RequestLog
from api.routes import (
    appeals,
    brand_rewards,
    brands,
    campaigns,
    catalog,
    devices,
    health,
    inbox,
    me,
    membership,
    names,
    partner_access,
    partners,
    passkeys,
    purchases,
    receipts,
    review,
    rewards,
    tokens,
)
from console import sign_in
from console.main import mount_console
from console.render import PREFIX
from infra.logging import set_up_logging
from infra.metrics import watch
from infra.storage import have_folder


def create_app() -> FastAPI:
    """Build the application. Settings must be in place; nothing is connected yet."""
    set_up_logging()
    have_folder()
    app = FastAPI(
        title="QuetBill",
        version="1",
        summary="Photograph a receipt, earn points by brand.",
        description=(
            "Errors are `application/problem+json` with a stable `code`; words are Vietnamese or English "
            "by `Accept-Language`. What is not yours is 404."
        ),
        # Their pages load scripts from a network of others, on the console's own address.
        docs_url=None,
        redoc_url=None,
    )
    add_error_handlers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(
        AskFirst, doors={"/v1/": auth.refusal_before_body, PREFIX: sign_in.refusal_before_body}
    )
    app.add_middleware(RequestLog)
    watch("sign-in", tokens.code_figures)
    for routes in (
        tokens,
        passkeys,
        devices,
        receipts,
        appeals,
        me,
        inbox,
        membership,
        rewards,
        partners,
        purchases,
        review,
        brands,
        brand_rewards,
        campaigns,
        catalog,
        names,
        partner_access,
        health,
    ):
        app.include_router(routes.router)
    mount_console(app)
    return app

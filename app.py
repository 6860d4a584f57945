"""The application: every web door, its errors and its limits."""

from __future__ import annotations

from fastapi import FastAPI

from api import auth
from api.contract import GUIDE, Api, operation_id
from api.docs_page import mount_docs
from api.errors import add_error_handlers
from api.middleware import AskFirst, BodyLimit, Inside, OtherOrigins, RequestLog
from api.routes import (
    adjustments,
    appeals,
    brand_rewards,
    brand_stories,
    brands,
    campaigns,
    catalog,
    devices,
    groups,
    health,
    inbox,
    insight,
    journeys,
    me,
    membership,
    names,
    offers,
    partner_access,
    partners,
    passkeys,
    privacy,
    purchases,
    push,
    receipts,
    review,
    rewards,
    segments,
    stories,
    stream,
    surveys,
    tokens,
    uploads,
    webhooks,
)
from api.streams import Streams
from api.tus import TusHeaders
from api.web_app import mount_web_app
from console import sign_in
from console.main import mount_console
from console.render import PREFIX
from domain.privacy.texts import current_text
from infra.again import Again
from infra.logging import set_up_logging
from infra.metrics import watch
from infra.storage import have_folder


def create_app() -> FastAPI:
    """Build the application. Settings must be in place; nothing is connected yet."""
    set_up_logging()
    have_folder()
    # Texts that can't be taken are found now, not by the first who is asked.
    current_text("programme", None)
    app = Api(
        title="QuetBill",
        version="1",
        summary="Photograph a receipt, earn points by brand.",
        description=GUIDE,
        generate_unique_id_function=operation_id,
        # FastAPI's own pages load scripts from a network of others, on the console's own address.
        docs_url=None,
        redoc_url=None,
    )
    app.state.streams = Streams()
    add_error_handlers(app)
    app.add_middleware(Again)
    app.add_middleware(BodyLimit)
    app.add_middleware(
        AskFirst, doors={"/v1/": auth.refusal_before_body, PREFIX: sign_in.refusal_before_body}
    )
    app.add_middleware(Inside)
    app.add_middleware(RequestLog)
    watch("sign-in", tokens.code_figures)
    app.add_middleware(TusHeaders)
    app.add_middleware(OtherOrigins)
    for routes in (
        adjustments,
        tokens,
        passkeys,
        devices,
        receipts,
        uploads,
        appeals,
        me,
        privacy,
        inbox,
        push,
        stream,
        segments,
        surveys,
        offers,
        stories,
        membership,
        rewards,
        partners,
        purchases,
        review,
        brands,
        groups,
        insight,
        brand_rewards,
        brand_stories,
        campaigns,
        journeys,
        catalog,
        names,
        partner_access,
        webhooks,
        health,
    ):
        app.include_router(routes.router)
    mount_docs(app)
    mount_console(app)
    mount_web_app(app)
    return app

"""One application for all who only ask it: finding its routes takes longer than most of what is asked."""

from __future__ import annotations

from functools import cache

from fastapi import FastAPI

from api.streams import Streams
from app import create_app


@cache
def application() -> FastAPI:
    """The application of this process. Who changes its routes makes one of their own."""
    return create_app()


def just_started() -> FastAPI:
    """The application with the settings of now, and nobody watching."""
    app = application()
    app.middleware_stack, app.state.streams = None, Streams()
    return app

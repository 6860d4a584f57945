"""For operators: is it alive, is it ready, how is it doing."""

from __future__ import annotations

import shutil

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from api.errors import problem
from domain.errors import NotFoundError
from infra import queue
from infra.db import engine
from infra.metrics import registry
from infra.settings import settings

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Answer as long as the process serves, however busy its threads are."""
    return {"status": "alive"}


@router.get("/readyz", response_model=None)
def readyz(request: Request) -> JSONResponse:
    """Answer 200 when the database, Redis and the disk are there, else 503 and what is not."""
    checks = {"database": _database_answers(), "redis": _redis_answers(), "disk": _disk_has_room()}
    if all(checks.values()):
        return JSONResponse({"status": "ready", "checks": checks})
    return problem(request, 503, "not_ready", checks=checks)


@router.get("/metrics", response_class=Response)
def metrics() -> Response:
    """Return Prometheus figures: queue depth, receipts by status, seconds by stage.

    With a port of their own they are not here.
    """
    if settings().metrics_port:
        raise NotFoundError
    return Response(generate_latest(registry()), media_type=CONTENT_TYPE_LATEST)


def _database_answers() -> bool:
    try:
        with Session(engine()) as session:
            session.execute(text("SELECT 1 FROM receipt LIMIT 1"))
    except OperationalError:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(queue.redis().ping())
    except RedisError:
        return False


def _disk_has_room() -> bool:
    folder = settings().data_dir if settings().data_dir.exists() else "."
    return shutil.disk_usage(folder).free >= settings().disk_free_bytes_min

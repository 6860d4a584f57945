"""For operators: is it alive, is it ready, how is it doing."""

from __future__ import annotations

import shutil
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from api.contract import refusals
from api.errors import problem
from domain.errors import NotFoundError
from infra import queue, storage
from infra.db import engine
from infra.metrics import registry
from infra.settings import settings
from migrations.schema import carries_us

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Answer as long as the process serves, however busy its threads are."""
    return {"status": "alive"}


@router.get("/readyz", response_model=None, responses=refusals(not_ready=503))
def readyz(request: Request) -> JSONResponse:
    """Answer 200 when all that a request may need is there, else 503 and which of it is not.

    `schema` says that the database is the one this version was written for or a later one, `store` that
    a photograph would be kept now.
    """
    database, schema = _database_answers()
    checks = {
        "database": database,
        "schema": schema,
        "redis": _redis_answers(),
        "store": storage.takes_photos(),
        "disk": _disk_has_room(),
    }
    if all(checks.values()):
        return JSONResponse({"status": "ready", "checks": checks})
    return problem(request, 503, "not_ready", checks=checks)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **refusals(NotFoundError)},
)
def metrics() -> Response:
    """Return Prometheus figures: queue depth, receipts by status, seconds by stage.

    Where a port for inside is set they are there alone.
    """
    return Response(generate_latest(registry()), media_type=CONTENT_TYPE_LATEST)


def _database_answers() -> tuple[bool, bool]:
    """Say whether the database answers, and whether its schema is ours."""
    try:
        with engine().connect() as connection:
            return True, carries_us(connection)
    except SQLAlchemyError:
        return False, False


def _redis_answers() -> bool:
    try:
        return bool(queue.redis().ping())
    except RedisError:
        return False


def _disk_has_room() -> bool:
    data_dir, photos = settings().data_dir, storage.local_folder()
    folders = [data_dir if data_dir.exists() else Path(), *([photos] if photos and photos.exists() else [])]
    return all(shutil.disk_usage(folder).free >= settings().disk_free_bytes_min for folder in folders)

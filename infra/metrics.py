"""Figures for Prometheus. Stages run in short-lived children, so they are counted in Redis."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import cache
from time import perf_counter
from typing import cast

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from infra import queue
from infra.db import engine

STAGES_KEY = "quetbill:stages"
_log = structlog.get_logger()


@contextmanager
def stage(name: str) -> Generator[None]:
    """Count the seconds of one stage of a receipt. A Redis fault loses the figure, nothing else."""
    started = perf_counter()
    yield
    seconds = perf_counter() - started
    _log.info("stage", stage=name, seconds=round(seconds, 4))
    try:
        pipeline = queue.redis().pipeline()
        pipeline.hincrbyfloat(STAGES_KEY, f"{name}:sum", seconds)
        pipeline.hincrby(STAGES_KEY, f"{name}:count", 1)
        pipeline.execute()
    except RedisError as error:
        _log.warning("stage_not_counted", stage=name, error=type(error).__name__)


class _Collector:
    """Looks when it is asked, so figures are never older than the scrape."""

    def collect(self) -> Iterable[Metric]:
        """Yield the figures; a service that is away leaves its own out."""
        try:
            yield from self._queue_figures()
        except RedisError as error:
            _log.warning("metrics_without_redis", error=type(error).__name__)
        try:
            yield from self._receipt_figures()
        except SQLAlchemyError as error:
            _log.warning("metrics_without_database", error=type(error).__name__)

    def _queue_figures(self) -> Iterable[Metric]:
        depth = GaugeMetricFamily("quetbill_queue_depth", "Jobs waiting to be read.", labels=["queue"])
        depth.add_metric([queue.READ_QUEUE], queue.bells_waiting())
        yield depth
        seconds = SummaryMetricFamily(
            "quetbill_stage_seconds", "Seconds by stage of a receipt.", labels=["stage"]
        )
        counted = cast("dict[bytes, bytes]", queue.redis().hgetall(STAGES_KEY))
        figures = {key.decode(): float(value) for key, value in counted.items()}
        for name in sorted({key.split(":")[0] for key in figures}):
            seconds.add_metric([name], int(figures.get(f"{name}:count", 0)), figures.get(f"{name}:sum", 0.0))
        yield seconds

    def _receipt_figures(self) -> Iterable[Metric]:
        receipts = GaugeMetricFamily("quetbill_receipts", "Receipts by status.", labels=["status"])
        with Session(engine()) as session:
            rows = session.execute(text("SELECT status, count(*) FROM receipt GROUP BY status"))
            for status, count in rows:
                receipts.add_metric([status], count)
        yield receipts


@cache
def registry() -> CollectorRegistry:
    """Return the registry that /metrics shows."""
    made = CollectorRegistry()
    made.register(_Collector())
    return made

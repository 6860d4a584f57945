"""Figures for Prometheus. Stages run in short-lived children, so they are counted in Redis."""

from __future__ import annotations

import platform
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import cache, partial
from importlib import metadata
from time import perf_counter
from typing import cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from infra import queue, tracing
from infra.db import after_commit, engine
from infra.settings import settings

STAGES_KEY = "quetbill:stages"
SETTLED_KEY = "quetbill:settled"
READINGS_KEY = "quetbill:readings"
VOUCHERS_KEY = "quetbill:vouchers"
LAYOUTS_KEY = "quetbill:layouts"
# Each part has an index that holds those who wait and nobody else: millions that ended cost nothing.
_WAITING = text("""
    SELECT status, count(*), extract(epoch FROM now() - min(received_at)) FROM receipt
    WHERE status IN ('received', 'reading') GROUP BY status
    UNION ALL
    SELECT status, count(*), extract(epoch FROM now() - min(waiting_since)) FROM receipt
    WHERE status = 'in_review' GROUP BY status
""")
# Age of the oldest event that no reader may read yet because a transaction that began before it is open;
# how long the first of such transactions has been open; the oldest event that each reader has before it.
_EVENTS_HELD = text("""
    SELECT coalesce(extract(epoch FROM now() - min(occurred_at)), 0) FROM event
    WHERE xid >= (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
""")
_OPEN_WRITER = text("""
    SELECT coalesce(extract(epoch FROM now() - min(xact_start)), 0) FROM pg_stat_activity
    WHERE backend_xid IS NOT NULL AND datname = current_database()
""")
_EVENTS_UNREAD = text("""
    SELECT reader.name, coalesce(extract(epoch FROM now() - (
        SELECT occurred_at FROM event WHERE (event.xid, event.version) > (reader.xid, reader.version)
        ORDER BY event.xid, event.version LIMIT 1
    )), 0)
    FROM event_reader AS reader ORDER BY reader.name
""")
_WEBHOOKS = text("""
    SELECT state, count(*), coalesce(extract(epoch FROM now() - min(queued_at)), 0)
    FROM webhook_delivery WHERE state IN ('due', 'dead') GROUP BY state
""")
_WEBHOOKS_OFF = text(
    "SELECT count(*) FROM webhook_endpoint WHERE state = 'disabled' AND disabled_why <> 'staff'"
)
_log = structlog.get_logger()

# Requests are a process's own figures: each is scraped by itself.
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_REQUESTS = Counter(
    "quetbill_http_requests", "Requests answered.", ["method", "route", "status"], registry=None
)
_REQUEST_SECONDS = Histogram(
    "quetbill_http_request_seconds",
    "Seconds from a request's headers to the end of its answer.",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10),
    registry=None,
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request by its route as it is written, never by its address: what callers type is no label."""
    _REQUESTS.labels(method if method in _METHODS else "other", route, str(status)).inc()
    # An event stream is meant to last.
    if not route.endswith("/events"):
        _REQUEST_SECONDS.labels(route).observe(seconds)


@contextmanager
def stage(name: str) -> Generator[None]:
    """Count the seconds of one stage of a receipt. A Redis fault loses the figure, nothing else."""
    started = perf_counter()
    with tracing.part(name):
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


def count_settled(status: str, engine: str | None = None, layout: str | None = None) -> None:
    """Count one receipt by how it ended and, where it was read, by what read its words and its layout.

    A Redis fault loses the figure.
    """
    try:
        pipeline = queue.redis().pipeline()
        pipeline.hincrby(SETTLED_KEY, status, 1)
        if engine is not None:
            pipeline.hincrby(READINGS_KEY, engine, 1)
        if layout is not None:
            pipeline.hincrby(LAYOUTS_KEY, layout, 1)
        pipeline.execute()
    except RedisError as error:
        _log.warning("settled_not_counted", status=status, error=type(error).__name__)


def count_voucher(partner: str, outcome: str) -> None:
    """Count one question of a partner's till about a voucher. A Redis fault loses the figure."""
    try:
        queue.redis().hincrby(VOUCHERS_KEY, f"{partner}:{outcome}", 1)
    except RedisError as error:
        _log.warning("voucher_not_counted", outcome=outcome, error=type(error).__name__)


def count_settled_after_commit(session: Session, status: str) -> None:
    """Count a receipt that ended without being read now, by a person or given up, once that is kept."""
    after_commit(session, partial(count_settled, status))


# Figures of areas that this package knows nothing of, by name; who composes the doors puts them in.
_sources: dict[str, Callable[[], Iterable[Metric]]] = {}


def watch(name: str, source: Callable[[], Iterable[Metric]]) -> None:
    """Show what a source tells whenever figures are asked for; one of that name is replaced."""
    _sources[name] = source


class _Collector:
    """Looks when it is asked, so figures are never older than the scrape."""

    def collect(self) -> Iterable[Metric]:
        """Yield the figures; a service that is away leaves its own out."""
        yield _build()
        try:
            yield from self._queue_figures()
        except RedisError as error:
            _log.warning("metrics_without_redis", error=type(error).__name__)
        try:
            yield from self._receipt_figures()
            yield from self._event_figures()
            for source in _sources.values():
                yield from source()
        except SQLAlchemyError as error:
            _log.warning("metrics_without_database", error=type(error).__name__)

    def _queue_figures(self) -> Iterable[Metric]:
        depth = GaugeMetricFamily("quetbill_queue_depth", "Jobs waiting to be read.", labels=["queue"])
        depth.add_metric([queue.READ_QUEUE], queue.bells_waiting())
        yield depth
        yield GaugeMetricFamily("quetbill_workers", "Workers that live.", value=queue.workers_alive())
        seconds = SummaryMetricFamily(
            "quetbill_stage_seconds", "Seconds by stage of a receipt.", labels=["stage"]
        )
        counted = cast("dict[bytes, bytes]", queue.redis().hgetall(STAGES_KEY))
        figures = {key.decode(): float(value) for key, value in counted.items()}
        for name in sorted({key.split(":")[0] for key in figures}):
            seconds.add_metric([name], int(figures.get(f"{name}:count", 0)), figures.get(f"{name}:sum", 0.0))
        yield seconds
        yield _counter(
            SETTLED_KEY,
            "quetbill_receipts_settled",
            "Receipts that reading or a person ended, by how; one in review counts again once it is decided.",
            "status",
        )
        # Where the recogniser's model is missing, Tesseract reads instead: seen here first.
        yield _counter(READINGS_KEY, "quetbill_readings", "Receipts read, by the engine.", "engine")
        # And where the tagger's is, guesses by place and shape.
        yield _counter(LAYOUTS_KEY, "quetbill_layouts", "Receipts read, by what told their layout.", "layout")

        # Many refusals beside few uses mean that somebody is guessing codes.
        vouchers = CounterMetricFamily(
            "quetbill_voucher_questions", "Partners' questions about vouchers.", labels=["partner", "outcome"]
        )
        counted_vouchers = cast("dict[bytes, bytes]", queue.redis().hgetall(VOUCHERS_KEY))
        for key, value in sorted(counted_vouchers.items()):
            vouchers.add_metric(key.decode().split(":"), int(value))
        yield vouchers

    def _receipt_figures(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily("quetbill_receipts_waiting", "Receipts that wait.", labels=["status"])
        oldest = GaugeMetricFamily(
            "quetbill_oldest_waiting_seconds", "How long the first of them waits.", labels=["status"]
        )
        with Session(engine()) as session:
            for status, count, seconds in session.execute(_WAITING):
                waiting.add_metric([status], count)
                oldest.add_metric([status], float(seconds))
        yield waiting
        yield oldest

    def _event_figures(self) -> Iterable[Metric]:
        held = GaugeMetricFamily(
            "quetbill_events_held_seconds", "How long the oldest event is held up by an open transaction."
        )
        writer = GaugeMetricFamily(
            "quetbill_oldest_writer_seconds", "How long the first of the transactions that write is open."
        )
        unread = GaugeMetricFamily(
            "quetbill_events_unread_seconds",
            "Age of the oldest event a reader has before it.",
            labels=["reader"],
        )
        with Session(engine()) as session:
            held.add_metric([], float(session.execute(_EVENTS_HELD).scalar_one()))
            writer.add_metric([], float(session.execute(_OPEN_WRITER).scalar_one()))
            for name, seconds in session.execute(_EVENTS_UNREAD):
                unread.add_metric([name], max(0.0, float(seconds)))
            yield from (held, writer, unread)
            yield from self._webhook_figures(session)

    def _webhook_figures(self, session: Session) -> Iterable[Metric]:
        count = GaugeMetricFamily("quetbill_webhook_deliveries", "Deliveries by state.", labels=["state"])
        oldest = GaugeMetricFamily("quetbill_webhook_oldest_due_seconds", "Age of the oldest that is due.")
        off = GaugeMetricFamily("quetbill_webhooks_off", "Endpoints that were switched off by their answers.")
        for state, deliveries, seconds in session.execute(_WEBHOOKS):
            count.add_metric([state], deliveries)
            if state == "due":
                oldest.add_metric([], float(seconds))
        off.add_metric([], session.execute(_WEBHOOKS_OFF).scalar_one())
        yield from (count, oldest, off)


def _counter(key: str, name: str, what: str, label: str) -> Metric:
    counter = CounterMetricFamily(name, what, labels=[label])
    counted = cast("dict[bytes, bytes]", queue.redis().hgetall(key))
    for value, count in sorted(counted.items()):
        counter.add_metric([value.decode()], int(count))
    return counter


@cache
def _build() -> Metric:
    """Return what runs here: figures that changed are held against it."""
    said = {
        "version": metadata.version("quetbill"),
        "build": settings().build,
        "python": platform.python_version(),
    }
    return InfoMetricFamily("quetbill_build", "What runs here.", value=said)


@cache
def registry() -> CollectorRegistry:
    """Return the registry that /metrics shows."""
    made = CollectorRegistry()
    made.register(_Collector())
    made.register(_REQUESTS)
    made.register(_REQUEST_SECONDS)
    return made

"""Traces of receipts, by OpenTelemetry: from the upload through the worker to the points. Off without a URL.

A receipt's id is its trace's, and names the span of its upload: nothing is handed on through the queue, and
whoever works on a receipt, now or after days, adds to the one trace. Spans carry ids and codes alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog

from infra.settings import settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

EXPORT_SECONDS: Final = 2
_SPAN_ID: Final = (1 << 64) - 1
_begun: ContextVar[UUID | None] = ContextVar("begun", default=None)
_providers: dict[int, TracerProvider] = {}
_log = structlog.get_logger()


def begin(receipt_id: UUID, name: str, began_ns: int, **attributes: str | int) -> None:
    """Add the span by which a receipt's trace begins, from a time in nanoseconds since 1970 until now."""
    if (provider := _provider(receipt_id)) is None:
        return
    token = _begun.set(receipt_id)
    try:
        provider.get_tracer("quetbill").start_span(
            name, context=_nothing(), start_time=began_ns, attributes=attributes
        ).end()
    finally:
        _begun.reset(token)


@contextmanager
def step(receipt_id: UUID, name: str, **attributes: str | int) -> Generator[None]:
    """Have what is done meanwhile be a span of the receipt's trace, below the one that is open, if any is."""
    if (provider := _provider(receipt_id)) is None:
        yield
        return
    tracer = provider.get_tracer("quetbill")
    with tracer.start_as_current_span(name, context=_context(receipt_id), attributes=attributes):
        yield


@contextmanager
def part(name: str) -> Generator[None]:
    """Have what is done meanwhile be a span below the one that is open; none without one."""
    provider = _provider()
    if provider is None or not _is_open():
        yield
        return
    with provider.get_tracer("quetbill").start_as_current_span(name):
        yield


def flush() -> None:
    """Send what has ended and waits: this process is about to end."""
    if (provider := _providers.get(os.getpid())) is not None:
        provider.force_flush(1000 * EXPORT_SECONDS)


def _provider(receipt_id: UUID | None = None) -> TracerProvider | None:
    given = settings()
    if not given.traces_url or not _is_installed():
        return None
    # By the receipt's id, so that every process traces the same ones; its bits are not all drawn by lot.
    if receipt_id is not None and given.traces_share < 1:
        drawn = hashlib.blake2b(receipt_id.bytes, digest_size=8).digest()
        if int.from_bytes(drawn) >= given.traces_share * (1 << 64):
            return None
    # One a process: a forked child's spans are its own to send.
    if (made := _providers.get(os.getpid())) is None:
        made = _providers[os.getpid()] = _new_provider()
    return made


@cache
def _is_installed() -> bool:
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter  # noqa: F401, PLC0415 - an extra
    except ImportError:
        _log.error("tracing_not_installed", extra="quetbill[tracing]")
        return False
    return True


def _new_provider() -> TracerProvider:
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415

    class Ids(RandomIdGenerator):
        """Names the first span, and its trace, after the receipt."""

        def generate_trace_id(self) -> int:
            begun = _begun.get()
            return int(begun) if begun else int(super().generate_trace_id())

        def generate_span_id(self) -> int:
            begun = _begun.get()
            return int(begun) & _SPAN_ID if begun else int(super().generate_span_id())

    provider = TracerProvider(
        resource=Resource({"service.name": "quetbill", "service.version": metadata.version("quetbill")}),
        id_generator=Ids(),
    )
    provider.add_span_processor(BatchSpanProcessor(_exporter()))
    return provider


def _exporter() -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    return OTLPSpanExporter(settings().traces_url, timeout=EXPORT_SECONDS)


def _context(receipt_id: UUID) -> Any:
    from opentelemetry import trace  # noqa: PLC0415

    if trace.get_current_span().get_span_context().trace_id == int(receipt_id):
        return None
    upload = trace.SpanContext(
        int(receipt_id), int(receipt_id) & _SPAN_ID, is_remote=True, trace_flags=trace.TraceFlags(1)
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(upload), _nothing())


def _nothing() -> Any:
    from opentelemetry.context import Context  # noqa: PLC0415

    return Context()


def _is_open() -> bool:
    from opentelemetry import trace  # noqa: PLC0415

    return bool(trace.get_current_span().get_span_context().is_valid)

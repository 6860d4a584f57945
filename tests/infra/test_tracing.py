"""One receipt is one trace: its upload, its reading, and its points, whichever process did them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlmodel import Session

from infra import tracing
from infra.metrics import stage
from schemas.base import new_id
from tests import make
from tests.make import settled

PHONE = "0901234567"


@pytest.fixture
def spans(
    change_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Generator[Callable[[], list[ReadableSpan]]]:
    """What is sent to the collector, which is outside."""
    sent = InMemorySpanExporter()
    change_settings(traces_url="http://127.0.0.1:1/v1/traces")
    monkeypatch.setattr(tracing, "_exporter", lambda: sent)
    monkeypatch.setattr(tracing, "_is_installed", lambda: True)
    monkeypatch.setattr(tracing, "_providers", {})

    def ended() -> list[ReadableSpan]:
        tracing.flush()
        return list(sent.get_finished_spans())

    yield ended
    for provider in tracing._providers.values():
        provider.shutdown()


def named(spans: list[ReadableSpan]) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans}


def test_an_upload_its_reading_and_its_points_are_one_trace_without_a_word_of_the_shopper(
    client: TestClient, session: Session, empty_redis: None, spans: Callable[[], list[ReadableSpan]]
) -> None:
    make.make_campaign(session)
    shopper = make.make_shopper(session, PHONE)
    sent = client.post(
        "/v1/receipts", files={"image": ("a.jpg", make.make_photo())}, headers=make.bearer(shopper)
    )
    receipt_id = UUID(sent.json()["id"])
    # As the worker does, with nothing but the id.
    with tracing.step(receipt_id, "read_and_settle"), stage("settle"):
        receipt = settled.sent(session, shopper)
        with tracing.step(receipt_id, "credit"):
            pass
    found = [span for span in spans() if span.context and span.context.trace_id == int(receipt_id)]
    of = named(found)
    assert of.keys() == {"POST /v1/receipts", "read_and_settle", "settle", "credit"}
    upload = of["POST /v1/receipts"]
    assert upload.parent is None
    parents = {name: span.parent.span_id for name, span in of.items() if span.parent}
    ids = {name: span.context.span_id for name, span in of.items() if span.context}
    assert parents == {
        "read_and_settle": ids["POST /v1/receipts"],
        "settle": ids["read_and_settle"],
        "credit": ids["settle"],
    }
    assert dict(upload.attributes or {}) == {"status": 202}
    said = "".join(span.to_json() for span in spans())
    assert str(shopper.id) not in said
    assert PHONE[1:] not in said
    # The other receipt's points are of its own trace.
    assert named(spans())["credit"].context is not None
    assert int(receipt.id) in {span.context.trace_id for span in spans() if span.context}


def test_every_process_traces_the_same_share_of_receipts(
    change_settings: Callable[..., None], spans: Callable[[], list[ReadableSpan]]
) -> None:
    change_settings(traces_share=0.5)
    ids = [new_id() for _ in range(200)]
    for receipt_id in ids:
        tracing.begin(receipt_id, "upload", time.time_ns())
        with tracing.step(receipt_id, "read"):
            pass
    by_trace: dict[int, set[str]] = {}
    for span in spans():
        assert span.context
        by_trace.setdefault(span.context.trace_id, set()).add(span.name)
    assert set(map(frozenset, by_trace.values())) == {frozenset({"upload", "read"})}
    assert 50 < len(by_trace) < 150


def test_without_an_address_nothing_is_traced_and_without_the_extra_it_is_said(
    change_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_providers", {})
    with tracing.step(new_id(), "read"), tracing.part("fetch"):
        tracing.begin(new_id(), "upload", time.time_ns())
    assert tracing._providers == {}
    change_settings(traces_url="http://127.0.0.1:1/v1/traces")
    monkeypatch.setattr(tracing, "_is_installed", lambda: False)
    with tracing.step(new_id(), "read"):
        pass
    assert tracing._providers == {}

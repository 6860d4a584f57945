"""One receipt is one trace: its upload, its reading, and its points, whichever process did them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import samples
from domain.campaigns.seed import seed_campaign
from infra import tracing
from infra.db import transaction
from infra.processes import LOOPBACK
from schemas.base import new_id
from tests import make
from workers.receipts import read_and_settle

PHONE = "0901234567"


class Collector(ThreadingHTTPServer):
    """Takes traces by OTLP over HTTP, as collectors do, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Receiving)
        self.sent: list[ExportTraceServiceRequest] = []

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}/v1/traces"

    def spans(self) -> list[Span]:
        """What has ended until now."""
        tracing.flush()
        scopes = [scope for sent in self.sent for of in sent.resource_spans for scope in of.scope_spans]
        return [span for scope in scopes for span in scope.spans]


class _Receiving(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_traces = (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
        if is_traces:
            self.server.sent.append(ExportTraceServiceRequest.FromString(body))
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200 if is_traces else 400)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector(change_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Generator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        change_settings(traces_url=server.url)
        monkeypatch.setattr(tracing, "_providers", {})
        yield server
        for provider in tracing._providers.values():
            provider.shutdown()
        server.shutdown()


def test_one_receipt_arrives_as_one_trace_from_its_upload_to_its_points_without_a_word_of_the_shopper(
    real_client: TestClient, collector: Collector
) -> None:
    with transaction() as session:
        seed_campaign(session)
        shopper = make.make_shopper(session, PHONE)
    photo = (samples.photos_dir() / "04-bach-hoa-xanh.jpg").read_bytes()
    sent = real_client.post("/v1/receipts", files={"image": ("a.jpg", photo)}, headers=make.bearer(shopper))
    receipt_id = UUID(sent.json()["id"])
    read_and_settle(str(receipt_id))
    shown = real_client.get(f"/v1/receipts/{receipt_id}", headers=make.bearer(shopper)).json()
    assert (shown["status"], shown["points"] > 0) == ("approved", True)
    spans = collector.spans()
    assert {span.trace_id for span in spans} == {receipt_id.bytes}
    names = {span.span_id: span.name for span in spans}
    below = {span.name: names.get(span.parent_span_id) for span in spans}
    assert below == {
        "POST /v1/receipts": None,
        "read_and_settle": "POST /v1/receipts",
        "fetch": "read_and_settle",
        "read": "read_and_settle",
        "settle": "read_and_settle",
        "credit": "settle",
    }
    times = {span.name: (span.start_time_unix_nano, span.end_time_unix_nano) for span in spans}
    assert times["POST /v1/receipts"][1] <= times["read_and_settle"][0] < times["credit"][0]
    assert times["credit"][1] <= times["settle"][1] <= times["read_and_settle"][1]
    [upload] = [span for span in spans if span.name == "POST /v1/receipts"]
    assert {one.key: one.value.int_value for one in upload.attributes} == {"status": 202}
    [of] = {str(sent.resource_spans[0].resource) for sent in collector.sent}
    assert '"quetbill"' in of
    said = "".join(map(str, collector.sent))
    assert str(shopper.id) not in said
    assert PHONE[1:] not in said


def test_what_is_done_to_another_receipt_meanwhile_is_of_that_one_s_trace(collector: Collector) -> None:
    first, other = new_id(), new_id()
    with tracing.step(first, "decide"), tracing.step(other, "credit"):
        pass
    assert {span.name: span.trace_id for span in collector.spans()} == {
        "decide": first.bytes,
        "credit": other.bytes,
    }


def test_every_process_traces_the_same_share_of_receipts(
    change_settings: Callable[..., None], collector: Collector
) -> None:
    change_settings(traces_share=0.5)
    ids = [new_id() for _ in range(200)]
    for receipt_id in ids:
        tracing.begin(receipt_id, "upload", time.time_ns())
        with tracing.step(receipt_id, "read"):
            pass
    by_trace: dict[bytes, set[str]] = {}
    for span in collector.spans():
        by_trace.setdefault(span.trace_id, set()).add(span.name)
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

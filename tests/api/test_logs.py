"""Whatever is sent and whatever fails: the log has ids and places, never what somebody sent."""

from __future__ import annotations

import inspect
import io
import json
import logging
import sys
from collections.abc import Generator
from typing import Any, get_args

import pytest
import structlog
from fastapi import Request, Response
from fastapi.testclient import TestClient
from pydantic import BaseModel

from app import create_app
from console.sign_in import begin_session
from infra import db
from infra.logging import LINE_CHARACTERS_MAX, set_up_logging
from infra.settings import settings
from infra.tokens import issue_token
from schemas.base import new_id
from tests.make.access import EXPECTED
from tests.make.operations import Operation, operations

MARKER = "S3cretMarker"
# One application for all of them: making it takes longer than asking it.
APP = create_app()
OPERATIONS = {operation.name: operation for operation in operations(APP)}


class FailingSession:
    """A session whose every use fails, with what was sent in its message and in its variables."""

    info: dict[str, Any] = {}  # noqa: RUF012 - nothing is kept in it

    def close(self) -> None:
        """Nothing is open."""

    def __getattr__(self, name: str) -> Any:
        held = f"{MARKER}-held-by-{name}"
        raise RuntimeError(f"{held} {MARKER}" * 400)


@pytest.fixture
def log(services: None, monkeypatch: pytest.MonkeyPatch) -> Generator[io.StringIO]:
    """What is logged, by our own loggers and by libraries'."""
    written = io.StringIO()
    before = logging.getLogger().handlers
    monkeypatch.setenv("QUETBILL_LOG_LEVEL", "INFO")
    settings.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr("app.set_up_logging", lambda: None)
        set_up_logging(written)
        # The test's own client tells whole addresses.
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        for module in list(sys.modules.values()):
            if hasattr(module, "_log") and hasattr(module._log, "bind"):
                patched.setattr(module, "_log", structlog.get_logger())
        yield written
    monkeypatch.undo()
    settings.cache_clear()
    set_up_logging()
    logging.getLogger().handlers = before


def body_of(operation: Operation) -> dict[str, Any]:
    """A body with the marker in every field, as a form or as JSON."""
    fields = operation.parameters("body_params")
    if any(type(field.field_info).__name__ == "File" for field in fields):
        return {"files": {"image": (MARKER, MARKER.encode()), "file": (MARKER, MARKER.encode())}}
    if operation.is_console:
        names = {"csrf", "email", "password", "code", "note", "decision", "chosen", "name", "currency"}
        return {"data": dict.fromkeys(sorted(names), MARKER)}
    if fields:
        model = fields[0].field_info.annotation
        # One of several bodies is sent as the first of them.
        model = next(iter(get_args(model)), model)
        assert issubclass(model, BaseModel)
        return {"json": dict.fromkeys([*model.model_fields, MARKER], MARKER)}
    return {}


def send(client: TestClient, operation: Operation, role: str) -> Any:
    query = {field.alias: MARKER for field in operation.parameters("query_params")} | {"next": MARKER}
    headers = {
        "X-Device-Id": MARKER,
        "User-Agent": MARKER,
        "Idempotency-Key": MARKER,
        "X-Attestation": MARKER,
    }
    headers["Authorization"] = f"Bearer {issue_token(new_id(), role, [MARKER])}"
    asked = Response()
    begin_session(Request({"type": "http", "path": "/", "headers": []}), asked, new_id())
    headers["Cookie"] = f"quetbill_sign_in={MARKER}; " + asked.headers["set-cookie"].partition(";")[0]
    return client.request(
        operation.method,
        operation.at(),
        params=query if operation.method == "GET" else None,
        headers=headers,
        follow_redirects=False,
        **body_of(operation),
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_that_was_sent_is_in_the_log_when_an_operation_fails(name: str, log: io.StringIO) -> None:
    operation, failing = OPERATIONS[name], FailingSession()
    for opened in (db.unit_of_work, db.read_only, db.export_session):
        APP.dependency_overrides[opened] = lambda: failing
    client = TestClient(APP, raise_server_exceptions=False)
    # A reviewer comes in as an admin does.
    answers = [send(client, operation, role) for role in ("shopper", "brand_manager", "admin")]
    # What stands before the operation fails first; without it, the operation itself does.
    whole = list(operation.dependant.dependencies), operation.dependant.call
    make_fail(operation)
    answers.append(send(client, operation, "admin"))
    operation.dependant.dependencies[:], operation.dependant.call = whole
    assert MARKER not in log.getvalue()
    assert '"event": "request"' in log.getvalue()
    assert all(len(line) <= LINE_CHARACTERS_MAX for line in log.getvalue().splitlines())
    assert all("-held-by-" not in answer.text for answer in answers)
    failed = {answer.status_code for answer in answers} & {500}
    # A body that its own types refuse never reaches what could fail, nor does what no partner signed.
    refused = {401} if EXPECTED[name] == "partners" else {403, 422}
    assert failed or answers[-1].status_code in refused


def make_fail(operation: Operation) -> None:
    """Have the operation itself fail, whoever asks."""
    is_async = inspect.iscoroutinefunction(operation.dependant.call)
    operation.dependant.dependencies.clear()

    def fails(**sent: Any) -> None:
        raise RuntimeError(f"{MARKER} {sent}")

    async def fails_waiting(**sent: Any) -> None:
        raise RuntimeError(f"{MARKER} {sent}")

    operation.dependant.call = fails_waiting if is_async else fails


@pytest.mark.parametrize("path", ["/v1/me/balances", "/console/sign-in"])
def test_a_fault_of_ours_is_answered_with_the_number_that_the_log_has(path: str, log: io.StringIO) -> None:
    app = create_app()
    app.dependency_overrides[db.read_only] = FailingSession
    [operation] = [one for one in operations(app) if one.name == f"GET {path}"]

    make_fail(operation)
    answer = TestClient(app, raise_server_exceptions=False).get(path)
    assert answer.status_code == 500
    number = answer.headers["x-request-id"]
    assert number in answer.text
    [line] = [json.loads(line) for line in log.getvalue().splitlines() if '"unexpected_error"' in line]
    assert line["request_id"] == number
    assert line["exception"][0]["type"] == "builtins.RuntimeError"
    assert any("test_logs.py" in place for place in line["exception"][0]["places"])
    if path.startswith("/v1"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], answer.json()["request_id"]) == ("unexpected_error", number)
    else:
        assert answer.headers["content-type"].startswith("text/html")
        assert MARKER not in answer.text


def test_what_a_library_writes_keeps_its_first_line_and_its_places(log: io.StringIO) -> None:
    text = f'job failed\nTraceback\n  File "a.py", line 3, in read\n    x = "{MARKER}"\nValueError: {MARKER}'
    logging.getLogger("rq.worker").error(text)
    try:
        int(MARKER * 1000)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    assert MARKER not in log.getvalue()
    one, other = (json.loads(line) for line in log.getvalue().splitlines())
    assert (one["event"], one["places"]) == ("job failed", ["a.py:3 read"])
    assert other["exception"][0]["type"] == "builtins.ValueError"


def test_a_line_has_a_bound_whatever_it_is_given(log: io.StringIO) -> None:
    structlog.get_logger().warning("long", **{f"value_{number}": "x" * 900 for number in range(50)})
    structlog.get_logger().warning("odd", value="\ud800")
    one, other = (json.loads(line) for line in log.getvalue().splitlines())
    assert one["event"] == "long"
    assert one["cut_from_characters"] > LINE_CHARACTERS_MAX
    assert other["event"] == "odd"


def test_the_engine_s_errors_quote_no_values() -> None:
    assert db.engine().hide_parameters


def test_a_line_says_which_route_a_request_took_and_never_its_address(log: io.StringIO) -> None:
    shopper = issue_token(new_id(), "shopper")
    client = TestClient(create_app(), raise_server_exceptions=False)
    asked = [f"/v1/receipts/{new_id()}", "/console/sign-in", f"/v1/nowhere/{MARKER}"]
    for path in asked:
        client.get(path, headers={"Authorization": f"Bearer {shopper}"})
    lines = [json.loads(line) for line in log.getvalue().splitlines() if '"event": "request"' in line]
    assert [line["route"] for line in lines] == ["/v1/receipts/{receipt_id}", "/console/sign-in", "unmatched"]

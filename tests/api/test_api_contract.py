"""Every operation keeps to what the OpenAPI document says, whatever is sent to it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlmodel import Session

from infra.db import transaction
from tests import make
from tests.make.app import application

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
ROLES = ("shopper", "reviewer", "brand_manager", "admin")
# Parts of uploads are bytes, under a name of the protocol's.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
schema = schemathesis.openapi.from_asgi("/openapi.json", application())
# Every boundary of every field by every other takes hours with terms that hold terms; chance takes a minute.
schema.config.phases.coverage.enabled = False


@pytest.fixture
def tokens(committed: None) -> Generator[dict[str, dict[str, str]]]:
    """A person of every role."""
    with transaction() as session:
        staff = {role: make.make_staff(session, role, ("omo",)) for role in ROLES[1:]}  # type: ignore[arg-type]
        people = {"shopper": make.make_shopper(session), **staff}
        yield {role: make.bearer(person) for role, person in people.items()}


@schema.parametrize()
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_answers_as_described_whatever_is_sent(
    case: schemathesis.Case, tokens: dict[str, dict[str, str]]
) -> None:
    for headers in tokens.values():
        response = case.call(headers=headers)
        # No columnar store runs here, which is an answer like others: its form is looked at all the same.
        is_away = response.status_code == 503 and response.json()["code"] == "insight_away"
        case.validate_response(response, checks=CHECKS[1:] if is_away else CHECKS)


def test_every_operation_but_signing_in_and_the_operator_s_asks_for_a_token(
    client: TestClient, session: Session
) -> None:
    open_to_all = {"/healthz", "/readyz", "/metrics"}
    signed = ("/v1/partners/", "/v1/purchases")
    open_to_strangers = {
        "/v1/auth/codes",
        "/v1/auth/tokens",
        "/v1/auth/outside",
        "/v1/auth/refresh",
        "/v1/auth/passkeys",
        "/v1/auth/passkeys/options",
        "/v1/auth/deliveries/{code_id}/{proof}",
    }
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method in operations:
            answer = client.request(method, path.replace("{receipt_id}", "0" * 32).replace("{brand}", "omo"))
            wanted = "unsigned" if path.startswith(signed) else "unauthenticated"
            # What answers HEAD has no body to say why.
            told = wanted if method == "head" or answer.status_code != 401 else answer.json()["code"]
            asks = answer.status_code == 401 and told == wanted
            is_open = path in open_to_all | open_to_strangers or method == "options"
            assert asks != is_open, (method, path, answer.text)

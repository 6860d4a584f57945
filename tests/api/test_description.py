"""What /openapi.json promises is true, whole, and in words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from fastapi.testclient import TestClient
from pydantic_core.core_schema import ErrorType
from sqlmodel import Session
from starlette.requests import Request

from api import docs_page
from api.errors import problem
from app import create_app
from infra.settings import override_settings
from infra.words import LANGUAGES, Language, all_words, fault_words
from schemas.campaigns import Campaign
from tests import make
from tests.make import browser as browsing
from tests.make import console as ground
from tests.make import contract
from tests.make.browser import needs_chromium
from tests.make.journeys import a_journey

ROOT = Path(__file__).parents[2]
DOCUMENT = contract.document()
SCHEMAS = DOCUMENT["components"]["schemas"]
# What Python code may be told of its own mistakes; no body and no query can cause it.
OF_PROGRAMS = re.compile(
    r"argument|dataclass|deque|counter|fraction|complex|frozen|ordered_dict|named_tuple|callable|is_instance"
    r"|is_subclass|attribute$|attribute_error|recursion|iteration|factory|needs_python|sentinel|ellipsis"
    r"|hashable|json_type|invalid_key"
)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def test_every_operation_has_a_name_of_its_own_that_no_path_is_in() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name) or "v1" in name] == []


def test_every_field_and_parameter_is_described() -> None:
    bare = [
        f"{name}.{field}"
        for name, schema in SCHEMAS.items()
        for field, told in schema.get("properties", {}).items()
        if not told.get("description")
    ]
    bare += [
        f"{method} {path} {parameter['name']}"
        for method, path, operation in operations()
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert bare == []


def test_every_refusal_is_a_problem_with_its_codes() -> None:
    assert not {"HTTPValidationError", "ValidationError"} & SCHEMAS.keys()
    for method, path, operation in operations():
        refused = {status for status in operation["responses"] if int(status) >= 400}
        assert {"500", "503"} <= refused, path
        # Signing in is refused by 401 too, where it is by a token of another service.
        if not path.startswith("/v1/auth/"):
            assert ("401" in refused) == ("security" in operation), path
        if "requestBody" in operation:
            assert {"413", "422", "429"} <= refused, path
        for status in refused:
            response = contract.followed(operation["responses"][status])
            assert response["content"].keys() == {contract.MEDIA_TYPE}, (method, path, status)
            codes = contract.codes_of(operation, status)
            assert codes, (method, path, status)
            assert codes <= all_words("vi")["problem"].keys()
            assert ("Retry-After" in response.get("headers", {})) == (status in {"429", "503"})


def test_every_example_is_what_its_schema_says() -> None:
    checked = 0
    for _, _, operation in operations():
        holders = [*map(contract.followed, operation["responses"].values()), operation.get("requestBody", {})]
        for holder in holders:
            for content in holder.get("content", {}).values():
                for example in content.get("examples", {}).values():
                    whole = {**content["schema"], "components": DOCUMENT["components"]}
                    jsonschema.validate(example["value"], whole)
                    checked += 1
    assert checked > 100
    shoppers = [one for _, path, one in operations() if path.startswith(("/v1/receipts", "/v1/me/bal"))]
    shown = {
        one["operationId"] for one in shoppers if "examples" in json.dumps(one["responses"].get("200", {}))
    }
    assert {"show_receipt", "list_receipts", "show_balances"} <= shown


def test_what_is_sent_is_described() -> None:
    """The problem that a door makes has no field that its schema lacks."""
    request = Request({"type": "http", "headers": []})
    body = problem(request, 422, "invalid_request", errors=[{"field": "a", "message": "b"}]).body
    assert isinstance(body, bytes)
    whole = {"$ref": "#/components/schemas/Problem", "components": DOCUMENT["components"]}
    jsonschema.validate(json.loads(body), whole)


def test_an_upload_takes_files_and_says_where_to_look() -> None:
    upload = DOCUMENT["paths"]["/v1/receipts"]["post"]
    [body] = upload["requestBody"]["content"].values()
    form = contract.followed(body["schema"])
    assert form["required"] == ["image"]
    assert form["properties"]["image"]["type"] == "array"
    assert form["properties"]["image"]["items"] == {"type": "string", "format": "binary"}
    assert upload["responses"]["202"]["headers"]["Location"]["schema"]["type"] == "string"


def test_money_is_told_in_whole_minor_units_beside_its_currency(
    client: TestClient, session: Session, campaign: Campaign
) -> None:
    receipt = ground.in_review(session)
    reviewer = make.bearer(make.make_staff(session))
    seen = client.get(f"/v1/receipts/{receipt.id}", headers=reviewer).json()
    assert (seen["reading"]["total_minor"], seen["reading"]["currency"]) == (200_000, "VND")
    assert all(isinstance(line["amount_minor"], int) for line in seen["lines"])
    [case] = client.get("/v1/review/cases", headers=reviewer).json()["cases"]
    assert case["total_minor"] == 200_000


def strings(
    schema: dict[str, Any], body: dict[str, Any], within: frozenset[str] = frozenset()
) -> Iterator[dict[str, Any]]:
    """Bodies in which each text of a schema in turn is replaced by what no text may hold.

    A body that may hold itself is looked into once.
    """
    ref = schema.get("$ref", "")
    if ref in within:
        return
    within |= {ref} if ref else set()
    for name, field in contract.followed(schema).get("properties", {}).items():
        kinds = [contract.followed(kind) for kind in field.get("anyOf", [field])]
        for kind in kinds:
            if kind.get("type") == "string":
                yield body | {name: "a\0bcd"}
                yield body | {name: "a\ud800bcd"}
            elif kind.get("type") == "object":
                yield from ({**body, name: inner} for inner in strings(kind, {}, within))
            elif kind.get("type") == "array" and "$ref" in kind.get("items", {}):
                yield from ({**body, name: [inner]} for inner in strings(kind["items"], {}, within))


def test_no_operation_takes_text_that_no_row_can_hold(
    client: TestClient, session: Session, campaign: Campaign, empty_redis: None
) -> None:
    people = [make.make_shopper(session)] + [
        make.make_staff(session, role, ("omo",))  # type: ignore[arg-type]
        for role in ("brand_manager", "reviewer", "admin")
    ]
    callers = [make.bearer(person) for person in people]
    journey = a_journey(session)
    tried = 0
    for method, path, operation in operations():
        if {"partner": []} in operation.get("security", []):
            # Who has not signed is told no more than that.
            continue
        at = path.replace("{campaign}", campaign.slug).replace("{journey}", journey.slug)
        at = re.sub(r"\{[^}]+\}", "00000000-0000-0000-0000-000000000000", at)
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query" and parameter["schema"].get("type") == "string":
                sent = {"params": {parameter["name"]: "a\0b"}}
                answers = {client.request(method, at, headers=who, **sent).status_code for who in callers}
                assert answers <= {404, 422}, (method, path, parameter["name"])
                assert 422 in answers, (method, path, parameter["name"])
                tried += 1
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            for body in strings(content["application/json"]["schema"], {}):
                raw = json.dumps(body)
                answers = {
                    client.request(
                        method, at, headers=who | {"Content-Type": "application/json"}, content=raw
                    ).status_code
                    for who in callers
                }
                assert answers <= {404, 422}, (method, path, body)
                assert 422 in answers, (method, path, body)
                tried += 1
    assert tried > 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_wrong_with_a_field_is_said_in_the_caller_s_language(language: Language) -> None:
    words = all_words(language)["fault"]
    kinds = {kind for kind in get_args(ErrorType) if not OF_PROGRAMS.search(kind)}
    assert kinds - words.keys() == set()
    assert fault_words({"type": "no_such_kind", "msg": "English"}, language) == words["other"]
    told = fault_words(
        {"type": "literal_error", "ctx": {"expected": "'approve' or 'reject'"}, "msg": ""}, language
    )
    assert "'approve', 'reject'" in told


def test_a_body_that_is_wrong_is_answered_in_vietnamese(client: TestClient, session: Session) -> None:
    reviewer = make.bearer(make.make_staff(session))
    path = "/v1/review/cases/00000000-0000-0000-0000-000000000000/decision"
    answer = client.post(path, headers=reviewer, json={"decision": "maybe"})
    told = {fault["field"]: fault["message"] for fault in answer.json()["errors"]}
    assert told == {"body.decision": "Phải là một trong: 'approve', 'reject'.", "body.reason": "Còn thiếu."}


def test_only_the_origins_of_the_settings_may_call_from_a_browser(client: TestClient, services: None) -> None:
    asked = {"Origin": "https://app.example.vn", "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization, idempotency-key"
    assert "access-control-allow-origin" not in client.options("/v1/receipts", headers=asked).headers
    override_settings(cors_origins="https://app.example.vn, https://b.example.vn")
    try:
        # What lies around the application is built with its first request.
        shared = TestClient(create_app())
        allowed = shared.options("/v1/receipts", headers=asked)
    finally:
        override_settings(cors_origins="")
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.vn"
    assert "access-control-allow-credentials" not in allowed.headers
    refused = shared.post("/v1/receipts", headers={"Origin": "https://app.example.vn"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://app.example.vn"
    assert "Retry-After" in refused.headers["access-control-expose-headers"]
    strange = asked | {"Origin": "https://evil.example"}
    assert shared.options("/v1/receipts", headers=strange).status_code == 400
    page = shared.get("/console/sign-in", headers={"Origin": "https://app.example.vn"})
    assert "access-control-allow-origin" not in page.headers


@pytest.mark.parametrize("part", ["api", "console"])
def test_what_pages_load_is_what_the_lock_file_named(part: str) -> None:
    folder = ROOT / part / "static/vendor"
    listed = {
        name: digest
        for digest, name in (line.split() for line in (folder / "SHA256SUMS").read_text().splitlines())
    }
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "SHA256SUMS"
    }
    assert found == listed


@needs_chromium
@pytest.mark.slow
def test_the_docs_page_shows_the_api_and_nothing_is_refused_by_its_policy(committed: None) -> None:
    faults: list[str] = []
    with browsing.serving() as address, browsing.chromium() as browser:
        page = browsing.new_context(browser, width=360).new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/docs")
        page.locator("#operations-receipts-upload_receipt").click(timeout=60_000)
        page.get_by_text("Idempotency-Key").first.wait_for()
        browsing.keep_picture(page, "docs-360")
        assert browsing.overflow(page) <= 0
    assert faults == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert "'unsafe" not in docs_page.HEADERS["Content-Security-Policy"]

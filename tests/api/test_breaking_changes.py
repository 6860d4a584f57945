"""What would break clients of the released API is found, and what would not is let pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from scripts.contract import breaking_changes, described, released

Document = dict[str, Any]
PROBLEM = "application/problem+json"


def text(**more: Any) -> Document:
    return {"type": "string", **more}


def thing(required: list[str], **properties: Document) -> Document:
    return {"type": "object", "required": required, "properties": properties}


def small() -> Document:
    """A description that has something of everything."""
    sent = thing(
        ["words"],
        words=text(minLength=3, maxLength=500),
        kind={"enum": ["a", "b"], "type": "string"},
        count={"anyOf": [{"type": "integer", "maximum": 9, "minimum": 1}, {"type": "null"}]},
        tags={"type": "array", "items": text(), "maxItems": 5},
        code=text(pattern="^[a-z]+$"),
    )
    answered = thing(
        ["id", "status", "total"],
        id=text(format="uuid"),
        status={"enum": ["done", "open"], "type": "string"},
        total={"anyOf": [{"type": "integer"}, {"type": "null"}]},
        lines={"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
        note=text(),
    )
    problem = {
        "description": "no",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {"gone": {}}}},
    }
    post = {
        "operationId": "send_thing",
        "security": [{"bearer": []}],
        "parameters": [
            {"in": "query", "name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
            {"in": "header", "name": "Idempotency-Key", "schema": text(maxLength=200)},
            {"in": "path", "name": "id", "required": True, "schema": text()},
        ],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Sent"}}}},
        "responses": {
            "200": {
                "headers": {"Location": {"schema": text()}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answered"}}},
            },
            "409": problem,
        },
    }
    look = {"operationId": "look", "responses": {"200": {"content": {"text/csv": {"schema": text()}}}}}
    schemas = {"Sent": sent, "Answered": answered, "Line": thing(["name"], name=text()), "Problem": thing([])}
    return {
        "openapi": "3.1.0",
        "paths": {"/things/{id}": {"post": post, "get": look}},
        "components": {"schemas": schemas},
    }


Change = Callable[[Document], object]


def post(document: Document) -> Document:
    return document["paths"]["/things/{id}"]["post"]


def schema(document: Document, name: str) -> Document:
    return document["components"]["schemas"][name]


def fields(document: Document, name: str) -> Document:
    return schema(document, name)["properties"]


def parameter(document: Document, place: int) -> Document:
    return post(document)["parameters"][place]


def answer(document: Document, status: str = "200") -> Document:
    return post(document)["responses"][status]


BREAKING: dict[str, Change] = {
    "a path goes": lambda d: d["paths"].clear(),
    "a method goes": lambda d: d["paths"]["/things/{id}"].pop("get"),
    "a path is renamed": lambda d: d["paths"].update({"/thing/{id}": d["paths"].pop("/things/{id}")}),
    "an operation's id changes": lambda d: post(d).update(operationId="post_thing"),
    "an open operation asks for a token": lambda d: d["paths"]["/things/{id}"]["get"].update(
        security=[{"bearer": []}]
    ),
    "the way to sign in changes": lambda d: post(d).update(security=[{"cookie": []}]),
    "a parameter goes": lambda d: post(d)["parameters"].pop(0),
    "a header that was looked at goes": lambda d: post(d)["parameters"].pop(1),
    "a parameter must be sent": lambda d: parameter(d, 0).update(required=True),
    "a new parameter must be sent": lambda d: post(d)["parameters"].append(
        {"in": "query", "name": "new", "required": True, "schema": text()}
    ),
    "a parameter's kind changes": lambda d: parameter(d, 0).update(schema=text()),
    "a parameter's most shrinks": lambda d: parameter(d, 0)["schema"].update(maximum=50),
    "a parameter's least grows": lambda d: parameter(d, 0)["schema"].update(minimum=2),
    "a parameter gets a limit": lambda d: parameter(d, 2)["schema"].update(maxLength=5),
    "the body must be sent": lambda d: post(d)["requestBody"].update(required=True),
    "no body is taken": lambda d: post(d).pop("requestBody"),
    "the body's kind changes": lambda d: post(d)["requestBody"].update(
        content={"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Sent"}}}
    ),
    "a field of the body must be sent": lambda d: schema(d, "Sent")["required"].append("kind"),
    "a new field of the body must be sent": lambda d: (
        fields(d, "Sent").update(new=text()),
        schema(d, "Sent")["required"].append("new"),
    ),
    "a field of the body goes": lambda d: fields(d, "Sent").pop("kind"),
    "a word is not taken any more": lambda d: fields(d, "Sent")["kind"]["enum"].pop(),
    "only some words are taken": lambda d: fields(d, "Sent")["words"].update(enum=["a"]),
    "a text may be less long": lambda d: fields(d, "Sent")["words"].update(maxLength=100),
    "a text must be longer": lambda d: fields(d, "Sent")["words"].update(minLength=5),
    "a list may hold less": lambda d: fields(d, "Sent")["tags"].update(maxItems=3),
    "null is not taken any more": lambda d: fields(d, "Sent").update(count={"type": "integer"}),
    "another form is asked for": lambda d: fields(d, "Sent")["code"].update(pattern="^[0-9]+$"),
    "unknown fields are refused": lambda d: schema(d, "Sent").update(additionalProperties=False),
    "a status is not answered any more": lambda d: post(d)["responses"].pop("409"),
    "a new status means success": lambda d: post(d)["responses"].update({"202": {"description": "later"}}),
    "a code goes": lambda d: answer(d, "409")["content"][PROBLEM]["examples"].pop("gone"),
    "a header of the answer goes": lambda d: answer(d)["headers"].pop("Location"),
    "the answer's media type changes": lambda d: answer(d)["content"].update(
        {"text/plain": answer(d)["content"].pop("application/json")}
    ),
    "a field of the answer goes": lambda d: fields(d, "Answered").pop("note"),
    "a field of the answer may be missing": lambda d: schema(d, "Answered")["required"].remove("id"),
    "a field of the answer may be null": lambda d: fields(d, "Answered").update(
        id={"anyOf": [text(format="uuid"), {"type": "null"}]}
    ),
    "a field of the answer is of another kind": lambda d: fields(d, "Answered").update(
        id={"type": "integer"}
    ),
    "a text of the answer has another form": lambda d: fields(d, "Answered")["id"].pop("format"),
    "a new word is answered": lambda d: fields(d, "Answered")["status"]["enum"].append("lost"),
    "any word may be answered": lambda d: fields(d, "Answered")["status"].pop("enum"),
    "a field deep in the answer goes": lambda d: fields(d, "Line").pop("name"),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda d: d,
    "a new path": lambda d: d["paths"].update({"/new": {"get": {"responses": {}}}}),
    "a new method": lambda d: d["paths"]["/things/{id}"].update({"delete": {"responses": {}}}),
    "other words": lambda d: post(d).update(summary="Send it", description="All of it", tags=["things"]),
    "a parameter that may be sent": lambda d: post(d)["parameters"].append(
        {"in": "query", "name": "new", "schema": text()}
    ),
    "a parameter need not be sent any more": lambda d: parameter(d, 0).update(required=False),
    "parameters in another order": lambda d: post(d)["parameters"].reverse(),
    "a header's letters in another case": lambda d: parameter(d, 1).update(name="idempotency-key"),
    "a parameter's most grows": lambda d: parameter(d, 0)["schema"].update(maximum=500),
    "a parameter's least shrinks": lambda d: parameter(d, 0)["schema"].update(minimum=0),
    "a limit goes": lambda d: parameter(d, 1)["schema"].pop("maxLength"),
    "a field of the body that may be sent": lambda d: fields(d, "Sent").update(new=text()),
    "a field of the body need not be sent": lambda d: schema(d, "Sent").update(required=[]),
    "a word more is taken": lambda d: fields(d, "Sent")["kind"]["enum"].append("c"),
    "null is taken too": lambda d: fields(d, "Sent").update(words={"anyOf": [text(), {"type": "null"}]}),
    "no form is asked for": lambda d: fields(d, "Sent")["code"].pop("pattern"),
    "a field more is answered": lambda d: fields(d, "Answered").update(more=text()),
    "a field is always answered": lambda d: schema(d, "Answered")["required"].append("note"),
    "null is not answered any more": lambda d: fields(d, "Answered").update(total={"type": "integer"}),
    "a word is not answered any more": lambda d: fields(d, "Answered")["status"]["enum"].pop(),
    "a new refusal": lambda d: post(d)["responses"].update({"429": {"description": "too many"}}),
    "a new code": lambda d: answer(d, "409")["content"][PROBLEM]["examples"].update(other={}),
    "a new header": lambda d: answer(d)["headers"].update({"ETag": {"schema": text()}}),
    "another media type besides": lambda d: answer(d)["content"].update({"text/csv": {"schema": text()}}),
    "a token is not asked for any more": lambda d: post(d).pop("security"),
    "another way to sign in besides": lambda d: post(d)["security"].append({"cookie": []}),
    "a schema is named otherwise": lambda d: (
        d["components"]["schemas"].update(Other=schema(d, "Answered")),
        answer(d)["content"]["application/json"].update(schema={"$ref": "#/components/schemas/Other"}),
    ),
}


def found(change: Change) -> list[str]:
    changed = copy.deepcopy(small())
    change(changed)
    return breaking_changes(small(), changed)


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_clients_is_found(name: str) -> None:
    assert found(BREAKING[name]) != []


@pytest.mark.parametrize("name", HARMLESS)
def test_what_clients_do_not_notice_is_let_pass(name: str) -> None:
    assert found(HARMLESS[name]) == []


def test_a_description_that_refers_to_itself_is_compared_to_an_end() -> None:
    endless = small()
    schema(endless, "Line")["properties"]["inner"] = {"$ref": "#/components/schemas/Line"}
    longer = copy.deepcopy(endless)
    schema(longer, "Line")["properties"]["more"] = text()
    assert breaking_changes(endless, longer) == []


def test_this_version_breaks_no_client_of_the_released_description() -> None:
    assert breaking_changes(released(), described()) == []

"""What the OpenAPI document tells, so that generators make clients that work from it alone.

FastAPI describes what an operation takes and gives. Here it learns what it can't see: how refusals look and
which there are, names that don't change with a path, files as clients send them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.errors import MEDIA_TYPE, DoorError, code_of, title_of
from domain.errors import DomainError
from infra.settings import settings
from infra.web import STATUS_BY_KIND
from infra.words import say
from schemas.problems import Problem, ProblemError

FOLDER: Final = Path(__file__).parent
# What the page of the description says first.
GUIDE: Final = (FOLDER / "guide.md").read_text(encoding="utf-8")
# Under this key a route says which codes it answers by; it does not reach the document.
CODES: Final = "x-codes"
PROBLEM_REF: Final = "#/components/schemas/Problem"
RETRY_AFTER: Final = {
    "Retry-After": {"description": "Seconds until it is worth asking again.", "schema": {"type": "integer"}}
}
# What stands in many paths and queries, in one place.
PARAMETERS: Final = {
    "receipt_id": "The receipt's id.",
    "upload_id": "The upload's id.",
    "link_id": "The learned link's id.",
    "brand": "Slug of the brand.",
    "campaign": "Slug of the campaign.",
    "reward_id": "The reward's id.",
    "voucher_id": "The voucher's id.",
    "reward": "Slug of the reward.",
    "batch_id": "The batch's id.",
    "partner": "Slug of the partner.",
    "mission": "Slug of the mission.",
    "measure": "Name of the measure, as in the list.",
    "device_id": "The device's id.",
    "ask_id": "The id under which the shopper was asked.",
    "survey": "`nps`, `csat`, `receipt` or `offer`.",
    "segment": "Slug of the segment.",
    "choice_id": "The id of the offer that was put first.",
    "story_id": "The story's id.",
    "story": "Slug of the story.",
    "passkey_id": "The passkey's id.",
    "run_id": "The dry run's id.",
    "export_id": "The export's id.",
    "target_id": "The push target's id.",
    "endpoint_id": "The webhook's id.",
    "adjustment_id": "The adjustment's id.",
    "delivery_id": "The delivery's id.",
    "code_id": "The code's id.",
    "proof": "What the address of the report was given with.",
    "SendStatus": "As the provider reports it.",
    "SendSuccess": "As the provider reports it.",
    "last-event-id": "The last event that was seen: the stream goes on behind it.",
    "quetbill_refresh": "The refresh token, where it came as a cookie.",
    "keep_this": "Leave the session that asks.",
    "confirm": "Must be `erase`.",
    "page": "Page of the receipt, from 0.",
    "state": "Only links of this state.",
    "cursor": "`next_cursor` of the page before; without it the first page.",
    "limit": "Most rows of the page.",
    "period": "How long each row's period is.",
    "idempotency-key": "A name of your choosing for this request: the same one answers as before.",
}
# Where a shopper's session is asked for.
SHOPPERS_PATHS: Final = ("/v1/me", "/v1/receipts", "/v1/uploads", "/v1/rewards", "/v1/auth/", "/v1/catalog/")
# What any operation may answer, with the name of the response that all of them share.
FAULTS: Final = {500: "unexpected_error", 503: "not_ready"}
LOCATION: Final = {
    "Location": {
        "description": "Where to look at what came of it.",
        "schema": {"type": "string", "format": "uri-reference"},
    }
}


def refusals(*errors: type[DomainError | DoorError], **codes: int) -> dict[int | str, dict[str, Any]]:
    """Return a route's `responses`: the refusals that are its own.

    Those that any route may give (no token, a body that is not right) are added to the document by itself.

    Args:
        errors: What the route raises.
        codes: Further codes and the status that each comes with.
    """
    found: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        if issubclass(error, DomainError):
            codes[error.code] = STATUS_BY_KIND[error.kind]
        else:
            codes[code_of(error)] = error.status
    for code, status in codes.items():
        found.setdefault(status, {CODES: []})[CODES].append(code)
    return found


def operation_id(route: APIRoute) -> str:
    """Return an operation's id: the name of its function, which stays when a path changes."""
    return route.name


class Api(FastAPI):
    """The application, whose description names every status and code."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if not self.openapi_schema:
            document = get_openapi(
                title=self.title,
                version=self.version,
                summary=self.summary,
                description=self.description,
                routes=self.routes,
                tags=self.openapi_tags,
                servers=[{"url": settings().public_url or "/"}],
                # One name a body, whichever way it goes: two would be two types to clients.
                separate_input_output_schemas=False,
            )
            self.openapi_schema = _told_whole(document)
        return self.openapi_schema


def _told_whole(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    template = "#/components/schemas/{model}"
    for model in (Problem, ProblemError):
        schemas[model.__name__] = model.model_json_schema(ref_template=template, mode="validation")
        schemas[model.__name__].pop("$defs", None)
    components["responses"] = {code: _response(status, [code]) for status, code in FAULTS.items()}
    for path, operation in _operations(document):
        _tell_operation(path, operation)
        for parameter in operation.get("parameters", []):
            _plain(parameter["schema"])
            if parameter["name"] in PARAMETERS:
                parameter.setdefault("description", PARAMETERS[parameter["name"]])
    _show_examples(document)
    for body in _form_bodies(document):
        _tell_form(body)
    _drop_titles(document)
    return document


def _show_examples(document: dict[str, Any]) -> None:
    """Put what is sent and answered in an example beside its schema."""
    shown = json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))
    for _, operation in _operations(document):
        for place, example in shown.get(operation["operationId"], {}).items():
            where = operation["requestBody"] if place == "sent" else operation["responses"][place]
            where["content"]["application/json"]["examples"] = {"usual": {"value": example}}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            yield path, operation


def _tell_operation(path: str, operation: dict[str, Any]) -> None:
    summary, _, rest = operation.get("description", "").partition("\n")
    operation["summary"] = summary.rstrip(".")
    operation["description"] = rest.strip()
    if not operation["description"]:
        del operation["description"]
    responses = operation["responses"]
    own: dict[int, list[str]] = {}
    for status in list(responses):
        if CODES in responses[status]:
            own[int(status)] = responses.pop(status)[CODES]
        elif status == "422":
            del responses[status]
    asked = _asked(path, operation)
    for status in FAULTS.keys() & own.keys():
        # What any operation may answer comes beside what is this one's own.
        asked[status] = [FAULTS[status]]
    for status in sorted({*own, *asked}):
        codes = [*asked.get(status, []), *(code for code in own.get(status, []))]
        responses[str(status)] = _response(status, list(dict.fromkeys(codes)))
    shared = dict(FAULTS)
    for status, code in shared.items():
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{code}"})
    operation["responses"] = dict(sorted(responses.items()))


def _asked(path: str, operation: dict[str, Any]) -> dict[int, list[str]]:
    """Return what an operation refuses by what it asks for: status to codes."""
    found: dict[int, list[str]] = {}
    if path.startswith("/v1/"):
        found[429] = ["too_many_requests"]
    ways = {name for way in operation.get("security", []) for name in way}
    if ways:
        # Who has no token is told otherwise than who has not signed.
        found[401] = sorted({"unsigned" if name == "partner" else "unauthenticated" for name in ways})
        if "partner" not in ways and path.startswith(SHOPPERS_PATHS):
            # A token outlives its session, and a session may have to show who it is.
            found[401].append("session_ended")
            found[403] = ["second_fact_needed"]
        # What is for another role does not exist for this one.
        found[404] = ["not_found"]
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        found[413] = ["request_too_large"]
        # A form that can't be parsed at all; broken JSON is 422.
        found[400] = ["invalid_request"]
    if body or operation.get("parameters"):
        found[422] = ["invalid_request"]
    return found


def _response(status: int, codes: Sequence[str]) -> dict[str, Any]:
    examples = {code: {"value": _example(status, code)} for code in codes}
    told = {
        "description": "\n".join(f"- `{code}`: {say('problem', code, 'en')}" for code in codes),
        "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_REF}, "examples": examples}},
    }
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        told["headers"] = RETRY_AFTER
    return told


def _example(status: int, code: str) -> dict[str, Any]:
    return {
        "type": f"urn:quetbill:problem:{code}",
        "title": title_of(status),
        "status": status,
        "code": code,
        "detail": say("problem", code, "en"),
    }


def _form_bodies(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _, operation in _operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
        if content:
            # Files are what these operations are for.
            operation["requestBody"]["required"] = True
            yield document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]


def _tell_form(body: dict[str, Any]) -> None:
    files = []
    for name, field in body["properties"].items():
        _plain(field)
        file = field.get("items", field)
        if file.pop("contentMediaType", None) is not None:
            file["format"] = "binary"
            files.append(name)
            if "items" in field:
                field.update(minItems=1, maxItems=settings().upload_pages_max)
    body["required"] = sorted({*body.get("required", []), *files})


def _plain(schema: dict[str, Any]) -> None:
    """Take null from what a form, a query or a header holds: there is no way to send one."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    if len(kinds) == 1 and len(schema["anyOf"]) > 1:
        del schema["anyOf"]
        schema.update({**kinds[0], **schema})


def _drop_titles(node: Any) -> None:
    """Drop the titles that repeat a field's name: generators make a type of each."""
    if isinstance(node, dict):
        if isinstance(node.get("title"), str) and {"type", "anyOf", "$ref", "enum"} & node.keys():
            del node["title"]
        for name, part in node.items():
            if name not in {"examples", "example"}:
                _drop_titles(part)
    elif isinstance(node, list):
        for part in node:
            _drop_titles(part)

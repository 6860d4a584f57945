"""Whether an answer stands in the description of the API: its operation, its status, its code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from httpx2 import Response

from tests.make.app import application

MEDIA_TYPE = "application/problem+json"


@cache
def document() -> dict[str, Any]:
    return application().openapi()


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    # The most definite path first: /receipts/check is no receipt's id.
    paths = sorted(document()["paths"].items(), key=lambda item: item[0].count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), item) for path, item in paths]


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    for pattern, item in _patterns():
        if pattern.fullmatch(path) and method.lower() in item:
            return item[method.lower()]
    return None


def followed(node: dict[str, Any]) -> dict[str, Any]:
    """What a node refers to, or the node."""
    if "$ref" not in node:
        return node
    found: Any = document()
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def codes_of(operation: dict[str, Any], status: int | str) -> set[str]:
    """The codes with which an operation may answer by a status."""
    response = followed(operation["responses"].get(str(status), {}))
    return set(response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}))


def untold(answer: Response) -> Iterator[str]:
    """What the description does not tell of an answer."""
    operation = operation_of(answer.request.method, answer.request.url.path)
    # A fault of ours is described for every operation; a test that causes one says so itself.
    if operation is None or answer.status_code in {405, 500}:
        return
    named = f"{answer.request.method} {answer.request.url.path}: {answer.status_code}"
    if str(answer.status_code) not in operation["responses"]:
        yield named
    elif answer.status_code >= 400 and answer.request.method != "HEAD":
        answer.read()
        code = answer.json().get("code")
        if code not in codes_of(operation, answer.status_code):
            yield f"{named} {code}"

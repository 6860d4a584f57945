"""Forms, cursors, filters and imported files that nobody would send, drawn from a seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from app import create_app
from scripts.fuzz_ground import make_ground
from scripts.fuzz_values import of_type, word
from tests.make.operations import Operation, operations

# Read from the form itself, so no route names them.
CORRECTIONS = ("retailer", "store", "receipt_no", "purchased_at", "total", "currency")
HEADERS_OF_FILES = (
    "brand,name,category,pack,eans,till_names",
    "retailer,name,address,opens,closes,first_day,last_day",
)
SIGN_OUT = "POST /console/sign-out"


@dataclass(slots=True)
class Answers:
    """How the requests were answered; a failure names its operation and what was sent."""

    sent: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def send_forms(address: str, requests: int, seed_number: int) -> Answers:
    """Send so many requests to a running installation whose database is this process's."""
    draw = random.Random(seed_number)
    stands = make_ground()
    chosen = [one for one in operations(create_app()) if one.name != SIGN_OUT and _takes_anything(one)]
    answers = Answers()
    with httpx.Client(base_url=address, timeout=60) as client:
        for _ in range(requests):
            operation = draw.choice(chosen)
            path, headers = stands.path(draw, operation), stands.headers(draw, operation)
            sent = _drawn(draw, operation, stands.csrf)
            try:
                answer = client.request(operation.method, path, headers=headers, **sent)
            except httpx.HTTPError as error:
                answers.failures.append(f"{operation.name}: {type(error).__name__} {sent!r:.300}")
                continue
            answers.sent += 1
            answers.by_status[answer.status_code] += 1
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                answers.failures.append(f"{operation.name}: {answer.status_code} {sent!r:.300}")
    return answers


def _takes_anything(operation: Operation) -> bool:
    return any(
        operation.parameters(kind) for kind in ("query_params", "body_params", "path_params")
    ) and not operation.path.endswith("/events")


def _drawn(draw: random.Random, operation: Operation, csrf: str) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    query = {one.alias: word(draw, one.alias) for one in operation.parameters("query_params")}
    names = [name for name in query if draw.random() < 0.5]  # noqa: PLR2004 - half of them, half of the time
    sent["params"] = {name: query[name] for name in names}
    if operation.method == "GET":
        return sent
    if operation.is_console:
        fields = [name for one in operation.parameters("body_params") for name in _names(one)]
        fields += (
            [*CORRECTIONS, "line_amount_0", "line_brand_0"] if operation.path.endswith("/decide") else []
        )
        sent["data"] = {name: word(draw, name) for name in fields} | {"csrf": csrf}
    elif "import" in operation.path or operation.path == "/v1/receipts":
        sent["files"] = {name: ("a", _file(draw)) for name in ("file", "image")}
        sent["data"] = {"captured_at": word(draw, ""), "replace": draw.choice(("0", "x"))}
    else:
        sent["json"] = _body(draw, operation)
    return sent


def _body(draw: random.Random, operation: Operation) -> Any:
    fields = operation.parameters("body_params")
    if len(fields) == 1:
        return of_type(draw, fields[0].field_info.annotation)
    return {one.alias: of_type(draw, one.field_info.annotation) for one in fields}


def _names(field_of_body: Any) -> list[str]:
    model = field_of_body.field_info.annotation
    return list(getattr(model, "model_fields", {})) or [field_of_body.alias]


def _file(draw: random.Random) -> bytes:
    lines = [draw.choice(HEADERS_OF_FILES)]
    lines += [",".join(word(draw, "") for _ in range(draw.randrange(1, 8))) for _ in range(draw.randrange(6))]
    written = draw.choice(("\n", "\r\n", "\r")).join(lines).encode("utf-8", "replace")
    place = draw.randrange(len(written))
    return written[:place] + draw.randbytes(draw.randrange(3)) + written[place + draw.randrange(3) :]

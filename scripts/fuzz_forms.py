"""Forms, cursors, filters and imported files that nobody would send, drawn from a seed."""

from __future__ import annotations

import base64
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from fastapi import Request, Response
from sqlmodel import Session

from app import create_app
from cli.services import seed
from console.sign_in import COOKIE, begin_session
from domain.people.shoppers import join_staff
from domain.people.staff import hash_password
from infra.db import transaction
from infra.tokens import issue_token
from schemas.people import StaffCredential
from tests import make
from tests.make import console as ground
from tests.make.operations import Operation, operations

# What has broken some programme before, and what ours must take or refuse.
NASTY = (
    "",
    " ",
    "\0",
    "a\0b",
    "\x1b[2J",
    "\x85",
    "\u202e",
    "\ud7ff",
    "\ufeff",
    "\u200b=1+1",
    "=cmd|' /C calc'!A0",
    "' OR 1=1 --",
    "{{7*7}}",
    "${7*7}",
    "%00",
    "%",
    "../../etc/passwd",
    "<script>x</script>",
    "đ" * 500,
    "🧾" * 70,
    "9" * 400,
    "-1",
    "0",
    "1e309",
    "NaN",
    "Infinity",
    "1,000.5",
    "٣",
    "true",
    "null",
    "[]",
    "[" * 3000,
    "{}",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2026-11-08T13:27:00+07:00",
    "2026-02-30",
    "2026-11-08",
    "1765170420",
    "00000000-0000-0000-0000-000000000000",
    "approve",
    "reject",
    "edited",
    "genuine",
    "on",
    "shadow",
    "50",
    "100",
    "101",
    "1000000000000",
    "same_receipt",
    "me",
    "1",
)
# Read from the form itself, so no route names them.
CORRECTIONS = ("retailer", "store", "receipt_no", "purchased_at", "total", "currency")
HEADERS_OF_FILES = (
    "brand,name,category,pack,eans,till_names",
    "retailer,name,address,opens,closes,first_day,last_day",
)
# Signs nobody in: the cookie is made beside it.
# Whoever changes a password is asked for the one that is kept.
NO_SECRETS: dict[str, Any] = {"password_hash": hash_password("a password of nobody"), "code_salt": ""}
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
    receipt_ids, headers, csrf = _ground()
    chosen = [one for one in operations(create_app()) if one.name != SIGN_OUT and _takes_anything(one)]
    answers = Answers()
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        for _ in range(requests):
            operation = draw.choice(chosen)
            path = operation.at(receipt_id=draw.choice(receipt_ids))
            sent = _drawn(draw, operation, csrf)
            try:
                answer = client.request(operation.method, path, **sent)
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


def _ground() -> tuple[list[str], dict[str, str], str]:
    """Make receipts that wait, and an admin; return ids, the admin's headers and the token of forms."""
    seed()
    with transaction() as session:
        ids = [str(ground.in_review(session, number).id) for number in range(1, 9)]
        admin = join_staff(session, "fuzz@example.vn", "admin")
        _way_in(session, admin.id)
        token = issue_token(admin.id, "admin")
        asked = Response()
        begin_session(Request({"type": "http", "path": "/", "headers": []}), asked, admin.id)
    cookie = asked.headers["set-cookie"].partition(";")[0]
    said = jwt.decode(cookie.removeprefix(f"{COOKIE}="), options={"verify_signature": False})
    return ids, {"Authorization": f"Bearer {token}", "Cookie": cookie}, str(said["csrf"])


def _way_in(session: Session, staff_id: Any) -> None:
    session.add(StaffCredential(staff_id=staff_id, **NO_SECRETS, sessions_from=make.NOON.astimezone()))


def _drawn(draw: random.Random, operation: Operation, csrf: str) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    query = {one.alias: _value(draw, one.alias) for one in operation.parameters("query_params")}
    names = [name for name in query if draw.random() < 0.5]  # noqa: PLR2004 - half of them, half of the time
    sent["params"] = {name: query[name] for name in names}
    if operation.method == "GET":
        return sent
    if operation.is_console:
        fields = [name for one in operation.parameters("body_params") for name in _names(one)]
        fields += (
            [*CORRECTIONS, "line_amount_0", "line_brand_0"] if operation.path.endswith("/decide") else []
        )
        sent["data"] = {name: _value(draw, name) for name in fields} | {"csrf": csrf}
    elif "import" in operation.path or operation.path == "/v1/receipts":
        sent["files"] = {name: ("a", _file(draw)) for name in ("file", "image")}
        sent["data"] = {"captured_at": _value(draw, ""), "replace": draw.choice(("0", "x"))}
    else:
        sent["json"] = _body(draw, 0)
    return sent


def _names(field_of_body: Any) -> list[str]:
    model = field_of_body.field_info.annotation
    return list(getattr(model, "model_fields", {})) or [field_of_body.alias]


def _value(draw: random.Random, name: str) -> str:
    if name == "cursor" and draw.random() < 0.8:  # noqa: PLR2004 - a few are no base64 at all
        inside = draw.choice(NASTY) + draw.choice((" ", "_", "")) + draw.choice(NASTY)
        return base64.urlsafe_b64encode(inside.encode("utf-8", "replace")).decode().rstrip("=")
    if draw.random() < 0.2:  # noqa: PLR2004 - noise beside what is known to be nasty
        return "".join(
            chr(draw.choice((draw.randrange(32), draw.randrange(0xD800)))) for _ in range(draw.randrange(40))
        )
    return draw.choice(NASTY)


def _file(draw: random.Random) -> bytes:
    lines = [draw.choice(HEADERS_OF_FILES)]
    lines += [
        ",".join(_value(draw, "") for _ in range(draw.randrange(1, 8))) for _ in range(draw.randrange(6))
    ]
    written = draw.choice(("\n", "\r\n", "\r")).join(lines).encode("utf-8", "replace")
    place = draw.randrange(len(written))
    return written[:place] + draw.randbytes(draw.randrange(3)) + written[place + draw.randrange(3) :]


def _body(draw: random.Random, depth: int) -> Any:
    names = (
        "decision",
        "reason",
        "because",
        "corrections",
        "words",
        "retailer",
        "purchased_at",
        "total_minor",
        "lines",
    )
    if depth > 2:  # noqa: PLR2004 - deeper than any body of ours
        return draw.choice((_value(draw, ""), draw.randrange(-(10**18), 10**18), None, True, []))
    return {
        name: _body(draw, depth + 1) if draw.random() < 0.3 else _value(draw, name)  # noqa: PLR2004 - some nested
        for name in draw.sample(names, draw.randrange(len(names)))
    }

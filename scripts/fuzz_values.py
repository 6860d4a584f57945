"""Words, numbers and bodies that nobody would send, drawn by chance: most of the right type, some of none."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from infra import clock
from tests.make.operations import NOBODY

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
NUMBERS: Final = (0, 1, 2, 3, 10, 100, 1000, -1, 10**9, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30)
SLUGS: Final = ("omo", "comfort", "test", "winmart", "three", "coffee", "spring", "vi", "en", "VND", "a b")
DAYS: Final = (-40_000, -365, -30, -1, 0, 1, 30, 365, 20_000)
# Of these shares a value is of its type, and a field that may be left out is told.
RIGHT_SHARE: Final = 0.9
TOLD_SHARE: Final = 0.6
DEPTH_MAX: Final = 6


def word(draw: random.Random, name: str) -> str:
    """Return a word that nobody would send as what is called so."""
    if name == "cursor" and draw.random() < 0.8:  # noqa: PLR2004 - a few are no base64 at all
        inside = draw.choice(NASTY) + draw.choice((" ", "_", "")) + draw.choice(NASTY)
        return base64.urlsafe_b64encode(inside.encode("utf-8", "replace")).decode().rstrip("=")
    if draw.random() < 0.2:  # noqa: PLR2004 - noise beside what is known to be nasty
        return "".join(
            chr(draw.choice((draw.randrange(32), draw.randrange(0xD800)))) for _ in range(draw.randrange(40))
        )
    return draw.choice(NASTY)


def of_type(draw: random.Random, annotation: Any, depth: int = 0) -> Any:
    """Return something as JSON has it that is mostly of a type, and mostly at its edges."""
    if depth > DEPTH_MAX or draw.random() > RIGHT_SHARE:
        return draw.choice((word(draw, ""), draw.choice(NUMBERS), None, True, [], {}))
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return of_type(draw, inner[0], depth)
    if origin in {Union, UnionType}:
        return of_type(draw, draw.choice(inner), depth)
    if origin is Literal:
        return draw.choice(inner)
    if origin is dict:
        return {word(draw, ""): of_type(draw, inner[1], depth + 1) for _ in range(draw.randrange(3))}
    if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
        return [of_type(draw, inner[0], depth + 1) for _ in range(draw.randrange(4))]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {
            field.alias or name: of_type(draw, field.annotation, depth + 1)
            for name, field in annotation.model_fields.items()
            if field.is_required() or draw.random() < TOLD_SHARE
        }
    return _simple(draw, annotation)


def _simple(draw: random.Random, annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return draw.choice([member.value for member in annotation])
    moment = clock.now() + timedelta(days=draw.choice(DAYS))
    drawn: dict[Any, Callable[[], Any]] = {
        NoneType: lambda: None,
        bool: lambda: draw.random() < 0.5,  # noqa: PLR2004 - even
        int: lambda: draw.choice(NUMBERS),
        float: lambda: draw.choice((*NUMBERS, 0.5, 1e-9, 1e308)),
        Decimal: lambda: draw.choice(("0.5", "1", "1e400", "-3.14159265358979")),
        datetime: moment.isoformat,
        date: moment.date().isoformat,
        UUID: lambda: NOBODY,
    }
    if annotation in drawn:
        return drawn[annotation]()
    return draw.choice(SLUGS) if draw.random() < 0.5 else word(draw, "")  # noqa: PLR2004 - even

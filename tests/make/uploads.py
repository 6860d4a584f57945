"""Uploads in parts as a client of tus sends them."""

from __future__ import annotations

import base64
from typing import Any

from tests.make.bodies import PART, TUS


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def pages(*photos: bytes, **values: str) -> dict[str, str]:
    """The headers that begin an upload of these pages."""
    sizes = ",".join(str(len(photo)) for photo in photos)
    told = metadata(page_sizes=sizes, **values)
    return TUS | {"Upload-Length": str(sum(map(len, photos))), "Upload-Metadata": told}


def part(offset: int, **headers: str) -> dict[str, str]:
    return PART | {"Upload-Offset": str(offset)} | headers


def begin(client: Any, who: dict[str, str], *photos: bytes, **headers: str) -> str:
    """Begin an upload; return its path."""
    answer = client.post("/v1/uploads", headers=who | pages(*photos) | headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])

"""Keys by name, as an operator gives them."""

from __future__ import annotations

import base64
import binascii
from typing import Final

KEY_BYTES: Final = 32
KEY_NAME_MAX: Final = 40


def keys_of(text: str) -> dict[str, bytes]:
    """Return keys by name of `name:base64,…`, the first the one that seals.

    Raises:
        ValueError: It is not that; what it was is not said.
    """
    keys: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not name or len(name.encode()) > KEY_NAME_MAX or len(key) != KEY_BYTES or name in keys:
            raise ValueError(f"each key is NAME:BASE64 of {KEY_BYTES} bytes, comma separated")
        keys[name] = key
    return keys

"""What lies in the object store, sealed under a key of the operator's where one is set.

A sealed object says which key it takes, so that keys can be changed: the first of `storage_keys` seals what
is new, the others open what they sealed. An object that is not sealed is its own content.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.keyring import keys_of
from infra.settings import settings

# No picture and no ZIP begins so.
MAGIC: Final = b"QBSEAL1"
NONCE_BYTES: Final = 12


class KeyUnknownError(Exception):
    """An object was sealed under a key that is no longer in the settings."""


class SealBrokenError(Exception):
    """A sealed object is not what was sealed under this name."""


def is_sealing() -> bool:
    """Say whether what is kept now is sealed."""
    return bool(_keys(settings().storage_keys.get_secret_value()))


def seal(content: bytes, name: str) -> bytes:
    """Return what to keep under a name: sealed where there is a key, bound to that name (AES-256-GCM)."""
    keys = _keys(settings().storage_keys.get_secret_value())
    if not keys:
        return content
    key_name, key = next(iter(keys.items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    header = MAGIC + bytes([len(key_name.encode())]) + key_name.encode()
    return header + nonce + AESGCM(key).encrypt(nonce, content, name.encode())


def unseal(kept: bytes, name: str) -> bytes:
    """Return what was kept under a name.

    Raises:
        KeyUnknownError: The key that it names is not in the settings.
        SealBrokenError: It was changed, or kept under another name.
    """
    if not kept.startswith(MAGIC):
        return kept
    start = len(MAGIC) + 1
    nonce_at = start + kept[start - 1] if len(kept) >= start else start
    key_name = kept[start:nonce_at].decode("utf-8", "replace")
    key = _keys(settings().storage_keys.get_secret_value()).get(key_name)
    if key is None:
        raise KeyUnknownError
    sealed_at = nonce_at + NONCE_BYTES
    try:
        return AESGCM(key).decrypt(kept[nonce_at:sealed_at], kept[sealed_at:], name.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError from error


@cache
def _keys(text: str) -> dict[str, bytes]:
    return keys_of(text)

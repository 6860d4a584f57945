"""Short secrets kept in tables, readable by our own processes alone: a copy of the database opens none."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.secrets import token_secret

NONCE_BYTES = 12
VERSION = b"\x01"


class SealBrokenError(Exception):
    """What was kept was sealed with another key, for another purpose, or has been changed."""


def derived_key(purpose: str) -> bytes:
    """Return 32 bytes that belong to one purpose: what opens one kind of secret opens no other."""
    return hmac.new(token_secret(), f"key|{purpose}".encode(), hashlib.sha256).digest()


def digest(purpose: str, value: str) -> bytes:
    """Return 32 bytes by which a secret is found again without being kept."""
    return hmac.new(derived_key(purpose), value.encode(), hashlib.sha256).digest()


def seal(purpose: str, secret: str) -> bytes:
    """Return a secret as it may be kept (AES-256-GCM), bound to its purpose."""
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + AESGCM(derived_key(purpose)).encrypt(nonce, secret.encode(), purpose.encode())


def unseal(purpose: str, kept: bytes) -> str:
    """Return the secret that was sealed for this purpose.

    Raises:
        SealBrokenError: It was not, or has been changed since.
    """
    nonce, rest = kept[1 : 1 + NONCE_BYTES], kept[1 + NONCE_BYTES :]
    try:
        return AESGCM(derived_key(purpose)).decrypt(nonce, rest, purpose.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError from error

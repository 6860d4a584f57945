"""The key that signs tokens and pseudonyms, and the keys made from it: one a purpose."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.settings import settings

SECRET_LENGTH_MIN = 32
KEY_BYTES = 32
NONCE_BYTES = 12


class SecretMissingError(Exception):
    """No usable QUETBILL_TOKEN_SECRET is set where one is needed."""


class UnsealError(Exception):
    """It was sealed with another key or for another purpose, or has been changed."""


@cache
def token_secret() -> bytes:
    """Return the signing key: the setting, or one made once beside the embedded database.

    Raises:
        SecretMissingError: A database of your own is used and no secret of 32 characters is set.
    """
    given = settings().token_secret.get_secret_value()
    if len(given) >= SECRET_LENGTH_MIN:
        return given.encode()
    if given or not settings().data_dir.is_dir():
        raise SecretMissingError(
            f"Set QUETBILL_TOKEN_SECRET to {SECRET_LENGTH_MIN} random characters or more, "
            "the same for every process."
        )
    return _kept_secret()


@cache
def purpose_key(purpose: str) -> bytes:
    """Return the 32 bytes that one purpose alone uses, made from the signing key (HKDF, RFC 5869).

    What is made with one purpose's key says nothing of another's, and each can be given a secret of
    its own later.
    """
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"quetbill|{purpose}".encode()).derive(token_secret())


def mac(purpose: str, content: bytes | str) -> bytes:
    """Return the 32 bytes by which a content is known under one purpose's key (HMAC-SHA256).

    Who has no key can neither make them nor find the content by trying all. What one purpose calls a
    content says nothing of what another does.
    """
    message = content.encode() if isinstance(content, str) else content
    return hmac.new(purpose_key(purpose), message, hashlib.sha256).digest()


def seal(purpose: str, content: bytes) -> bytes:
    """Return content encrypted with a purpose's key (AES-256-GCM): a nonce of 12 bytes, then the rest."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(purpose_key(purpose)).encrypt(nonce, content, None)


def unseal(purpose: str, sealed: bytes) -> bytes:
    """Return what `seal` encrypted.

    Raises:
        UnsealError: It is not what was sealed with this key.
    """
    try:
        return AESGCM(purpose_key(purpose)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:
        raise UnsealError from error


def _kept_secret() -> bytes:
    path = settings().data_dir / "token_secret"
    if not path.exists():
        # Two that start at once make one secret, and neither reads what the other has only half written.
        handle, made = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        with suppress(FileExistsError):
            os.link(made, path)
        Path(made).unlink()
    return path.read_bytes()

"""The secrets of this server, and the keys made from them: one a purpose.

Each of four secrets can be replaced without touching what is made with the others. A setting lists its
secrets, comma separated: the first makes, each of them still verifies and opens.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.settings import settings

SECRET_LENGTH_MIN = 32
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12

# What a secret is for. Its setting is QUETBILL_…_SECRET.
Use = Literal["token", "pseudonym", "code", "hash"]
USES: Final[tuple[Use, ...]] = get_args(Use)
# Which secret makes a purpose's key. What stands behind a bar (a year) is part of the purpose.
PURPOSES: Final[Mapping[str, Use]] = {
    "token": "token",
    "session": "token",
    "console session": "token",
    "refresh token": "token",
    "pseudonym": "pseudonym",
    "insight store": "pseudonym",
    "insight sketch": "pseudonym",
    "segment sketch": "pseudonym",
    "survey lots": "pseudonym",
    "holdout": "pseudonym",
    "trial": "pseudonym",
    "journey arms": "pseudonym",
    "one-time code": "code",
    "one-time code on its way": "code",
    "phone of a code": "code",
    "delivery report": "code",
    "staff code": "code",
    "recovery code": "code",
    "origin": "hash",
    "relation": "hash",
    "sign-in address": "hash",
    "rate": "hash",
    "redemption": "hash",
    "purchase content": "hash",
    "phone hash": "hash",
    "voucher code": "hash",
    "voucher code by digest": "hash",
    "partner secret": "hash",
    "webhook": "hash",
}


class SecretMissingError(Exception):
    """No usable QUETBILL_TOKEN_SECRET is set where one is needed, or others have to be set beside it."""


class UnsealError(Exception):
    """It was sealed with another key or for another purpose, or has been changed."""


@cache
def secrets_of(use: Use) -> tuple[bytes, ...]:
    """Return the secrets of one use, the one that makes first.

    One that is not set is that of tokens, as long as there is a single one: with a second, nobody could say
    which of them made what.

    Raises:
        SecretMissingError: A database of your own is used and no secret of 32 characters is set, or the one
            of tokens was replaced before the others were set.
    """
    given = _listed(use)
    if given or use == "token":
        return given or (_kept_secret(),)
    of_tokens = secrets_of("token")
    if len(of_tokens) > 1:
        raise SecretMissingError(
            f"Set {setting_of(use)} before QUETBILL_TOKEN_SECRET is replaced: "
            "`quetbill secret split` says to what."
        )
    return of_tokens


def check_secrets() -> None:
    """Find out, as something starts, whether every secret can be had; raises as `secrets_of`."""
    for use in USES:
        secrets_of(use)


def setting_of(use: Use) -> str:
    """Return the name of the environment variable that lists the secrets of a use."""
    return f"QUETBILL_{use.upper()}_SECRET"


def is_set(use: Use) -> bool:
    """Say whether a use has secrets of its own in the settings."""
    return bool(_listed(use))


def key_id(secret: bytes) -> str:
    """Return by what a secret is named in tokens and to operators: it says nothing of the secret."""
    return _derived(secret, "key id")[:KEY_ID_BYTES].hex()


def secret_ids() -> dict[Use, list[str]]:
    """Return the ids of the secrets that are set, by use, the one that makes first."""
    return {use: [key_id(secret) for secret in secrets_of(use)] for use in USES}


@cache
def purpose_keys(purpose: str) -> Mapping[str, bytes]:
    """Return a purpose's keys of 32 bytes by the ids of their secrets, the one that makes first.

    What is made with one purpose's key says nothing of another's (HKDF, RFC 5869).

    Raises:
        KeyError: No use is named for the purpose.
    """
    use = PURPOSES[purpose.partition("|")[0]]
    return {key_id(secret): _derived(secret, purpose) for secret in secrets_of(use)}


def purpose_key(purpose: str) -> bytes:
    """Return the key of 32 bytes with which one purpose, and no other, makes."""
    return next(iter(purpose_keys(purpose).values()))


def mac(purpose: str, content: bytes | str) -> bytes:
    """Return the 32 bytes by which a content is known under one purpose's key (HMAC-SHA256).

    Who has no key can neither make them nor find the content by trying all. What one purpose calls a
    content says nothing of what another does.
    """
    return _mac(purpose_key(purpose), content)


def macs(purpose: str, content: bytes | str) -> Sequence[bytes]:
    """Return what `mac` makes, and behind it what it made with the secrets before, while they are listed."""
    return [_mac(key, content) for key in purpose_keys(purpose).values()]


def is_mac(purpose: str, content: bytes | str, given: bytes) -> bool:
    """Say whether `mac` made something of a content, now or with a secret that is still listed."""
    return any([hmac.compare_digest(made, given) for made in macs(purpose, content)])  # noqa: C419 - always all


def seal(purpose: str, content: bytes) -> bytes:
    """Return content encrypted with a purpose's key (AES-256-GCM): a nonce of 12 bytes, then the rest."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(purpose_key(purpose)).encrypt(nonce, content, None)


def unseal(purpose: str, sealed: bytes) -> bytes:
    """Return what `seal` encrypted, now or with a secret that is still listed.

    Raises:
        UnsealError: It is not what was sealed with any of these keys.
    """
    for key in purpose_keys(purpose).values():
        with suppress(InvalidTag, ValueError):
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    raise UnsealError


def forget_secrets() -> None:
    """Look for the secrets again: the settings of this process have changed."""
    secrets_of.cache_clear()
    purpose_keys.cache_clear()


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"quetbill|{purpose}".encode()).derive(secret)


def _mac(key: bytes, content: bytes | str) -> bytes:
    return hmac.new(key, content.encode() if isinstance(content, str) else content, hashlib.sha256).digest()


def _listed(use: Use) -> tuple[bytes, ...]:
    given = {
        "token": settings().token_secret,
        "pseudonym": settings().pseudonym_secret,
        "code": settings().code_secret,
        "hash": settings().hash_secret,
    }[use].get_secret_value()
    listed = tuple(part.strip().encode() for part in given.split(",") if part.strip())
    if any(len(secret) < SECRET_LENGTH_MIN for secret in listed) or len(set(listed)) < len(listed):
        raise SecretMissingError(_ASKED.format(name=setting_of(use)))
    return listed


_ASKED = f"Set {{name}} to {SECRET_LENGTH_MIN} random characters or more, the same for every process."


def _kept_secret() -> bytes:
    """Return the secret made once beside the embedded database."""
    if not settings().data_dir.is_dir():
        raise SecretMissingError(_ASKED.format(name=setting_of("token")))
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

"""The key that signs tokens and pseudonyms."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from infra.settings import settings

SECRET_LENGTH_MIN = 32


class SecretMissingError(Exception):
    """No usable QUETBILL_TOKEN_SECRET is set where one is needed."""


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

"""How often one caller may ask for what costs us most, by person and by address."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any

from fastapi import Depends, Request

from api.auth import CurrentPerson
from api.errors import TooManyRequestsError
from infra import rates
from infra.settings import settings
from infra.turns import TooBusyError, Turns
from infra.web import caller_address, caller_key

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
# An upload that would wait behind more than these is told to come again.
UPLOADS_WAITING_MAX = 100
BUSY_SECONDS = 5


def limited(kind: str, *, seconds: int) -> Any:
    """Return a dependency that counts a call and refuses it past the rates that the settings name.

    Args:
        kind: Of the settings `KIND_per_person_WINDOW_max` and `KIND_per_address_WINDOW_max`.
        seconds: The window, an hour or a day.
    """
    window = "day" if seconds == DAY_SECONDS else "hour"
    return Depends(_counter(kind, window, seconds))


def _counter(kind: str, window: str, seconds: int) -> Callable[[Request, CurrentPerson], None]:
    def count(request: Request, person: CurrentPerson) -> None:
        """Count the call.

        Raises:
            TooManyRequestsError: The person, or their address, has had as many as they may.
        """
        keys = {"person": str(person.id)}
        # Inside our own network an address is a partner's system or a proxy: it stands for many.
        if (address := caller_address(request)) is not None and address.is_global:
            keys["address"] = caller_key(request)
        for whose, key in keys.items():
            amount: int = getattr(settings(), f"{kind}_per_{whose}_{window}_max")
            wait = rates.take(rates.Rate(f"{kind}_{whose}", amount, seconds), key)
            if wait is not None:
                raise TooManyRequestsError(retry_after_seconds=wait)

    return count


@cache
def _uploads(at_once: int) -> Turns:
    return Turns(at_once, UPLOADS_WAITING_MAX)


async def upload_turn() -> AsyncGenerator[None]:
    """Wait for a turn to look at pictures; who waits holds no thread and no connection.

    Raises:
        TooManyRequestsError: Too many wait already.
    """
    try:
        async with _uploads(settings().uploads_at_once_max).one():
            yield
    except TooBusyError as error:
        raise TooManyRequestsError(retry_after_seconds=BUSY_SECONDS) from error


upload_turns = asynccontextmanager(upload_turn)
UploadTurn = Annotated[None, Depends(upload_turn, scope="function")]

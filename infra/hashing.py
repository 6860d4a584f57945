"""Where passwords are hashed: a few at a time, in threads of their own; nothing else waits for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from infra.settings import settings

# Longer queues are told to come again: each waits a second or more.
WAITING_MAX = 32

Answer = TypeVar("Answer")


class TooBusyError(Exception):
    """Too many wait already."""


@cache
def _turns(_settings: Any) -> CapacityLimiter:
    return CapacityLimiter(settings().hashings_at_once_max)


async def in_turn(work: Callable[..., Answer], *values: Any, **named: Any) -> Answer:
    """Do work that hashes a password when its turn comes; meanwhile it holds no thread and no connection.

    Raises:
        TooBusyError: Too many wait already.
    """
    turns = _turns(settings())
    if turns.statistics().tasks_waiting >= WAITING_MAX:
        raise TooBusyError
    return await to_thread.run_sync(partial(work, *values, **named), limiter=turns)

"""Turns at work that costs much: a few at once, a bounded number that waits, and none of them in a thread."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

Answer = TypeVar("Answer")


class TooBusyError(Exception):
    """Too many wait already."""


class Turns:
    """`at_once` at work at the same time and `waiting_max` more that wait; the next is told to come again."""

    def __init__(self, at_once: int, waiting_max: int) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._most = at_once + waiting_max
        self._here = 0

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        """Wait for a turn and hold it.

        Raises:
            TooBusyError: Too many wait already.
        """
        self._come()
        try:
            async with self._limiter:
                yield
        finally:
            self._here -= 1

    async def run(self, work: Callable[..., Answer], *values: Any, **named: Any) -> Answer:
        """Do work in a thread of these turns' own, which keeps nobody else's.

        Raises:
            TooBusyError: Too many wait already.
        """
        self._come()
        try:
            return await to_thread.run_sync(partial(work, *values, **named), limiter=self._limiter)
        finally:
            self._here -= 1

    def _come(self) -> None:
        if self._here >= self._most:
            raise TooBusyError
        self._here += 1

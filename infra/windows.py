"""How often something happened lately: sliding windows in Redis. Redis away means nothing is known."""

from __future__ import annotations

import time
from functools import cache
from typing import Protocol

import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from infra.settings import settings

# Counting stops here: no rule asks whether it was more.
COUNT_MAX = 100_000
# An upload never waits for a Redis that hangs, and asks it again only after a while.
REDIS_SECONDS = 0.25
PAUSE_SECONDS = 10.0

_log = structlog.get_logger()
_pause = {"until": 0.0}


class Windows(Protocol):
    """Counts of events by key over the last seconds; None where they can't be told."""

    def hit(self, key: str, seconds: int) -> int | None:
        """Note one event; return how many there were in the window, this one included."""

    def peek(self, key: str, seconds: int) -> int | None:
        """Return how many events there were in the window."""


class RedisWindows:
    """Windows that all API processes share.

    Two counters a key (this window's and the one before, weighted by how much of it is still in
    sight), so that a busy network costs as little memory as a quiet phone.
    """

    def hit(self, key: str, seconds: int) -> int | None:
        """Note one event; return how many there were in the window, this one included."""
        return self._ask(key, seconds, note=True)

    def peek(self, key: str, seconds: int) -> int | None:
        """Return how many events there were in the window."""
        return self._ask(key, seconds, note=False)

    def _ask(self, key: str, seconds: int, *, note: bool) -> int | None:
        if time.monotonic() < _pause["until"]:
            return None
        window: RateLimitItem = RateLimitItemPerSecond(COUNT_MAX, seconds)
        try:
            limiter = _limiter(settings().redis_url)
            if note:
                limiter.hit(window, key)
            return COUNT_MAX - int(limiter.get_window_stats(window, key).remaining)
        except (RedisError, OSError) as error:
            _pause["until"] = time.monotonic() + PAUSE_SECONDS
            _log.warning("windows_away", error=type(error).__name__)
            return None


@cache
def _limiter(url: str) -> SlidingWindowCounterRateLimiter:
    storage = RedisStorage(
        url,
        key_prefix="quetbill:window",
        socket_connect_timeout=REDIS_SECONDS,
        socket_timeout=REDIS_SECONDS,
    )
    return SlidingWindowCounterRateLimiter(storage)

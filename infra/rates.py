"""How often one caller may do something: counted first and atomically, in Redis for all processes.

Without Redis nobody is refused for that, but each process still counts for itself, so that its loss
opens no door wider than the number of processes.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache

import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from infra.secrets import mac
from infra.settings import settings

# A request never waits for a Redis that hangs, and asks it again only after a while.
REDIS_SECONDS = 0.25
PAUSE_SECONDS = 10.0

_log = structlog.get_logger()
_pause = {"until": 0.0}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `amount` times in `seconds` for one key; 0 never limits."""

    name: str
    amount: int
    seconds: int


def take(rate: Rate, key: str) -> int | None:
    """Count once more; return None where it is within the rate, else the seconds until it is again."""
    if not rate.amount:
        return None
    item, counted = RateLimitItemPerSecond(rate.amount, rate.seconds), _digest(rate, key)
    try:
        return _take(_shared(), item, counted)
    except (RedisError, OSError) as error:
        _away(error)
        return _take(_own(), item, counted)


def give_back(rate: Rate, key: str) -> None:
    """Take one count back: what was done turned out to be welcome."""
    item, counted = RateLimitItemPerSecond(max(1, rate.amount), rate.seconds), _digest(rate, key)
    try:
        _shared().storage.incr(item.key_for(counted), item.get_expiry(), amount=-1)
    except (RedisError, OSError) as error:
        _away(error)
        _own().storage.incr(item.key_for(counted), item.get_expiry(), amount=-1)


def _take(limiter: FixedWindowRateLimiter, item: RateLimitItem, key: str) -> int | None:
    if limiter.hit(item, key):
        return None
    return max(1, math.ceil(limiter.get_window_stats(item, key).reset_time - time.time()))


def _digest(rate: Rate, key: str) -> str:
    # Keyed: an address could otherwise be found by trying them all.
    return f"{rate.name}:{mac('rate', f'{rate.name}|{key}').hex()[:32]}"


def _away(error: Exception) -> None:
    if time.monotonic() >= _pause["until"]:
        _pause["until"] = time.monotonic() + PAUSE_SECONDS
        _log.warning("rates_counted_by_process", error=type(error).__name__)


def _shared() -> FixedWindowRateLimiter:
    if time.monotonic() < _pause["until"]:
        return _own()
    return _in_redis(settings().redis_url)


@cache
def _in_redis(url: str) -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(
        RedisStorage(
            url,
            key_prefix="quetbill:rate",
            socket_connect_timeout=REDIS_SECONDS,
            socket_timeout=REDIS_SECONDS,
        )
    )


@cache
def _own() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())

"""How often something happened lately: sliding windows in Redis. Redis away means nothing is known."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Final, Protocol

import structlog
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError

from infra.settings import settings

# Counting stops here: no rule asks whether it was more.
COUNT_MAX = 100_000
# An upload never waits for a Redis that hangs, and asks it again only after a while.
REDIS_SECONDS = 0.25
PAUSE_SECONDS = 10.0

_log = structlog.get_logger()
_pause = {"until": 0.0}


# A key holds which window it counts, how often it happened in it, and how often in the one before, which
# counts by how much of it is still in sight: a busy network costs as little memory as a quiet phone.
_COUNT: Final = """
local time = redis.call('TIME')
local at = time[1] + time[2] / 1000000
local counts = {}
for place, key in ipairs(KEYS) do
    local seconds = tonumber(ARGV[place + 1])
    local window = math.floor(at / seconds)
    local kept = redis.call('HMGET', key, 'window', 'now', 'before')
    local now, before = 0, 0
    if tonumber(kept[1]) == window then
        now, before = tonumber(kept[2]), tonumber(kept[3])
    elseif tonumber(kept[1]) == window - 1 then
        before = tonumber(kept[2])
    end
    if ARGV[1] == '1' then
        now = now + 1
        redis.call('HSET', key, 'window', window, 'now', now, 'before', before)
        redis.call('EXPIRE', key, 2 * seconds)
    end
    counts[place] = now + math.floor(before * (window + 1 - at / seconds))
end
return counts
"""


class Windows(Protocol):
    """Counts of events by key over the last seconds; without those that can't be told."""

    def hit(self, seconds: Mapping[str, int]) -> dict[str, int]:
        """Note one event under each key; return how many there were in its window, this one included."""

    def peek(self, seconds: Mapping[str, int]) -> dict[str, int]:
        """Return how many events there were in each key's window."""


class RedisWindows:
    """Windows that all API processes share; all that is asked at once is one call."""

    def hit(self, seconds: Mapping[str, int]) -> dict[str, int]:
        """Note one event under each key; return how many there were in its window, this one included."""
        return self._ask(seconds, note=True)

    def peek(self, seconds: Mapping[str, int]) -> dict[str, int]:
        """Return how many events there were in each key's window."""
        return self._ask(seconds, note=False)

    def _ask(self, seconds: Mapping[str, int], *, note: bool) -> dict[str, int]:
        if not seconds or time.monotonic() < _pause["until"]:
            return {}
        keys = [f"quetbill:windows:{key}" for key in seconds]
        try:
            counts = _script(settings().redis_url)(keys, [int(note), *seconds.values()])
        except (RedisError, OSError) as error:
            _pause["until"] = time.monotonic() + PAUSE_SECONDS
            _log.warning("windows_away", error=type(error).__name__)
            return {}
        return {key: min(int(count), COUNT_MAX) for key, count in zip(seconds, counts, strict=True)}


@cache
def _script(url: str) -> Script:
    asked = Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS)
    return asked.register_script(_COUNT)

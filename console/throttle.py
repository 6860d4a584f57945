"""Counts failed sign-ins by address, so that one machine can't try everybody's password."""

from __future__ import annotations

import hashlib

import structlog
from redis.exceptions import RedisError

from infra import queue

FAILURES_MAX = 30
WINDOW_SECONDS = 900
_log = structlog.get_logger()


def is_blocked(address: str) -> bool:
    """Say whether an address failed too often lately; without Redis, accounts still lock by themselves."""
    try:
        failures = queue.redis().get(_key(address))
    except RedisError as error:
        _log.warning("throttle_without_redis", error=type(error).__name__)
        return False
    return int(failures or 0) >= FAILURES_MAX


def count_failure(address: str) -> None:
    """Note a failed sign-in."""
    try:
        with queue.redis().pipeline() as pipe:
            pipe.incr(_key(address))
            pipe.expire(_key(address), WINDOW_SECONDS)
            pipe.execute()
    except RedisError as error:
        _log.warning("throttle_without_redis", error=type(error).__name__)


def _key(address: str) -> str:
    return "console:failures:" + hashlib.sha256(address.encode()).hexdigest()[:32]

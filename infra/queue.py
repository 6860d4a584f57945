"""The doorbell: wakes a worker after a commit. The row in the database is the work."""

from __future__ import annotations

from functools import cache

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry
from rq.serializers import JSONSerializer
from sqlmodel import Session

from infra.settings import settings

READ_QUEUE = "read"
READ_RECEIPT = "workers.receipts.read_and_settle"
# Long enough to find out what failed, short enough not to fill Redis at 200 receipts a second.
RESULT_SECONDS = 60
FAILURE_SECONDS = 24 * 3600

_BELLS = "bells_after_commit"
_log = structlog.get_logger()


@cache
def redis() -> Redis:
    """Return this process's Redis client."""
    return Redis.from_url(settings().redis_url, socket_connect_timeout=2, socket_timeout=5)


def read_queue(connection: Redis | None = None) -> Queue:
    """Return the queue on which receipts wait to be read."""
    return Queue(READ_QUEUE, connection=connection or redis(), serializer=JSONSerializer)


def ring_after_commit(session: Session, receipt_id: str) -> None:
    """Remember to call a worker for this receipt once the session's work is committed."""
    session.info.setdefault(_BELLS, []).append(receipt_id)


def ring(session: Session) -> None:
    """Ring the remembered bells. A Redis fault is logged: the sweep rings again."""
    receipt_ids: list[str] = session.info.pop(_BELLS, [])
    if receipt_ids:
        ring_receipts(receipt_ids)


def ring_receipts(receipt_ids: list[str]) -> None:
    """Put one job for each receipt on the queue. Never raises for a Redis fault."""
    queue = read_queue()
    jobs = [
        Queue.prepare_data(
            READ_RECEIPT,
            args=[receipt_id],
            timeout=settings().read_timeout_seconds,
            result_ttl=RESULT_SECONDS,
            failure_ttl=FAILURE_SECONDS,
            retry=Retry(max=3, interval=[10, 60, 300]),
        )
        for receipt_id in receipt_ids
    ]
    try:
        queue.enqueue_many(jobs)
    except RedisError as error:
        _log.warning("bell_not_rung", receipts=len(receipt_ids), error=type(error).__name__)


def bells_waiting() -> int:
    """Return how many jobs wait on the read queue.

    Raises:
        RedisError: Redis does not answer.
    """
    return int(read_queue().count)

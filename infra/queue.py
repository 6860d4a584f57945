"""The doorbell: wakes a worker after a commit. The row in the database is the work."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, cast
from uuid import uuid4

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.results import Result
from rq.serializers import JSONSerializer
from sqlmodel import Session

from infra.settings import settings

READ_QUEUE = "read"
READ_RECEIPT = "workers.receipts.read_and_settle"
WRITE_EXPORT = "workers.privacy.write_export"
TRY_DRAFT = "workers.campaigns.try_draft"
WRITE_INSIGHT_EXPORT = "workers.exports.write_insight_export"
# Questions somebody waits for, and chores that take a moment; workers take them before receipts.
QUICK_QUEUE = "quick"
CHECK_PICTURE = "workers.checks.check_picture"
QUICK_SECONDS = 5
SEND_CODE = "workers.codes.send_code"
# Longer than a provider may take to answer; past it the worker is free again, and the code is sent again.
SEND_CODE_SECONDS = 15
WORK_QUEUES = (QUICK_QUEUE, READ_QUEUE)
# No chore takes so long: it works in batches, and the longest statement is seconds.
CHORE_SECONDS = 120
# Thousands of pictures take minutes; somebody who asks for all of theirs may wait for a worker.
EXPORT_SECONDS = 600
# A hundred thousand receipts take a minute or two where nothing else does.
TRY_DRAFT_SECONDS = 900
# Long enough to find out what failed, short enough not to fill Redis at 200 receipts a second.
RESULT_SECONDS = 60
FAILURE_SECONDS = 24 * 3600

_BELLS = "bells_after_commit"
# Where RQ keeps the names of workers; a worker that was killed stays until others tidy up.
_WORKERS = "rq:workers"
_log = structlog.get_logger()


@cache
def redis() -> Redis:
    """Return this process's Redis client."""
    return Redis.from_url(settings().redis_url, socket_connect_timeout=2, socket_timeout=5)


def read_queue() -> Queue:
    """Return the queue on which receipts wait to be read."""
    return Queue(READ_QUEUE, connection=redis(), serializer=JSONSerializer)


class NoAnswerError(Exception):
    """No worker answered in time, or Redis is away."""


@dataclass(frozen=True, slots=True)
class Question:
    """A photo that a worker was asked to look at now."""

    key: str
    job: Job

    def answer(self) -> Any:
        """Return what the worker found; None as long as it has not.

        Raises:
            NoAnswerError: It failed, or Redis is away.
        """
        try:
            found = self.job.latest_result()
        except RedisError as error:
            raise NoAnswerError from error
        if found is not None and found.type is not Result.Type.SUCCESSFUL:
            raise NoAnswerError
        return found.return_value if found else None

    def forget(self) -> None:
        """Delete the photo; without Redis it goes by itself within seconds."""
        with suppress(RedisError):
            redis().delete(self.key)


def ask_about_photo(job: str, photo: bytes) -> Question:
    """Ask a worker to look at a photo now. The photo is kept for seconds only.

    Raises:
        NoAnswerError: Redis is away.
    """
    key = f"quetbill:photo:{uuid4().hex}"
    try:
        redis().set(key, photo, ex=2 * QUICK_SECONDS)
        asked = Queue(QUICK_QUEUE, connection=redis(), serializer=JSONSerializer).enqueue(
            job, key, job_timeout=QUICK_SECONDS, result_ttl=RESULT_SECONDS, ttl=QUICK_SECONDS
        )
    except RedisError as error:
        raise NoAnswerError from error
    return Question(key, asked)


def take_photo(key: str) -> bytes | None:
    """Return the photo a question is about; None when it is no longer waited for."""
    return cast("bytes | None", redis().getdel(key))


def ring_after_commit(session: Session, receipt_id: str) -> None:
    """Remember to call a worker for this receipt once the session's work is committed."""
    session.info.setdefault(_BELLS, []).append(receipt_id)


def ring(session: Session) -> None:
    """Ring the remembered bells. A Redis fault is logged: a chore rings again."""
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
        )
        for receipt_id in receipt_ids
    ]
    try:
        queue.enqueue_many(jobs)
    except RedisError as error:
        _log.warning("bell_not_rung", receipts=len(receipt_ids), error=type(error).__name__)


def ring_code(code_id: str) -> None:
    """Call a worker for a one-time code; the bell carries its id alone. Never raises for a Redis fault."""
    try:
        Queue(QUICK_QUEUE, connection=redis(), serializer=JSONSerializer).enqueue(
            SEND_CODE, code_id, job_timeout=SEND_CODE_SECONDS, result_ttl=0, failure_ttl=RESULT_SECONDS
        )
    except RedisError as error:
        _log.warning("code_bell_not_rung", error=type(error).__name__)


def ring_export(request_id: str) -> None:
    """Call a worker to write an export. Never raises for a Redis fault: a chore rings again."""
    _ring_file(WRITE_EXPORT, request_id)


def ring_insight_export(export_id: str) -> None:
    """Call a worker to write a file of figures; faults as with `ring_export`."""
    _ring_file(WRITE_INSIGHT_EXPORT, export_id)


def _ring_file(job: str, export_id: str) -> None:
    try:
        Queue(QUICK_QUEUE, connection=redis(), serializer=JSONSerializer).enqueue(
            job, export_id, job_timeout=EXPORT_SECONDS, result_ttl=0, failure_ttl=FAILURE_SECONDS
        )
    except RedisError as error:
        _log.warning("export_not_rung", request_id=export_id, error=type(error).__name__)


def ring_dry_run(run_id: str) -> None:
    """Call a worker to try a draft on the past. Never raises for a Redis fault: a chore rings again."""
    try:
        Queue(QUICK_QUEUE, connection=redis(), serializer=JSONSerializer).enqueue(
            TRY_DRAFT, run_id, job_timeout=TRY_DRAFT_SECONDS, result_ttl=0, failure_ttl=FAILURE_SECONDS
        )
    except RedisError as error:
        _log.warning("dry_run_not_rung", run_id=run_id, error=type(error).__name__)


def ring_chore(job: str, *, expires_after: timedelta) -> None:
    """Call a worker for a chore; a call that nobody follows by then is forgotten, for there will be another.

    Raises:
        RedisError: Redis does not answer.
    """
    Queue(QUICK_QUEUE, connection=redis(), serializer=JSONSerializer).enqueue(
        job,
        job_timeout=CHORE_SECONDS,
        result_ttl=0,
        failure_ttl=FAILURE_SECONDS,
        ttl=max(1, int(expires_after.total_seconds())),
    )


def workers_alive() -> int:
    """Return how many workers there are whose sign of life has not run out.

    Raises:
        RedisError: Redis does not answer.
    """
    named = cast("set[bytes]", redis().smembers(_WORKERS))
    return sum(bool(redis().exists(name)) for name in named)


def bells_waiting() -> int:
    """Return how many jobs wait on the read queue.

    Raises:
        RedisError: Redis does not answer.
    """
    return int(read_queue().count)

"""One child reads receipt after receipt; what goes wrong in it costs its own job and nobody else's."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from infra import queue
from tests.whole import warm_jobs
from workers import warm
from workers.warm import WarmWorker

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a child grow by as much as a worker's may: it is forked from what has run tests already.

    A fork takes over what its parent wrote, not what it mapped of files: of those a child has what it uses.
    """
    parent = psutil.Process().memory_info()
    monkeypatch.setattr(warm, "KEPT_BYTES_MAX", parent.rss - parent.shared + 150_000_000)


def work_on(name: str) -> None:
    WarmWorker([name], connection=queue.redis(), serializer=JSONSerializer).work(
        burst=True, logging_level="CRITICAL"
    )


def done(*jobs: Callable[[], Any], timeout: int = 30) -> list[Job]:
    """The jobs after a worker in a process of its own has run them in turn."""
    name = f"warm-{os.getpid()}"
    waiting = Queue(name, connection=queue.redis(), serializer=JSONSerializer)
    waiting.empty()
    queued = [waiting.enqueue(job, job_timeout=timeout) for job in jobs]
    worker = multiprocessing.get_context("fork").Process(target=work_on, args=(name,))
    worker.start()
    worker.join(120)
    assert worker.exitcode == 0
    for job in queued:
        job.refresh()
    return queued


def told(job: Job) -> int:
    assert job.is_finished
    return int(job.return_value())


def test_one_child_runs_job_after_job() -> None:
    first, second, third = map(told, done(*[warm_jobs.tell] * 3))
    assert first == second == third


def test_a_child_is_replaced_after_so_many_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "JOBS_MAX", 2)
    first, second, third, fourth = map(told, done(*[warm_jobs.tell] * 4))
    assert first == second != third == fourth


def test_a_child_that_grew_large_is_replaced() -> None:
    grown, next_one = map(told, done(warm_jobs.grow, warm_jobs.tell))
    assert grown != next_one


@pytest.mark.parametrize("accident", [warm_jobs.die, warm_jobs.leave, warm_jobs.fail])
def test_a_job_that_ends_badly_fails_and_the_next_finds_a_new_child(accident: Callable[[], None]) -> None:
    before, bad, after = done(warm_jobs.tell, accident, warm_jobs.tell)
    assert bad.is_failed
    assert told(before) != told(after)


def test_a_job_that_hangs_is_stopped_at_its_time_limit() -> None:
    bad, after = done(warm_jobs.hang, warm_jobs.tell, timeout=1)
    assert bad.is_failed
    assert told(after)

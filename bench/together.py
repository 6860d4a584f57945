"""Work of several processes that begins at one moment, so that what it took is what all of them took."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Final, TypeVar

from infra.db import engine, forget_connections

PATIENCE_SECONDS: Final = 900

Told = TypeVar("Told")


def work_together(
    processes: int, work: Callable[[int, Callable[[], object]], Told]
) -> tuple[float, list[Told]]:
    """Have forked processes work at once; return the seconds until all have told what they saw, and that.

    Args:
        processes: How many.
        work: Given the number of its process and what waits for the others; it gets ready, waits, works and
            returns what it saw.

    Raises:
        Empty: One did not tell in time, or broke, which it has written to stderr.
    """
    context = multiprocessing.get_context("fork")
    engine().dispose()
    ready: Barrier = context.Barrier(processes + 1)
    answers: Queue[Told] = context.Queue()

    def run(number: int) -> None:
        forget_connections()
        answers.put(work(number, lambda: ready.wait(PATIENCE_SECONDS)))
        engine().dispose()

    children = [context.Process(target=run, args=(number,)) for number in range(processes)]
    for child in children:
        child.start()
    ready.wait(PATIENCE_SECONDS)
    started = time.perf_counter()
    seen = [answers.get(timeout=PATIENCE_SECONDS) for _ in children]
    elapsed = time.perf_counter() - started
    for child in children:
        child.join()
    return elapsed, seen

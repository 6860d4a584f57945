"""Keeps worker processes alive, sweeps, and wakes jobs whose retry is due."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog
from redis.exceptions import RedisError
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from infra import queue
from infra.settings import settings
from workers.sweep import expire_unspent_points, measure_usual_prices, ring_forgotten_receipts

TICK_SECONDS = 1.0
# A worker that dies as soon as it starts must not keep the machine busy with starting it.
RESPAWN_PAUSE_SECONDS = 2.0
# The job at hand may take as long as its time limit; then its worker is killed and the sweep
# rings again.
STOP_MARGIN_SECONDS = 5.0
_log = structlog.get_logger()


@dataclass
class _Place:
    """A worker's place: whoever holds it now, and when it was last filled."""

    process: subprocess.Popen[bytes] | None = None
    filled_at: float = field(default=float("-inf"))


class Supervisor:
    """Runs `workers` processes on `queues` until told to stop."""

    def __init__(self, workers: int, queues: Sequence[str]) -> None:
        self._queues = list(queues)
        self._places = [_Place() for _ in range(workers)]
        self._stop = threading.Event()
        self._swept_at = float("-inf")
        self._scheduler = RQScheduler(
            self._queues, connection=queue.redis(), logging_level="WARNING", serializer=JSONSerializer
        )

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT; then let the jobs at hand end and return."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)
        _log.info("supervisor_started", workers=len(self._places), queues=self._queues)
        try:
            while not self._stop.is_set():
                self._fill_places()
                self._wake_retries()
                self._sweep()
                self._stop.wait(TICK_SECONDS)
        finally:
            self._stop_workers()
            self._leave_scheduling()
        _log.info("supervisor_stopped")

    def _request_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _fill_places(self) -> None:
        for place in self._places:
            if place.process is not None:
                if place.process.poll() is None:
                    continue
                _log.warning("worker_ended", pid=place.process.pid, exit_code=place.process.returncode)
                place.process = None
            if time.monotonic() - place.filled_at < RESPAWN_PAUSE_SECONDS:
                continue
            command = [sys.executable, "-m", "workers.run", str(os.getpid()), *self._queues]
            # A session of its own: Ctrl-C reaches the supervisor alone, who stops workers in order.
            place.process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own module
            place.filled_at = time.monotonic()
            _log.info("worker_started", pid=place.process.pid)

    def _wake_retries(self) -> None:
        """Put jobs back on the queue whose pause before the next try is over."""
        try:
            if self._scheduler.should_reacquire_locks:
                self._scheduler.acquire_locks()
            self._scheduler.heartbeat()
            self._scheduler.enqueue_scheduled_jobs()
        except RedisError as error:
            _log.warning("retries_without_redis", error=type(error).__name__)

    def _sweep(self) -> None:
        if time.monotonic() - self._swept_at < settings().sweep_interval_seconds:
            return
        self._swept_at = time.monotonic()
        try:
            ring_forgotten_receipts()
            expire_unspent_points()
            measure_usual_prices()
        except SQLAlchemyError as error:
            _log.warning("sweep_without_database", error=type(error).__name__)

    def _stop_workers(self) -> None:
        processes = [place.process for place in self._places if place.process is not None]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + settings().read_timeout_seconds + STOP_MARGIN_SECONDS
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.warning("worker_killed", pid=process.pid)
                process.kill()
                process.wait()

    def _leave_scheduling(self) -> None:
        try:
            self._scheduler.release_locks()
        except RedisError as error:
            _log.warning("retries_without_redis", error=type(error).__name__)

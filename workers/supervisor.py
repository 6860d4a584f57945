"""Keeps workers and the deliverer alive, and has workers called for chores that are due."""

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
from sqlalchemy.exc import SQLAlchemyError

from infra.settings import settings
from workers.chores import call_due_chores

TICK_SECONDS = 1.0
# A worker that dies as soon as it starts must not keep the machine busy with starting it.
RESPAWN_PAUSE_SECONDS = 2.0
# The job at hand may take as long as its time limit; then its worker is killed, and the
# receipt is rung for again.
STOP_MARGIN_SECONDS = 5.0
_log = structlog.get_logger()


@dataclass
class _Place:
    """A worker's or the deliverer's place: who fills it, who holds it now, and when it was last filled."""

    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    filled_at: float = field(default=float("-inf"))


class Supervisor:
    """Runs `workers` processes on `queues`, and one that delivers events, until told to stop."""

    def __init__(self, workers: int, queues: Sequence[str]) -> None:
        self._queues = list(queues)
        own_pid = str(os.getpid())
        work = [sys.executable, "-m", "workers.run", own_pid, *self._queues]
        deliver = [sys.executable, "-m", "workers.deliver", own_pid]
        self._places = [_Place(deliver), *(_Place(work) for _ in range(workers))]
        self._stop = threading.Event()

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT; then let the jobs at hand end and return."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)
        _log.info("supervisor_started", workers=len(self._places) - 1, queues=self._queues)
        try:
            while not self._stop.is_set():
                self._fill_places()
                self._call_chores()
                self._stop.wait(TICK_SECONDS)
        finally:
            self._stop_workers()
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
            # A session of its own: Ctrl-C reaches the supervisor alone, who stops workers in order.
            place.process = subprocess.Popen(place.command, start_new_session=True)  # noqa: S603 - our own module
            place.filled_at = time.monotonic()
            _log.info("worker_started", pid=place.process.pid)

    def _call_chores(self) -> None:
        try:
            call_due_chores()
        except (RedisError, SQLAlchemyError) as error:
            # They are still due at the next look, or at their next turn.
            _log.warning("chores_not_called", error=type(error).__name__)

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

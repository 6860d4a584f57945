"""A worker whose jobs run in one warm child after another, not in a child each (docs/decisions/0090)."""

from __future__ import annotations

import json
import os
import random
import resource
import socket
import sys
from dataclasses import dataclass
from typing import Final, NoReturn

import structlog
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job

_log = structlog.get_logger()

# Whatever a child may keep, it keeps for so many jobs.
JOBS_MAX: Final = 200
# A child that holds more once its job is done makes room for a smaller one.
KEPT_BYTES_MAX: Final = 260_000_000
# What a child answers when its job is done.
_STAYS, _LEAVES = b"+", b"-"
_ORDER_BYTES_MAX: Final = 4096
_KIB: Final = 1024


@dataclass(slots=True)
class _Child:
    """A forked process that runs jobs, and the line on which it is told which, and answers."""

    pid: int
    line: socket.socket

    def has_ended(self) -> bool:
        """Whether it is gone; what is left of it is tidied away."""
        return os.waitpid(self.pid, os.WNOHANG)[0] != 0


class WarmWorker(Worker):
    """A worker that forks a child for many jobs: what it loaded and touched for one serves the next.

    The child is killed like one forked for a single job: at the job's time limit, by `kill_horse`. It is
    replaced after `JOBS_MAX` jobs, when a job failed, when it grew large, and when it died.
    """

    _child: _Child | None = None

    def before_fork(self) -> None:
        """Load in this process what a new child is to find loaded."""

    def after_fork(self) -> None:
        """Let go, in a new child, of what it must not share with this process."""

    def before_end(self) -> None:
        """Finish, in a child that ends by itself, what it has begun."""

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Hand a job to the child that stands ready, or to a new one."""
        if self._child is not None and self._child.has_ended():
            self._part_with(self._child)
        child = self._child or self._new_child()
        self._horse_pid = child.pid
        order = {"job": job.id, "queue": queue.name, "execution": self.execution.id if self.execution else ""}
        try:
            child.line.sendall(json.dumps(order).encode() + b"\n")
        except OSError as error:
            # It died just now; waiting for it will say so.
            _log.warning("child_gone", error=type(error).__name__)

    def wait_for_horse(self) -> tuple[int | None, int | None, resource.struct_rusage | None]:
        """Wait until the child's job is done or the child died; return its number, how it ended and its use.

        A job that is done ends with 0, whether or not its child stays.
        """
        child = self._child
        if child is None:
            return None, None, None
        try:
            answer = child.line.recv(1)
        except OSError:
            answer = b""
        if answer == _STAYS:
            return child.pid, os.EX_OK, None
        _, ended, use = os.wait4(child.pid, 0)
        self._part_with(child)
        # Whoever leaves without an answer has not done its job, however it ended.
        return child.pid, os.EX_OK if answer == _LEAVES else ended or os.EX_SOFTWARE, use

    def _part_with(self, child: _Child) -> None:
        child.line.close()
        self._child = None

    def _new_child(self) -> _Child:
        self.before_fork()
        mine, other = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            mine.close()
            self._serve(other)
        other.close()
        self._child = _Child(pid, mine)
        return self._child

    def _serve(self, line: socket.socket) -> NoReturn:
        """Run jobs as they are told, in the child; never returns."""
        status = os.EX_SOFTWARE
        try:
            # A group of its own, by which it is killed with all that it started.
            os.setpgrp()
            random.seed()
            self.setup_work_horse_signals()  # type: ignore[no-untyped-call] # RQ types some of its own only
            self._is_horse = True
            self.after_fork()
            done, stays = 0, True
            with line, line.makefile("rb") as orders:
                while stays and (order := orders.readline(_ORDER_BYTES_MAX)):
                    done += 1
                    # What a failed job left behind is nobody's to go on with.
                    stays = self._run(order) and done < JOBS_MAX and _kept_bytes() < KEPT_BYTES_MAX
                    line.sendall(_STAYS if stays else _LEAVES)
            status = os.EX_OK
            self.before_end()
        finally:
            # Whatever ended it, nothing of the parent's may run in its copy.
            os._exit(status)

    def _run(self, order: bytes) -> bool:
        """Run one job; return whether it succeeded."""
        told = json.loads(order)
        job = Job.fetch(told["job"], connection=self.connection, serializer=self.serializer)
        queue = next(queue for queue in self.queues if queue.name == told["queue"])
        execution = Execution.fetch(told["execution"], job.id, connection=self.connection)
        self.executions = {execution.id: execution}
        os.environ["RQ_JOB_ID"] = job.id  # noqa: TID251 - by which RQ tells a job who it is
        return bool(self.perform_job(job, queue, execution))


def _kept_bytes() -> int:
    """What this process holds in memory, with what it shares with its parent."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
    with open("/proc/self/statm", encoding="ascii") as pages:  # noqa: PTH123 - a path of its own costs more
        return int(pages.read().split()[1]) * resource.getpagesize()

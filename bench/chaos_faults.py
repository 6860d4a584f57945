"""What is done to the parts and services of a running programme, each fault only where it hits something."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, func, select

from bench.chaos_clock import HAS_CLOCKS, NO_CLOCKS, Clock
from bench.failing import WELL, FailingServer
from bench.failing_receiver import FailingReceiver
from bench.failing_store import FailingStore
from infra import queue
from infra.columnar import connect
from infra.db import engine
from infra.tokens import LEEWAY_SECONDS

LOOK_AGAIN_SECONDS: Final = 0.05
# What is to be hit may be starting again after the fault before: it is waited for this long.
MADE_SECONDS_MAX: Final = 60.0
DOWN_SECONDS: Final = (0.3, 2.5)
OUTAGE_SECONDS: Final = (2.0, 6.0)
INTO_SECONDS: Final = (0.0, 0.5)


class Part:
    """A part of the programme that is started again whenever it ended, as a service manager does."""

    def __init__(self, log: Path, *arguments: str, clock: Clock) -> None:
        self._log = log
        self.clock = clock
        self._arguments = arguments
        self._over = threading.Event()
        self.process = self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as out:
            return subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", "cli.main", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env=os.environ | self.clock.environment,  # noqa: TID251 - as ours, by another clock
            )

    def _keep(self) -> None:
        while not self._over.wait(0.2):
            if self.process.poll() is not None:
                self.process = self._start()

    def stop(self) -> None:
        """End it for good."""
        self._over.set()
        self._keeper.join()
        self.process.kill()
        self.process.wait()


@dataclass
class Scene:
    """All that faults are done to.

    `accepted` counts the uploads that were answered so far, `decided` the receipts that have ended.
    `listen_again` ends the pause that an endpoint gets which failed.
    """

    api: Part
    work: Part
    insight: Part
    store: FailingStore
    receiver: FailingReceiver
    valkey: psutil.Process
    draw: random.Random
    accepted: Callable[[], int]
    decided: Callable[[], int]
    listen_again: Callable[[], None]
    accepted_at_kill: int = 0
    taken_at_kill: int = 0
    # At the last kill of a part that reads, and at the one before.
    decided_at_kills: tuple[int, int] = (-1, -1)

    def end_valkey(self) -> None:
        """End the Valkey that was started in place of the first one."""
        _kill(self.valkey)


_Fault = Callable[[Scene], bool]


def make_fault(scene: Scene, kind: str) -> bool:
    """Do one fault, waiting for there to be something to hit; say whether it was done.

    Args:
        scene: What is running.
        kind: One of `KILLS` or `SERVICES`.
    """
    end = time.monotonic() + MADE_SECONDS_MAX
    while not (made := _FAULTS[kind](scene)) and time.monotonic() < end:
        time.sleep(LOOK_AGAIN_SECONDS)
    return made


def _kill(process: psutil.Process | subprocess.Popen[bytes]) -> bool:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        alive = process.poll() is None if isinstance(process, subprocess.Popen) else process.is_running()
        process.kill()
        return alive
    return False


def _kill_api(scene: Scene) -> bool:
    # One that is killed before it took anything in again shows nothing that the kill before did not.
    if scene.accepted() <= scene.accepted_at_kill:
        return False
    scene.accepted_at_kill = scene.accepted()
    return _kill(scene.api.process)


def _kill_insight(scene: Scene) -> bool:
    # Until it answers it is only just starting.
    return connect.answers() and _kill(scene.insight.process)


def _kill_deliverer(scene: Scene) -> bool:
    # As with the API: it has to have delivered something since.
    taken = scene.receiver.taken.total()
    if taken <= scene.taken_at_kill or not (found := _children(scene, "workers.deliver")):
        return False
    scene.taken_at_kill = taken
    return _kill(found[0])


def _children(scene: Scene, module: str) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(scene.work.process.pid).children()
        return [child for child in children if module in " ".join(child.cmdline())]
    return []


def _workers(scene: Scene) -> list[psutil.Process]:
    return _children(scene, "workers.run")


def _supervisor(scene: Scene) -> Sequence[psutil.Process | subprocess.Popen[bytes]]:
    # Without workers it is only just starting.
    return [scene.work.process] if _workers(scene) else []


def _horses(scene: Scene) -> Sequence[psutil.Process]:
    """Return the processes that have a job at hand."""
    with suppress(psutil.NoSuchProcess):
        return [horse for worker in _workers(scene) for horse in worker.children()]
    return []


def _kill_reader(
    found: Callable[[Scene], Sequence[psutil.Process | subprocess.Popen[bytes]]],
) -> _Fault:
    def kill(scene: Scene) -> bool:
        """Kill one some way into what it does, twice in a row at most without a receipt that ends between."""
        if scene.decided() <= scene.decided_at_kills[0] or not (processes := found(scene)):
            return False
        time.sleep(scene.draw.uniform(*INTO_SECONDS))
        if not _kill(processes[0]):
            return False
        scene.decided_at_kills = (scene.decided_at_kills[1], scene.decided())
        return True

    return kill


def _flushall(_scene: Scene) -> bool:
    with suppress(RedisError):
        return bool(queue.redis().flushall())
    return False


def _restart_valkey(scene: Scene) -> bool:
    """Kill Valkey without warning and start it again where it was, with what it had written."""
    binary, folder = scene.valkey.exe(), scene.valkey.cwd()
    scene.valkey.kill()
    scene.valkey.wait()
    time.sleep(scene.draw.uniform(*DOWN_SECONDS))
    password = queue.redis().connection_pool.connection_kwargs["password"]
    # The first one was given its password while it ran.
    command = [binary, f"{folder}/valkey.conf", "--requirepass", password]
    with Path(folder, "valkey.log").open("ab") as out:
        started = subprocess.Popen(  # noqa: S603 - the very server that ran
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    scene.valkey = psutil.Process(started.pid)
    return True


def _crash_postgresql(_scene: Scene) -> bool:
    """Kill one of the database's own processes: it ends all connections and recovers from its log."""
    killed = False
    with suppress(SQLAlchemyError), Session(engine()) as session:
        if backend := session.scalar(select(func.pg_backend_pid())):
            os.kill(backend, signal.SIGKILL)
            killed = True
    return killed


def _outage(mood: str, of: Callable[[Scene], FailingServer] = lambda scene: scene.store) -> _Fault:
    def fail(scene: Scene) -> bool:
        """Let a server fail for a while, and for as long as it takes that somebody meets it so."""
        server = of(scene)
        began, met = time.monotonic(), server.met
        seconds = scene.draw.uniform(*OUTAGE_SECONDS)
        server.mood = mood
        while (spent := time.monotonic() - began) < seconds or (
            server.met == met and spent < MADE_SECONDS_MAX
        ):
            time.sleep(LOOK_AGAIN_SECONDS)
        server.mood = WELL
        return server.met > met

    return fail


def _deaf(mood: str) -> _Fault:
    fail_meanwhile = _outage(mood, lambda scene: scene.receiver)

    def fail(scene: Scene) -> bool:
        """Let the receiver fail; where it failed before, its pause is over first, or nobody would meet it."""
        with suppress(SQLAlchemyError):
            scene.listen_again()
            return fail_meanwhile(scene)
        return False

    return fail


def _jump(part: Callable[[Scene], Part], reach: int, moved: Callable[[Scene], int]) -> _Fault:
    def jump(scene: Scene) -> bool:
        """Set a part's clock ahead or back until it has done something so, and then right again."""
        clock, before, began = part(scene).clock, moved(scene), time.monotonic()
        clock.jump(scene.draw.choice((-1, 1)) * scene.draw.randint(reach // 2, reach))
        while not (hit := moved(scene) > before) and time.monotonic() - began < MADE_SECONDS_MAX:
            time.sleep(LOOK_AGAIN_SECONDS)
        clock.jump(0)
        return hit

    return jump


KILLS: Final = ("api", "worker", "horse", "supervisor", "deliverer", "insight")
CLOCKS: Final = ("clock of api", "clock of workers")
SERVICES: Final = (
    "flushall",
    "valkey",
    "postgresql",
    "store away",
    "store hanging",
    "store full",
    "receiver failing",
    "receiver hanging",
    "receiver closing",
    *(CLOCKS if HAS_CLOCKS else ()),
)
_FAULTS: Final[dict[str, _Fault]] = {
    "api": _kill_api,
    "worker": _kill_reader(_workers),
    "horse": _kill_reader(_horses),
    "supervisor": _kill_reader(_supervisor),
    "deliverer": _kill_deliverer,
    "insight": _kill_insight,
    "flushall": _flushall,
    "valkey": _restart_valkey,
    "postgresql": _crash_postgresql,
    "store away": _outage("away"),
    "store hanging": _outage("hanging"),
    "store full": _outage("full"),
    "receiver failing": _deaf("failing"),
    "receiver hanging": _deaf("hanging"),
    "receiver closing": _deaf("closing"),
    # Not by more than a token may be of another clock; who reads asks for none.
    "clock of api": _jump(lambda scene: scene.api, LEEWAY_SECONDS - 5, lambda scene: scene.accepted()),
    "clock of workers": _jump(lambda scene: scene.work, 3_600, lambda scene: scene.decided()),
}


def left_out(*, has_clocks: bool = HAS_CLOCKS) -> list[str]:
    """Return the kinds of faults that this machine can't do, each with what it lacks."""
    return [] if has_clocks else [f"{kind}: {NO_CLOCKS}" for kind in CLOCKS]

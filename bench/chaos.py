"""What survives: parts are killed and services fail at random while shoppers send; then all is counted.

Uploads come from clients as apps send them: each with an Idempotency-Key, again until it is answered. At the
end every receipt that was accepted must have ended, once, as it would have ended in peace. A picture that
itself kills its readers is another matter, so attempts are not limited here.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

import samples
from bench.chaos_count import Ends, count_ends, ends_in_peace
from bench.failing_store import CREDENTIALS, URL, FailingStore, Mood, failing_store
from bench.services import machine, own_services
from domain.people.shoppers import join_shopper
from infra import queue
from infra.db import engine, transaction
from infra.processes import LOOPBACK, free_port, wait_until_ready
from infra.settings import override_settings, settings
from infra.tokens import issue_token
from schemas.receipts import WAITING_STATUSES, Receipt

CLIENTS: Final = 2
SEND_PAUSE_SECONDS: Final = 1.0
TRY_AGAIN_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 20.0
# So many may wait at once: the run's end is not to be an hour of reading.
WAITING_MAX: Final = 12
FAULT_SECONDS: Final = (0.3, 2.5)
OUTAGE_SECONDS: Final = (2.0, 6.0)
DRAIN_SECONDS_MAX: Final = 300.0
QUICK: Final = {
    "ring_again_seconds": 3,
    "ring_interval_seconds": 1,
    "read_timeout_seconds": 30,
    "read_attempts_max": 10_000,
    "storage_timeout_seconds": 3,
}
KILLED_SHARE: Final = 0.8
KILLS: Final = ("api", "worker", "horse", "supervisor")
SERVICES: Final = ("flushall", "valkey", "postgresql", "store away", "store hanging", "store full")


@dataclass(frozen=True, slots=True)
class ChaosFigures:
    """What was done and what came of it.

    `lost` were accepted and never ended; `doubled` were paid or kept twice; `ended_wrongly` ended otherwise
    than in peace, or by a fault of ours. `again` counts the tries that an upload took beyond its first.
    """

    seed: int
    seconds: float
    faults: dict[str, int]
    accepted: int
    again: int
    refused: dict[str, int]
    ended: dict[str, int]
    lost: int
    doubled: int
    ended_wrongly: int
    wrong: list[str]
    machine: dict[str, Any]


@dataclass
class _Sent:
    """What clients saw: receipt ids by upload number, tries beyond the first, and refusals by code."""

    ids: dict[int, str] = field(default_factory=dict)
    again: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class _Part:
    """A part of the programme that is started again whenever it ended, as a service manager does."""

    def __init__(self, log: Path, *arguments: str) -> None:
        self._log = log
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
class _Scene:
    """All that faults are done to."""

    api: _Part
    work: _Part
    store: FailingStore
    valkey: psutil.Process
    draw: random.Random


def measure(kills: int, seed: int, say: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Do so many faults while shoppers send, let all end, and count.

    Args:
        kills: Faults in all; at least every kind once where there are that many.
        seed: Which faults come when. What they hit is up to the machine.
        say: Told each fault as it is done.
    """
    started = time.perf_counter()
    photos = [path.read_bytes() for path in sorted(samples.photos_dir().glob("0[1-8]*.jpg"))]
    draw = random.Random(seed)
    sent, done = _Sent(), Counter[str]()
    with _scene(draw) as (scene, port):
        peace = ends_in_peace(photos)
        over = threading.Event()
        numbers = iter(range(10**6))
        clients = [
            threading.Thread(target=_send, args=(port, photos, numbers, sent, over), daemon=True)
            for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for fault in _schedule(kills, seed):
            time.sleep(draw.uniform(*FAULT_SECONDS))
            if say is not None:
                say(fault)
            _FAULTS[fault](scene)
            done[fault] += 1
        over.set()
        for client in clients:
            client.join(ANSWER_SECONDS * 4)
        _drain()
        ends = count_ends(sent.ids, peace, papers=len(photos))
        described: dict[str, Any] = dict(machine())
    return asdict(_figures(seed, time.perf_counter() - started, done, sent, ends, described))


def _figures(
    seed: int, seconds: float, done: Counter[str], sent: _Sent, ends: Ends, described: dict[str, Any]
) -> ChaosFigures:
    return ChaosFigures(
        seed=seed,
        seconds=round(seconds, 1),
        faults=dict(done),
        accepted=len(sent.ids),
        again=sent.again,
        refused=dict(sent.refused),
        ended=ends.by_status,
        lost=ends.lost,
        doubled=ends.doubled,
        ended_wrongly=ends.wrongly,
        wrong=ends.said,
        machine=described,
    )


@contextmanager
def _scene(draw: random.Random) -> Generator[tuple[_Scene, int]]:
    with own_services(), failing_store() as store, ExitStack() as stack:
        os.environ.update(CREDENTIALS)  # noqa: TID251 - the store's own variables, for the processes started here
        override_settings(storage_url=URL, storage_endpoint=store.endpoint, **QUICK)
        port = free_port()
        folder = settings().data_dir
        api = _Part(folder / "api.log", "serve", "--host", LOOPBACK, "--port", str(port))
        stack.callback(api.stop)
        work = _Part(folder / "work.log", "work", "--workers", "1")
        stack.callback(work.stop)
        wait_until_ready(port, api.process, folder / "api.log")
        valkey = next(
            child for child in psutil.Process().children(recursive=True) if "valkey" in child.name()
        )
        scene = _Scene(api, work, store, valkey, draw)
        stack.callback(_end_valkey, scene)
        yield scene, port


def _schedule(kills: int, seed: int) -> list[str]:
    """Return the faults in order: every kind once where there is room, then mostly kills."""
    draw = random.Random(seed)
    kinds = [*KILLS, *SERVICES]
    faults = draw.sample(kinds, min(kills, len(kinds)))
    while len(faults) < kills:
        faults.append(draw.choice(KILLS if draw.random() < KILLED_SHARE else SERVICES))
    draw.shuffle(faults)
    return faults


def _send(
    port: int, photos: Sequence[bytes], numbers: Generator[int], sent: _Sent, over: threading.Event
) -> None:
    """Send one upload after another, each again until it is answered."""
    while not over.is_set():
        number = next(numbers)
        token = None
        photo = photos[number % len(photos)] + f"{number:08}".encode()
        while number not in sent.ids:
            try:
                token = token or _token(number)
                answer = httpx.post(
                    f"http://{LOOPBACK}:{port}/v1/receipts",
                    files={"image": photo},
                    headers={"Authorization": f"Bearer {token}", "Idempotency-Key": f"chaos-{number}"},
                    timeout=ANSWER_SECONDS,
                )
                if answer.is_success:
                    sent.ids[number] = answer.json()["id"]
                    break
                if answer.status_code < 500 and answer.status_code != 429:
                    sent.refused[f"{answer.status_code} {answer.text[:80]}"] += 1
                    break
                sent.refused[str(answer.status_code)] += 1
            except (httpx.HTTPError, OperationalError):
                pass
            sent.again += 1
            time.sleep(TRY_AGAIN_SECONDS)
        over.wait(SEND_PAUSE_SECONDS)
        while not over.is_set() and _waiting() > WAITING_MAX:
            over.wait(SEND_PAUSE_SECONDS)


def _token(number: int) -> str:
    with transaction() as session:
        return issue_token(join_shopper(session, f"09{number:08}").id, "shopper")


def _waiting() -> int:
    statement = select(func.count()).where(col(Receipt.status).in_(WAITING_STATUSES))
    try:
        with Session(engine()) as session:
            return session.exec(statement).one()
    except OperationalError:
        return WAITING_MAX + 1


def _drain() -> None:
    end = time.monotonic() + DRAIN_SECONDS_MAX
    while _waiting() and time.monotonic() < end:
        time.sleep(TRY_AGAIN_SECONDS)


# --- faults


def _kill(process: psutil.Process | subprocess.Popen[bytes]) -> None:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        process.kill()


def _end_valkey(scene: _Scene) -> None:
    """End the Valkey that was started in place of the first one."""
    _kill(scene.valkey)


def _kill_api(scene: _Scene) -> None:
    _kill(scene.api.process)


def _kill_supervisor(scene: _Scene) -> None:
    _kill(scene.work.process)


def _workers(scene: _Scene) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(scene.work.process.pid).children()
        return [child for child in children if "workers.run" in " ".join(child.cmdline())]
    return []


def _kill_worker(scene: _Scene) -> None:
    for worker in _workers(scene)[:1]:
        _kill(worker)


def _kill_horse(scene: _Scene) -> None:
    """Kill the process that has a receipt at hand; wait a little for there to be one."""
    end = time.monotonic() + FAULT_SECONDS[1]
    while time.monotonic() < end:
        with suppress(psutil.NoSuchProcess):
            if horses := [horse for worker in _workers(scene) for horse in worker.children()]:
                time.sleep(scene.draw.uniform(0, 0.5))
                _kill(horses[0])
                return
        time.sleep(0.02)


def _flushall(_scene: _Scene) -> None:
    with suppress(RedisError):
        queue.redis().flushall()


def _restart_valkey(scene: _Scene) -> None:
    """Kill Valkey without warning and start it again where it was, with what it had written."""
    binary, folder = scene.valkey.exe(), scene.valkey.cwd()
    scene.valkey.kill()
    scene.valkey.wait()
    time.sleep(scene.draw.uniform(*FAULT_SECONDS))
    password = queue.redis().connection_pool.connection_kwargs["password"]
    # The first one was given its password while it ran.
    command = [binary, f"{folder}/valkey.conf", "--requirepass", password]
    with Path(folder, "valkey.log").open("ab") as out:
        started = subprocess.Popen(  # noqa: S603 - the very server that ran
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    scene.valkey = psutil.Process(started.pid)


def _crash_postgresql(_scene: _Scene) -> None:
    """Kill one of the database's own processes: it ends all connections and recovers from its log."""
    with suppress(OperationalError), Session(engine()) as session:
        os.kill(session.scalar(select(func.pg_backend_pid())) or 0, signal.SIGKILL)


def _outage(mood: Mood) -> Callable[[_Scene], None]:
    def fail(scene: _Scene) -> None:
        scene.store.mood = mood
        time.sleep(scene.draw.uniform(*OUTAGE_SECONDS))
        scene.store.mood = "well"

    return fail


_FAULTS: Final[dict[str, Callable[[_Scene], None]]] = {
    "api": _kill_api,
    "worker": _kill_worker,
    "horse": _kill_horse,
    "supervisor": _kill_supervisor,
    "flushall": _flushall,
    "valkey": _restart_valkey,
    "postgresql": _crash_postgresql,
    "store away": _outage("away"),
    "store hanging": _outage("hanging"),
    "store full": _outage("full"),
}

"""How the work grows with machines: workers on hosts of their own, at the ends of wires of their own.

Two cores can't show what sixteen decide in a second. They show whether a receipt costs more CPU where more
workers share one PostgreSQL, one Valkey and one store, which is what would keep the others from deciding
their share; and what a receipt costs the database when reading costs nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from bench.cases import accept_any_day
from bench.day import CLIENTS_PER_WORKER, cpu_by_part, ends_of, send
from bench.failing import serving
from bench.failing_store import CREDENTIALS, URL, FailingStore
from bench.hosts import Host, hosts
from bench.read import pictures_in
from bench.services import machine, own_services, percentile, postmaster, wait_for_workers
from infra import clock
from infra.db import transaction
from infra.processes import LOOPBACK, free_port, running, wait_until_ready
from infra.queue import WORK_QUEUES
from infra.settings import override_settings, settings

# As between machines of one house; each host's wire is a little longer than the one before.
DELAY_MS: Final = 0.5
DELAY_STEP_MS: Final = 0.1
DATABASE_PORT, VALKEY_PORT, STORE_PORT = 5432, 6379, 9000
WARM_SECONDS: Final = 5.0
# Shoppers and pictures of the warming up are others.
MEASURED_FROM: Final = 10**6
# A million a day at eight in the evening: what today's platform of this kind serves.
PACE: Final = 200


@dataclass(frozen=True, slots=True)
class Step:
    """What so many workers did. `cpu_seconds` are those of workers, database and Valkey for one receipt."""

    workers: int
    receipts: int
    receipts_per_second: float
    cpu_seconds: float
    worker_cpu_seconds: float
    postgresql_cpu_ms: float
    decision_p50_ms: float


def measure(
    folder: Path, counts: Sequence[int], *, seconds: float, recorded_seconds: float
) -> dict[str, Any]:
    """Let each number of workers read a folder's photographs, then settle recorded readings with no reading.

    Raises:
        RuntimeError: Hosts can't be set up here, an upload was refused, or receipts did not end.
    """
    photos = [path.read_bytes() for path in pictures_in(folder, None)]
    # A process each: connections, caches and settings are a process's, and each number has services anew.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as alone:
        steps = [alone.submit(_step, photos, count, seconds).result() for count in counts]
        recorded = alone.submit(_recorded, photos[:1], recorded_seconds).result()
    return {
        "steps": [
            asdict(step) | {"scaling": round(steps[0].cpu_seconds / step.cpu_seconds, 3)} for step in steps
        ],
        "recorded": recorded,
    }


@dataclass(frozen=True, slots=True)
class _House:
    """What all hosts share, and the API's port."""

    port: int
    store: FailingStore
    api: int

    def services(self) -> dict[int, str]:
        """What answers here, by the port at which hosts reach it."""
        database, valkey = make_url(settings().database_url), urlsplit(settings().redis_url)
        socket = f"{database.query['host']}/.s.PGSQL.{database.port or DATABASE_PORT}"
        store = self.store.server_address[1]
        return {DATABASE_PORT: socket, VALKEY_PORT: str(valkey.port), STORE_PORT: str(store)}

    def seen_from(self, host: Host) -> dict[str, str]:
        """The same services by a host's addresses, as settings name them."""
        valkey = urlsplit(settings().redis_url)
        known = f":{valkey.password}@" if valkey.password else ""
        return {
            "QUETBILL_DATABASE_URL": f"postgresql://postgres@{host.gateway}:{DATABASE_PORT}/postgres",
            "QUETBILL_REDIS_URL": f"redis://{known}{host.gateway}:{VALKEY_PORT}{valkey.path}",
            "QUETBILL_STORAGE_ENDPOINT": f"http://{host.gateway}:{STORE_PORT}",
        }


@contextmanager
def _house() -> Generator[_House]:
    port = free_port()
    serve = ("cli.main", "serve", "--host", LOOPBACK, "--port", str(port))
    with own_services(), serving(FailingStore()) as store:
        override_settings(storage_url=URL, storage_endpoint=store.endpoint)
        with running(log := settings().data_dir / "api.log", *serve, environment=CREDENTIALS) as api:
            wait_until_ready(port, api, log)
            with transaction() as session:
                accept_any_day(session)
            yield _House(port, store, api.pid)


def _step(photos: Sequence[bytes], count: int, seconds: float) -> Step:
    with _house() as house:
        return _worked(house, photos, count, seconds)


def _worked(house: _House, photos: Sequence[bytes], count: int, seconds: float) -> Step:
    folder = settings().data_dir
    delays = [DELAY_MS + DELAY_STEP_MS * number for number in range(count)]
    with hosts(delays, house.services(), folder) as rented, ExitStack() as stack:
        workers = [
            stack.enter_context(
                running(
                    folder / f"work-{host.name}.log",
                    *("cli.main", "work", "--workers", "1"),
                    through=host.through,
                    environment=CREDENTIALS | house.seen_from(host),
                )
            ).pid
            for host in rented
        ]
        wait_for_workers(count)
        took, waits, spent = _sent(house, photos, CLIENTS_PER_WORKER * count, seconds, workers)
    each = {part: cpu / len(waits) for part, cpu in spent.items()}
    # The API takes uploads in, and has no part in how many workers share them.
    all_in = sum(cpu for part, cpu in each.items() if part != "api")
    return Step(
        workers=count,
        receipts=len(waits),
        receipts_per_second=round(len(waits) / took, 2),
        cpu_seconds=round(all_in, 4),
        worker_cpu_seconds=round(each["workers"], 4),
        postgresql_cpu_ms=round(each["postgresql"] * 1000, 2),
        decision_p50_ms=round(percentile(waits, 0.5) * 1000),
    )


def _recorded(photos: Sequence[bytes], seconds: float) -> dict[str, Any]:
    """What a receipt costs without reading, and how many cores of the database two hundred a second take."""
    work = ("bench.recorded", str(os.getpid()), *WORK_QUEUES)
    with _house() as house, ExitStack() as stack:
        folder = settings().data_dir
        workers = [
            stack.enter_context(running(folder / f"recorded-{n}.log", *work, environment=CREDENTIALS)).pid
            for n in range(2)
        ]
        wait_for_workers(len(workers))
        took, waits, spent = _sent(house, photos, 8, seconds, workers)
        described = machine()
    postgresql = spent["postgresql"] / len(waits)
    return {
        "receipts": len(waits),
        "receipts_per_second": round(len(waits) / took, 1),
        "postgresql_cpu_ms": round(postgresql * 1000, 2),
        f"postgresql_cores_at_{PACE}_a_second": round(postgresql * PACE, 2),
        "api_cpu_ms": round(spent["api"] / len(waits) * 1000, 2),
        "worker_cpu_ms": round(spent["workers"] / len(waits) * 1000, 2),
        "machine": described,
    }


def _sent(
    house: _House, photos: Sequence[bytes], clients: int, seconds: float, workers: Sequence[int]
) -> tuple[float, list[float], dict[str, float]]:
    """Send, once all parts are warm; return the seconds it took, each receipt's, and CPU seconds by part."""
    send(house.port, photos, clients, time.monotonic() + WARM_SECONDS)
    parts = {"api": [house.api], "workers": workers, "postgresql": [postmaster()]}
    since, before, started = clock.now(), cpu_by_part(parts), time.perf_counter()
    send(house.port, photos, clients, time.monotonic() + seconds, first=MEASURED_FROM)
    took = time.perf_counter() - started
    spent = {part: cpu - before[part] for part, cpu in cpu_by_part(parts).items()}
    return took, ends_of(since)[1], spent

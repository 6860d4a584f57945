"""What it costs to say at once whether a phone's photograph can be read: the API and the worker it asks."""

from __future__ import annotations

import http.client
import time
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import samples
from bench.intake import BOUNDARY, HEAD, PATIENCE_SECONDS, TAIL
from bench.memory import PHONE_SIDES, phone_photo
from bench.services import cpu_seconds, machine, own_services, percentile, wait_for_workers
from domain.people.shoppers import join_shopper
from infra.db import transaction
from infra.processes import LOOPBACK, free_port, running, wait_until_ready
from infra.settings import settings
from infra.tokens import issue_token

# The first questions fill caches.
WARM_UP = 3


@dataclass(frozen=True, slots=True)
class CheckFigures:
    """What was measured: CPU seconds a question, user and system, of the API and the worker's processes."""

    checks: int
    megapixels: float
    photo_kilobytes: int
    api_cpu_seconds: float
    worker_cpu_seconds: float
    cpu_seconds: float
    p50_ms: float
    p95_ms: float
    machine: dict[str, str | int]


def measure(checks: int) -> dict[str, Any]:
    """Ask one API process with one worker about 12-megapixel photographs, one after another.

    Raises:
        RuntimeError: A question was refused, or no worker came.
    """
    photos = [phone_photo(path) for path in sorted(samples.photos_dir().glob("*.jpg"))[:4]]
    port = free_port()
    serve = ("cli.main", "serve", "--host", LOOPBACK, "--port", str(port))
    work = ("cli.main", "work", "--workers", "1")
    with (
        own_services(),
        running(log := settings().data_dir / "api.log", *serve) as api,
        running(settings().data_dir / "work.log", *work) as worker,
    ):
        wait_until_ready(port, api, log)
        wait_for_workers(1)
        with transaction() as session:
            token = issue_token(join_shopper(session, "0900000000").id, "shopper")
        for number in range(WARM_UP):
            _ask(port, photos[number % len(photos)], token)
        before = cpu_seconds(api.pid), cpu_seconds(worker.pid)
        waits = [_ask(port, photos[number % len(photos)], token) for number in range(checks)]
        api_cpu = (cpu_seconds(api.pid) - before[0]) / checks
        worker_cpu = (cpu_seconds(worker.pid) - before[1]) / checks
        described = machine()
    return asdict(
        CheckFigures(
            checks=checks,
            megapixels=PHONE_SIDES[0] * PHONE_SIDES[1] / 1e6,
            photo_kilobytes=round(sum(map(len, photos)) / len(photos) / 1000),
            api_cpu_seconds=round(api_cpu, 3),
            worker_cpu_seconds=round(worker_cpu, 3),
            cpu_seconds=round(api_cpu + worker_cpu, 3),
            p50_ms=round(percentile(waits, 0.5) * 1000),
            p95_ms=round(percentile(waits, 0.95) * 1000),
            machine=described,
        )
    )


def _ask(port: int, photo: bytes, token: str) -> float:
    """Seconds until the answer came."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
    started = time.perf_counter()
    connection.request("POST", "/v1/receipts/check", HEAD + photo + TAIL, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != HTTPStatus.OK:
        raise RuntimeError(f"A question was refused: {answer.status} {said[:200]!r}")
    return time.perf_counter() - started

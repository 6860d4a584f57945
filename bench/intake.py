"""How many uploads a second one API process accepts, over loopback, with a real database."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

import samples
from bench.services import cpu_seconds, machine, own_services, percentile
from domain.people.shoppers import join_shopper
from domain.privacy.consents import record_for_trial
from infra.db import transaction
from infra.processes import LOOPBACK, free_port, running, wait_until_ready
from infra.settings import settings
from infra.tokens import issue_token

PATIENCE_SECONDS = 30.0
SHOPPERS = 50
BOUNDARY = "quetbill-bench"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="receipt.jpg"\r\n'
    "Content-Type: image/jpeg\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


@dataclass(frozen=True, slots=True)
class IntakeFigures:
    """What was measured. The clients share the machine with the API and its database.

    `api_cpu_ms` is what one upload costs the API's process, user and system together.
    """

    uploads: int
    accepted: int
    clients: int
    photo_kilobytes: int
    seconds: float
    accepted_per_second: float
    api_cpu_ms: float
    p50_ms: float
    p95_ms: float
    machine: dict[str, str | int]


@dataclass
class _Tally:
    """What one client saw."""

    latencies: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def measure(uploads: int, clients: int) -> dict[str, Any]:
    """Upload photographs, each with bytes of its own, from several clients at once.

    Raises:
        RuntimeError: An upload was refused.
    """
    photos = [path.read_bytes() for path in sorted(samples.photos_dir().glob("*.jpg"))]
    port = free_port()
    serve = ("cli.main", "serve", "--host", LOOPBACK, "--port", str(port))
    with own_services(), running(log := settings().data_dir / "api.log", *serve) as process:
        wait_until_ready(port, process, log)
        with transaction() as session:
            shoppers = [join_shopper(session, f"09000{number:05}") for number in range(SHOPPERS)]
            for shopper in shoppers:
                record_for_trial(session, shopper.id)
            tokens = [issue_token(shopper.id, "shopper") for shopper in shoppers]
        numbers = iter(range(uploads))
        tallies = [_Tally() for _ in range(clients)]
        threads = [
            threading.Thread(target=_upload, args=(port, numbers, photos, tokens, tally)) for tally in tallies
        ]
        started, spent = time.perf_counter(), cpu_seconds(process.pid)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds, spent = time.perf_counter() - started, cpu_seconds(process.pid) - spent
        described = machine()
    latencies = list(itertools.chain.from_iterable(tally.latencies for tally in tallies))
    if refusals := list(itertools.chain.from_iterable(tally.refusals for tally in tallies)):
        raise RuntimeError(f"{len(refusals)} uploads were refused, the first with {refusals[0]}")
    figures = IntakeFigures(
        uploads=uploads,
        accepted=len(latencies),
        clients=clients,
        photo_kilobytes=round(sum(map(len, photos)) / len(photos) / 1000),
        seconds=round(seconds, 2),
        accepted_per_second=round(len(latencies) / seconds, 1),
        api_cpu_ms=round(1000 * spent / len(latencies), 2),
        p50_ms=round(percentile(latencies, 0.5) * 1000, 1),
        p95_ms=round(percentile(latencies, 0.95) * 1000, 1),
        machine=described,
    )
    return asdict(figures)


def _upload(port: int, numbers: Iterator[int], photos: list[bytes], tokens: list[str], tally: _Tally) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
    for number in numbers:
        # What stands after a JPEG's end is not looked at, but makes its bytes another file's.
        body = HEAD + photos[number % len(photos)] + f"{number:08}".encode() + TAIL
        headers = {
            "Authorization": f"Bearer {tokens[number % len(tokens)]}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Idempotency-Key": f"bench-{number:08}",
        }
        started = time.perf_counter()
        connection.request("POST", "/v1/receipts", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status == HTTPStatus.ACCEPTED:
            tally.latencies.append(time.perf_counter() - started)
        else:
            tally.refusals.append(f"{answer.status} {json.loads(said or b'{}').get('code')}")
    connection.close()

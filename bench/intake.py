"""How many uploads a second one API process accepts, over loopback, with a real database."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

import samples
from bench.ground import machine, own_services, percentile
from domain.shoppers import join_shopper
from infra.db import transaction
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
    """What was measured. The clients share the machine with the API and its database."""

    uploads: int
    accepted: int
    clients: int
    photo_kilobytes: int
    seconds: float
    accepted_per_second: float
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
    with own_services(), _api() as port:
        with transaction() as session:
            tokens = [
                issue_token(join_shopper(session, f"09000{number:05}").id, "shopper")
                for number in range(SHOPPERS)
            ]
        numbers = iter(range(uploads))
        tallies = [_Tally() for _ in range(clients)]
        threads = [
            threading.Thread(target=_upload, args=(port, numbers, photos, tokens, tally)) for tally in tallies
        ]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
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
        p50_ms=round(percentile(latencies, 0.5) * 1000, 1),
        p95_ms=round(percentile(latencies, 0.95) * 1000, 1),
        machine=described,
    )
    return asdict(figures)


def _upload(port: int, numbers: Iterator[int], photos: list[bytes], tokens: list[str], tally: _Tally) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
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


@contextmanager
def _api() -> Generator[int]:
    """Run one API process on a free port for as long as it is needed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cli.main", "serve", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
    try:
        _wait_until_ready(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError("The API did not become ready.")

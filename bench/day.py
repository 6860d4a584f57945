"""A piece of a day, end to end: shoppers send photographs over HTTP, workers read, receipts are decided.

One API process, PostgreSQL, Valkey and the workers are those that `quetbill` starts; each client is an app
that sends a photograph, watches it until it has ended, and looks at its points. CPU seconds are those of
every process but the clients', per receipt that was decided.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import psutil
from sqlmodel import Session, col, select

from bench.cases import accept_any_day
from bench.intake import BOUNDARY, HEAD, TAIL
from bench.read import pictures_in
from bench.services import (
    PATIENCE_SECONDS,
    cpu_seconds,
    machine,
    own_services,
    percentile,
    postmaster,
    wait_for_workers,
)
from domain.people.shoppers import join_shopper
from domain.privacy.consents import record_for_trial
from infra.db import engine, transaction
from infra.processes import LOOPBACK, free_port, running, wait_until_ready
from infra.settings import settings
from infra.tokens import issue_token
from schemas.receipts import WAITING_STATUSES, Receipt

# Each worker has one receipt at hand and one that waits: more would measure how long a queue is.
CLIENTS_PER_WORKER: Final = 2


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What was measured, from the first upload to the last decision. The clients share the machine.

    `cpu_seconds` are by part and for each receipt; upload times are as clients saw them, decisions are
    from the receipt's arrival to its end.
    """

    receipts: int
    workers: int
    seconds: float
    receipts_per_second: float
    cpu_seconds: float
    cpu_by_part: dict[str, float]
    upload_p50_ms: float
    upload_p95_ms: float
    decision_p50_ms: float
    decision_p95_ms: float
    ends: dict[str, int]
    machine: dict[str, Any]


@dataclass
class Seen:
    """What one client saw."""

    uploads: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def measure(folder: Path, *, seconds: float, workers: int) -> dict[str, Any]:
    """Send the photographs of a folder, over again where there are few, for so many seconds.

    Raises:
        FileNotFoundError: The folder holds no pictures.
        RuntimeError: An upload was refused, no worker came, or receipts did not end.
    """
    photos = [path.read_bytes() for path in pictures_in(folder, None)]
    port = free_port()
    serve = ("cli.main", "serve", "--host", LOOPBACK, "--port", str(port))
    work = ("cli.main", "work", "--workers", str(workers))
    with (
        own_services(),
        running(log := settings().data_dir / "api.log", *serve) as api,
        running(settings().data_dir / "work.log", *work) as worker,
    ):
        wait_until_ready(port, api, log)
        wait_for_workers(workers)
        with transaction() as session:
            accept_any_day(session)
        parts = {"api": [api.pid], "workers": [worker.pid], "postgresql": [postmaster()]}
        before, started = cpu_by_part(parts), time.perf_counter()
        seen = send(port, photos, CLIENTS_PER_WORKER * workers, time.monotonic() + seconds)
        took = time.perf_counter() - started
        spent = {part: cpu - before[part] for part, cpu in cpu_by_part(parts).items()}
        ends, waits = ends_of()
        described = machine()
    uploads = [upload for one in seen for upload in one.uploads]
    by_part = {part: round(cpu / len(waits), 4) for part, cpu in spent.items()}
    figures = DayFigures(
        receipts=len(waits),
        workers=workers,
        seconds=round(took, 1),
        receipts_per_second=round(len(waits) / took, 2),
        cpu_seconds=round(sum(spent.values()) / len(waits), 3),
        cpu_by_part=by_part,
        upload_p50_ms=round(percentile(uploads, 0.5) * 1000, 1),
        upload_p95_ms=round(percentile(uploads, 0.95) * 1000, 1),
        decision_p50_ms=round(percentile(waits, 0.5) * 1000),
        decision_p95_ms=round(percentile(waits, 0.95) * 1000),
        ends=ends,
        machine=dict(described),
    )
    return asdict(figures)


def send(port: int, photos: Sequence[bytes], clients: int, until: float, first: int = 0) -> list[Seen]:
    """Let so many clients send until a moment of the monotonic clock, shoppers numbered from `first`.

    Raises:
        RuntimeError: A request was refused.
    """
    numbers = iter(range(first, 10**9))
    seen = [Seen() for _ in range(clients)]
    threads = [threading.Thread(target=_client, args=(port, photos, numbers, until, one)) for one in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused := [said for one in seen for said in one.refusals]:
        raise RuntimeError(f"{len(refused)} requests were refused, the first with {refused[0]}")
    return seen


def _client(port: int, photos: Sequence[bytes], numbers: Iterator[int], until: float, seen: Seen) -> None:
    """Send, watch and look, one photograph after another; each is another shopper's."""
    for number in numbers:
        if time.monotonic() > until:
            return
        with transaction() as session:
            shopper = join_shopper(session, f"09{number:08}")
            record_for_trial(session, shopper.id)
        token = issue_token(shopper.id, "shopper")
        # What stands after a JPEG's end is not looked at, but makes its bytes another file's.
        body = HEAD + photos[number % len(photos)] + f"{number:08}".encode() + TAIL
        upload = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Idempotency-Key": f"day-{number:08}",
        }
        started = time.perf_counter()
        status, said = _asked(port, token, "POST", "/v1/receipts", body, upload)
        if status != HTTPStatus.ACCEPTED:
            seen.refusals.append(f"{status} {said[:80]!r}")
            return
        seen.uploads.append(time.perf_counter() - started)
        _watch(port, token, json.loads(said)["id"])
        status, said = _asked(port, token, "GET", "/v1/me/balances")
        if status != HTTPStatus.OK:
            seen.refusals.append(f"{status} {said[:80]!r}")


def _watch(port: int, token: str, receipt_id: str) -> None:
    """Follow a receipt's events until it is decided, or waits for a person, which nobody here is."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
    connection.request(
        "GET", f"/v1/receipts/{receipt_id}/events", headers={"Authorization": f"Bearer {token}"}
    )
    for line in connection.getresponse():
        if line.startswith(b"event: ") and line[7:].strip().decode() not in WAITING_STATUSES:
            break
    connection.close()


def _asked(
    port: int, token: str, method: str, path: str, body: bytes | None = None, headers: Any = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
    connection.request(method, path, body, {"Authorization": f"Bearer {token}", **(headers or {})})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    return answer.status, said


def ends_of(since: datetime | None = None) -> tuple[dict[str, int], list[float]]:
    """How receipts ended that came in since a moment, and the seconds from each one's arrival to its end.

    Raises:
        RuntimeError: Some wait still.
    """
    with Session(engine()) as session:
        asked = select(Receipt.status, Receipt.received_at, col(Receipt.settled_at))
        if since is not None:
            asked = asked.where(col(Receipt.received_at) >= since)
        rows = session.exec(asked).all()
    ends = Counter(status for status, _, _ in rows)
    if any(status in WAITING_STATUSES for status in ends):
        raise RuntimeError(f"Receipts did not end: {dict(ends)}")
    return dict(ends), [(settled - received).total_seconds() for _, received, settled in rows if settled]


def cpu_by_part(parts: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """CPU time so far of each part: its processes, and their children that have ended; and Valkey's."""
    valkey = [child.pid for child in psutil.Process().children(recursive=True) if "valkey" in child.name()]
    return {part: sum(cpu_seconds(pid) for pid in pids) for part, pids in {"valkey": valkey, **parts}.items()}

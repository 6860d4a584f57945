"""What survives: parts are killed and services fail at random while shoppers send; then all is counted.

Uploads come from clients as apps send them: each with an Idempotency-Key, again until it is answered. At the
end every receipt that was accepted must have ended, once, as it would have ended in peace. A picture that
itself kills its readers is another matter, so attempts are not limited here.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import httpx
import psutil
from sqlalchemy import ColumnElement
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

import samples
from bench.chaos_count import count_ends, ends_in_peace
from bench.chaos_faults import DOWN_SECONDS, KILLS, SERVICES, Part, Scene, make_fault
from bench.failing_store import CREDENTIALS, URL, failing_store
from bench.services import machine, own_services
from domain.people.shoppers import join_shopper
from domain.privacy.consents import record_for_trial
from infra.db import engine, transaction
from infra.processes import LOOPBACK, free_port, wait_until_ready
from infra.settings import override_settings, settings
from infra.tokens import issue_token
from schemas.receipts import WAITING_STATUSES, Receipt

CLIENTS: Final = 2
READY_SECONDS: Final = 180.0
SEND_PAUSE_SECONDS: Final = 1.0
TRY_AGAIN_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 20.0
# After the last fault an upload is tried for so long: the API may have to start, the store's pause to end.
LAST_ANSWER_SECONDS: Final = 60.0
# So many papers are sent and wait at once, fewer where faults are few: the end is no hour of reading.
PAPERS_MAX: Final = 8
WAITING_MAX: Final = 12
PAPERS_MIN: Final = 2
# Fewer than one upload for so many faults, and most faults hit nobody.
FAULTS_PER_UPLOAD_MAX: Final = 2
QUICK: Final = {
    "ring_again_seconds": 3,
    "ring_interval_seconds": 1,
    "read_attempts_max": 10_000,
    "storage_timeout_seconds": 3,
}
KILLED_SHARE: Final = 0.8


@dataclass(frozen=True, slots=True)
class ChaosFigures:
    """What was done and what came of it.

    `valid` says that it means something; what speaks against it is in `invalid_because`. `lost` were
    accepted and never ended; `doubled` were paid or kept twice; `ended_wrongly` ended otherwise than in
    peace, by a fault of ours, or were refused for good; each has a sentence in `wrong`. `decided` have
    ended by any status. `again` counts the tries that uploads took beyond their first, `refused` the
    refusals by what was said.
    """

    valid: bool
    invalid_because: list[str]
    seed: int
    seconds: float
    faults: dict[str, int]
    accepted: int
    again: int
    refused: dict[str, int]
    decided: int
    ended: dict[str, int]
    lost: int
    doubled: int
    ended_wrongly: int
    wrong: list[str]
    machine: dict[str, Any]


@dataclass
class _Sent:
    """What clients saw: receipt ids by upload number, tries beyond the first, refusals by what was said.

    `turned_away` are uploads refused for good, each with what was said; `unanswered` were given up.
    """

    ids: dict[int, str] = field(default_factory=dict)
    again: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    turned_away: dict[int, str] = field(default_factory=dict)
    unanswered: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Clients:
    """Clients who send until `over`, and try their last upload until it is `late`."""

    port: int
    photos: Sequence[bytes]
    waiting_max: int
    sent: _Sent
    over: threading.Event = field(default_factory=threading.Event)
    late: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def sending(self) -> Generator[None]:
        """Have them send meanwhile; on leaving, wait for their last answers, but not for ever."""
        numbers = iter(range(10**6))
        threads = [threading.Thread(target=self._send, args=(numbers,), daemon=True) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        patience = 0.0
        try:
            yield
            patience = LAST_ANSWER_SECONDS
        finally:
            self.over.set()
            end = time.monotonic() + patience
            for thread in threads:
                thread.join(max(0.0, end - time.monotonic()))
            self.late.set()
            for thread in threads:
                thread.join(ANSWER_SECONDS)

    def _send(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            self._send_one(number)
            self.over.wait(SEND_PAUSE_SECONDS)
            while not self.over.is_set() and _waiting() > self.waiting_max:
                self.over.wait(SEND_PAUSE_SECONDS)
            if self.over.is_set():
                return

    def _send_one(self, number: int) -> None:
        """Send one upload, again until it is answered."""
        token = None
        photo = self.photos[number % len(self.photos)] + f"{number:08}".encode()
        while not self.late.is_set():
            try:
                token = token or _token(number)
                answer = httpx.post(
                    f"http://{LOOPBACK}:{self.port}/v1/receipts",
                    files={"image": photo},
                    headers={"Authorization": f"Bearer {token}", "Idempotency-Key": f"chaos-{number}"},
                    timeout=ANSWER_SECONDS,
                )
            except (httpx.HTTPError, SQLAlchemyError):
                pass
            else:
                if answer.is_success:
                    self.sent.ids[number] = answer.json()["id"]
                    return
                self.sent.refused[str(answer.status_code)] += 1
                if answer.status_code < 500 and answer.status_code != 429:
                    self.sent.turned_away[number] = f"{answer.status_code} {answer.text[:80]}"
                    return
            self.sent.again += 1
            self.late.wait(TRY_AGAIN_SECONDS)
        self.sent.unanswered.append(number)


def measure(
    faults: int,
    seed: int,
    *,
    seconds_max: float,
    patience_seconds: float,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Do so many faults while shoppers send, let all end, and count.

    Args:
        faults: In all; at least every kind once where there are that many.
        seed: Which faults come when. What they hit is up to the machine.
        seconds_max: No fault is begun so long after the first upload.
        patience_seconds: Once for so long no receipt has ended, what still waits is lost.
        say: Told each fault as it is done.
    """
    started = time.monotonic()
    papers = min(PAPERS_MAX, max(PAPERS_MIN, faults // 2))
    photos = [path.read_bytes() for path in sorted(samples.photos_dir().glob("0[1-8]*.jpg"))[:papers]]
    asked, done, sent = schedule(faults, seed), Counter[str](), _Sent()
    with _scene(random.Random(seed), sent) as (scene, port):
        peace = ends_in_peace(photos)
        with _Clients(port, photos, min(WAITING_MAX, faults), sent).sending():
            end = time.monotonic() + seconds_max
            for fault in asked:
                time.sleep(scene.draw.uniform(*DOWN_SECONDS))
                if time.monotonic() > end:
                    break
                if say is not None:
                    say(fault)
                done[fault] += make_fault(scene, fault)
        _drain(patience_seconds)
        ends = count_ends(sent.ids, peace, papers=len(photos))
        figures = ChaosFigures(
            valid=not (against := why_invalid(asked, done, len(sent.ids), len(sent.unanswered))),
            invalid_because=against,
            seed=seed,
            seconds=round(time.monotonic() - started, 1),
            faults=dict(done),
            accepted=len(sent.ids),
            again=sent.again,
            refused=dict(sent.refused),
            decided=sum(count for status, count in ends.by_status.items() if status not in WAITING_STATUSES),
            ended=ends.by_status,
            lost=ends.lost,
            doubled=ends.doubled,
            ended_wrongly=ends.wrongly + len(sent.turned_away),
            wrong=[*ends.said, *(f"upload {number}: {said}" for number, said in sent.turned_away.items())],
            machine=dict(machine()),
        )
    return asdict(figures)


def why_invalid(asked: Sequence[str], done: Counter[str], accepted: int, unanswered: int = 0) -> list[str]:
    """Return what keeps a run from meaning anything, a sentence each; nothing where it does.

    Args:
        asked: The faults that were to be done.
        done: Those that were, by kind.
        accepted: Uploads that were accepted.
        unanswered: Uploads of which nobody knows whether they were.
    """
    against = []
    if missing := Counter(asked) - done:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(missing.items()))
        against.append(f"{missing.total()} of {len(asked)} faults were not done: {kinds}")
    if accepted * FAULTS_PER_UPLOAD_MAX < max(1, done.total()):
        against.append(f"{accepted} uploads were accepted, too few for {done.total()} faults")
    if unanswered:
        against.append(f"{unanswered} uploads were never answered")
    return against


def schedule(faults: int, seed: int) -> list[str]:
    """Return the faults in order: every kind once where there is room, then mostly kills."""
    draw = random.Random(seed)
    kinds = [*KILLS, *SERVICES]
    chosen = draw.sample(kinds, min(faults, len(kinds)))
    while len(chosen) < faults:
        chosen.append(draw.choice(KILLS if draw.random() < KILLED_SHARE else SERVICES))
    draw.shuffle(chosen)
    return chosen


@contextmanager
def _scene(draw: random.Random, sent: _Sent) -> Generator[tuple[Scene, int]]:
    with own_services(), failing_store() as store, ExitStack() as stack:
        os.environ.update(CREDENTIALS)  # noqa: TID251 - the store's own variables, for the processes started here
        override_settings(storage_url=URL, storage_endpoint=store.endpoint, **QUICK)
        port = free_port()
        folder = settings().data_dir
        api = Part(folder / "api.log", "serve", "--host", LOOPBACK, "--port", str(port))
        stack.callback(api.stop)
        work = Part(folder / "work.log", "work", "--workers", "1")
        stack.callback(work.stop)
        wait_until_ready(port, api.process, folder / "api.log", seconds_max=READY_SECONDS)
        valkey = next(
            child for child in psutil.Process().children(recursive=True) if "valkey" in child.name()
        )
        scene = Scene(api, work, store, valkey, draw, accepted=lambda: len(sent.ids), decided=_Decided())
        stack.callback(scene.end_valkey)
        yield scene, port


def _token(number: int) -> str:
    with transaction() as session:
        shopper = join_shopper(session, f"09{number:08}")
        record_for_trial(session, shopper.id)
        return issue_token(shopper.id, "shopper")


def _waiting() -> int:
    """Return how many receipts wait; as many as may where the database is away."""
    count = _count(col(Receipt.status).in_(WAITING_STATUSES))
    return WAITING_MAX + 1 if count is None else count


class _Decided:
    """How many receipts have ended; as many as before where the database is away."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> int:
        count = _count(col(Receipt.status).not_in(WAITING_STATUSES))
        self._last = self._last if count is None else count
        return self._last


def _count(which: ColumnElement[bool]) -> int | None:
    try:
        with Session(engine()) as session:
            return session.exec(select(func.count()).select_from(Receipt).where(which)).one()
    except SQLAlchemyError:
        return None


def _drain(patience_seconds: float) -> None:
    """Wait until nothing waits any more, or nothing has ended for so long."""
    least, since = _waiting(), time.monotonic()
    while least and time.monotonic() - since < patience_seconds:
        time.sleep(TRY_AGAIN_SECONDS)
        if (waiting := _waiting()) < least:
            least, since = waiting, time.monotonic()

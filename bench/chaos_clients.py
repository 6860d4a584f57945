"""Clients as apps and partners' systems are: each asks again until it is answered, under the same key."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx
from sqlalchemy import ColumnElement
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from bench.chaos_journeys import agree
from domain.people.shoppers import join_shopper
from domain.privacy.consents import record_for_trial
from infra.db import engine, transaction
from infra.processes import LOOPBACK
from infra.tokens import issue_token
from schemas.receipts import WAITING_STATUSES, Receipt

ASK_PAUSE_SECONDS: Final = 1.0
TRY_AGAIN_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 20.0
# After the last fault a request is tried for so long: the API may have to start, the store's pause to end.
LAST_ANSWER_SECONDS: Final = 60.0
WAITING_MAX: Final = 12

# What a request is made of, anew at each try: one that is signed is signed for its moment.
Ask = Mapping[str, Any]


@dataclass
class Wire:
    """How clients reach the API, and what came of it.

    They begin nothing new once it is `over`, and give up what is not answered when it is `late`. `again`
    counts tries beyond the first, `refused` refusals by status. `turned_away` are requests that were
    refused for good, each with what was said; `unanswered` were given up.
    """

    port: int
    over: threading.Event = field(default_factory=threading.Event)
    late: threading.Event = field(default_factory=threading.Event)
    again: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    turned_away: dict[str, str] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)

    def ask(
        self, what: str, path: str, make: Callable[[], Ask], expected: Collection[str] = ()
    ) -> httpx.Response | None:
        """Send one request, again until it is answered; return the answer, or None where there is none.

        Args:
            what: What it is, as it is named where it was refused.
            path: Where it goes.
            make: Returns its headers and content as `httpx.post` takes them.
            expected: Codes of refusals that are answers too.
        """
        while not self.late.is_set():
            try:
                answer = httpx.post(f"http://{LOOPBACK}:{self.port}{path}", timeout=ANSWER_SECONDS, **make())
            except (httpx.HTTPError, SQLAlchemyError):
                pass
            else:
                if answer.is_success or _code(answer) in expected:
                    return answer
                self.refused[str(answer.status_code)] += 1
                if _is_final(answer.status_code):
                    self.turned_away[what] = f"{answer.status_code} {answer.text[:80]}"
                    return None
            self.again += 1
            self.late.wait(TRY_AGAIN_SECONDS)
        self.unanswered.append(what)
        return None


def _is_final(status: int) -> bool:
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS


def _code(answer: httpx.Response) -> str:
    """Return the code of a refusal; empty where a proxy or nobody of ours gave it."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("code", "")) if isinstance(body, dict) else ""


@contextmanager
def working(wire: Wire, kinds: Sequence[tuple[Callable[[int], None], int]]) -> Generator[None]:
    """Have clients work meanwhile; on leaving, wait for their last answers, but not for ever.

    Args:
        wire: How they reach the API.
        kinds: What one of a kind does, told a number that is its own, and how many there are.
    """
    threads = [
        threading.Thread(target=_work, args=(wire, work, numbers), daemon=True)
        for work, count in kinds
        for numbers in [iter(range(10**6))]
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    patience = 0.0
    try:
        yield
        patience = LAST_ANSWER_SECONDS
    finally:
        wire.over.set()
        end = time.monotonic() + patience
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        wire.late.set()
        for thread in threads:
            thread.join(ANSWER_SECONDS)


def _work(wire: Wire, work: Callable[[int], None], numbers: Iterator[int]) -> None:
    while not wire.over.is_set():
        work(next(numbers))
        wire.over.wait(ASK_PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Uploads:
    """Shoppers who send photographs, fewer than `waiting_max` of which wait; `ids` of receipts by number."""

    wire: Wire
    photos: Sequence[bytes]
    waiting_max: int
    ids: dict[int, str] = field(default_factory=dict)

    def send(self, number: int) -> None:
        """Send one upload once there is room for it."""
        while waiting() > self.waiting_max:
            if self.wire.over.wait(ASK_PAUSE_SECONDS):
                return
        photo = self.photos[number % len(self.photos)] + f"{number:08}".encode()
        token: list[str] = []

        def make() -> Ask:
            # The database may be away when it is asked for a shopper.
            token[:] = token or [_token(number)]
            headers = {"Authorization": f"Bearer {token[0]}", "Idempotency-Key": f"chaos-{number}"}
            return {"files": {"image": photo}, "headers": headers}

        if answer := self.wire.ask(f"upload {number}", "/v1/receipts", make):
            self.ids[number] = answer.json()["id"]


def _token(number: int) -> str:
    with transaction() as session:
        shopper = join_shopper(session, f"09{number:08}")
        record_for_trial(session, shopper.id)
        agree(session, shopper.id, number)
        return issue_token(shopper.id, "shopper")


def waiting() -> int:
    """Return how many receipts wait; as many as may where the database is away."""
    count = _count(col(Receipt.status).in_(WAITING_STATUSES))
    return WAITING_MAX + 1 if count is None else count


class Decided:
    """How many photographed receipts have ended; as many as before where the database is away."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> int:
        """As said."""
        count = _count(col(Receipt.status).not_in(WAITING_STATUSES))
        self._last = self._last if count is None else count
        return self._last


def _count(which: ColumnElement[bool]) -> int | None:
    photographed = select(func.count()).select_from(Receipt).where(Receipt.channel == "photo", which)
    try:
        with Session(engine()) as session:
            return session.exec(photographed).one()
    except SQLAlchemyError:
        return None

"""Event streams: what happens arrives as it happens, goes on where it broke off, and ends with the server."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from sqlmodel import Session

from api import streams
from api.errors import TooManyRequestsError
from api.routes import stream as routes
from app import create_app
from domain import settlement
from domain.events import outbox
from domain.events.outbox import Cursor, NewEvent
from domain.review import decisions
from domain.signin import sessions
from domain.signin.errors import SessionReusedError
from domain.signin.forgetting import be_forgotten
from domain.signin.sessions import Opened
from infra import clock
from infra.connections import Server, TimedProtocol, stopping
from infra.db import transaction
from infra.settings import override_settings
from infra.tokens import read_token
from schemas.base import new_id
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.signin import ShopperSession
from tests import make
from tests.make.console import in_review
from tests.make.signing import HERE

PATIENCE_SECONDS = 60.0


@pytest.fixture
def server(committed: None) -> Generator[Server]:
    """A server as `quetbill serve` runs it, whose streams last for a minute."""
    override_settings(stream_seconds_max=60)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            create_app(), http=TimedProtocol, log_config=None, lifespan="off", timeout_graceful_shutdown=5
        )
        config.port = listener.getsockname()[1]
        made = Server(config)
        thread = threading.Thread(target=made.run, kwargs={"sockets": [listener]})
        thread.start()
        while not made.started:
            time.sleep(0.01)
        yield made
        stopping.set()
        made.should_exit = True
        thread.join(20)
        stopping.clear()
    override_settings(stream_seconds_max=0)


@contextmanager
def watching(
    server: Server, path: str, shopper: Shopper, opened: Opened | None = None, **headers: str
) -> Iterator[Iterator[str]]:
    """The lines of a stream, which has begun; of a session where one is given."""
    url = f"http://127.0.0.1:{server.config.port}{path}"
    whose = {"Authorization": f"Bearer {opened.access}"} if opened else make.bearer(shopper)
    with httpx.stream("GET", url, headers=whose | headers, timeout=PATIENCE_SECONDS) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        yield lines


def next_event(lines: Iterator[str]) -> dict[str, Any]:
    """The next event: its type, its id and its data; comments are passed over."""
    told: dict[str, Any] = {}
    for line in lines:
        if line.startswith(":"):
            continue
        if not line and told:
            return told
        name, _, value = line.partition(": ")
        if name:
            told[name] = json.loads(value) if name == "data" else value
    raise AssertionError("the stream has ended")


def settle(shopper_id: UUID, number: int) -> UUID:
    with transaction() as session:
        owner = session.get_one(Shopper, shopper_id)
        receipt = make.make_receipt(session, owner, image=f"{number:064}")
        at = make.NOON - timedelta(minutes=17 * number)
        reading = make.make_reading(receipt_no=f"{number}{number:07}", purchased_at=at)
        settlement.settle_receipt(session, receipt.id, reading)
        return receipt.id


def waiting() -> tuple[UUID, Shopper]:
    """A receipt that waits for a person, and whose it is."""
    with transaction() as session:
        receipt = in_review(session)
        return receipt.id, session.get_one(Shopper, receipt.shopper_id)


@pytest.fixture
def shopper(committed: None) -> Shopper:
    with transaction() as session:
        make.make_campaign(session)
        return make.make_shopper(session)


def test_what_happens_arrives_and_a_broken_stream_goes_on_where_it_broke_off(
    server: Server, shopper: Shopper
) -> None:
    with transaction() as session:
        other = make.make_shopper(session, "0907654321")
    with watching(server, "/v1/me/events", shopper) as lines:
        assert next(lines).startswith(":")
        settle(other.id, 1)
        receipt_id = settle(shopper.id, 2)
        first = next_event(lines)
        assert (first["event"], first["data"]["subject"]) == ("receipt.settled", str(receipt_id))
        assert first["data"]["status"] == "approved"
        second = next_event(lines)
        assert (second["event"], second["data"]["brands"]) == ("points.credited", {"omo": 185})
        assert str(shopper.id) not in json.dumps([first, second])
    missed_id = settle(shopper.id, 3)
    with watching(server, "/v1/me/events", shopper, **{"Last-Event-ID": first["id"]}) as lines:
        again, missed = next_event(lines), next_event(lines)
        assert again["id"] == second["id"]
        assert missed["data"]["subject"] == str(missed_id)


def test_who_was_away_for_too_long_is_told_to_look_anew(server: Server, shopper: Shopper) -> None:
    for gone in (str(new_id()), "no id"):
        with watching(server, "/v1/me/events", shopper, **{"Last-Event-ID": gone}) as lines:
            assert next_event(lines)["event"] == "reset"


def test_a_receipt_s_stream_goes_on_while_a_person_decides(server: Server, shopper: Shopper) -> None:
    receipt_id, owner = waiting()
    with transaction() as session:
        reviewer = make.make_staff(session)
    path = f"/v1/receipts/{receipt_id}/events"
    with watching(server, path, owner) as lines:
        assert next_event(lines)["event"] == "in_review"
        with transaction() as session:
            decisions.settle_review(
                session, receipt_id, reviewer_id=reviewer.id, decision="approve", reason="Seen"
            )
        assert next_event(lines)["event"] == "approved"
        assert list(lines) == []
    with watching(server, path, owner, **{"Last-Event-ID": "approved"}) as lines:
        assert [line for line in lines if line.startswith("event")] == []


def forget(session: Session, opened: Opened) -> None:
    """Have whose session it is forgotten."""
    shopper = session.get_one(Shopper, session.get_one(ShopperSession, opened.session_id).shopper_id)
    be_forgotten(session, shopper, "erase")


def sign_out(session: Session, opened: Opened) -> None:
    """End the session, as another process would."""
    sessions.end_sessions(session, read_token(opened.access).subject, "signed_out")


def reuse(session: Session, opened: Opened) -> None:
    """Send its refresh token from another phone."""
    with suppress(SessionReusedError):
        sessions.refresh(session, opened.refresh, Origin(device="b" * 32))


@pytest.mark.parametrize("end", [sign_out, reuse, forget], ids=lambda end: end.__name__)
def test_a_stream_ends_with_its_session_and_no_other_does(
    server: Server, shopper: Shopper, end: Callable[[Session, Opened], None]
) -> None:
    receipt_id, owner = waiting()
    with transaction() as session:
        opened = sessions.begin_session(session, owner, "code", HERE, None)
        made = session.get_one(Shopper, shopper.id)
    with (
        watching(server, "/v1/me/events", owner, opened) as mine,
        watching(server, f"/v1/receipts/{receipt_id}/events", owner, opened) as theirs,
        watching(server, "/v1/me/events", made) as another,
    ):
        assert next(mine)
        assert next_event(theirs)["event"] == "in_review"
        assert next(another)
        with transaction() as session:
            end(session, opened)
            session.commit()
            # What happens from now on is told on no stream of theirs.
            later = NewEvent("later", "points.expired", owner.id, clock.now(), owner.id, {"brands": {}})
            outbox.record(session, [later])
        began = time.monotonic()
        assert [line for line in mine if line.startswith("event: points")] == []
        assert [line for line in theirs if line.startswith("event")] == ["event: timeout"]
        assert time.monotonic() - began < 10
        settle(made.id, 3)
        assert next_event(another)["event"] == "receipt.settled"


def test_streams_go_on_when_the_first_gives_up_while_it_begins(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = threading.Event()
    newest = streams._newest

    def slow() -> Cursor:
        begins.wait(10)
        return newest()

    async def watch(all_: streams.Streams) -> list[str]:
        watched = []

        async def one() -> None:
            async with all_.watch(new_id(), None) as watcher:
                watched.append("watches")
                with suppress(streams.StreamEnded):
                    await watcher.next(20)
                watched.append("ended")

        first, second = asyncio.create_task(one()), asyncio.create_task(one())
        await asyncio.sleep(0)
        first.cancel()
        begins.set()
        await asyncio.wait([second])
        return watched

    monkeypatch.setattr(streams, "_newest", slow)
    # The second belongs to nobody who stands: the look that it waits for ends it.
    assert asyncio.run(watch(streams.Streams())) == ["watches", "ended"]


def test_a_look_that_breaks_ends_who_watches_and_the_next_begins_anew(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ValueError

    async def watch(all_: streams.Streams) -> None:
        async with all_.watch(new_id(), None) as watcher:
            with pytest.raises(streams.StreamEnded):
                await watcher.next(20)

    async def both() -> None:
        made = streams.Streams()
        with monkeypatch.context() as patched:
            patched.setattr(streams, "_read", breaks)
            await watch(made)
        await watch(made)

    asyncio.run(both())


def test_a_silent_stream_shows_that_it_lives(
    server: Server, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "HEARTBEAT_SECONDS", 0.05)
    with watching(server, "/v1/me/events", shopper) as lines:
        assert [next(lines) for _ in range(5)] == [": here", "", ": here", "", ": here"]


def test_one_shopper_keeps_only_so_many_streams_open(server: Server, shopper: Shopper) -> None:
    url = f"http://127.0.0.1:{server.config.port}/v1/me/events"
    with ExitStack() as opened:
        for _ in range(streams.STREAMS_PER_PERSON_MAX):
            next(opened.enter_context(watching(server, "/v1/me/events", shopper)))
        refused = httpx.get(url, headers=make.bearer(shopper), timeout=PATIENCE_SECONDS)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"]


def test_a_stream_too_many_whose_answer_has_begun_just_ends_and_those_that_end_make_room(
    committed: None,
) -> None:
    async def watch_too_often(all_: streams.Streams) -> None:
        shopper_id = new_id()
        async with AsyncExitStack() as opened:
            # All are let in before the first of them is counted.
            for _ in range(streams.STREAMS_PER_PERSON_MAX + 1):
                all_.check_room(shopper_id)
            for _ in range(streams.STREAMS_PER_PERSON_MAX):
                await opened.enter_async_context(all_.watch(shopper_id, None))
            with pytest.raises(streams.StreamEnded):
                await opened.enter_async_context(all_.watch(shopper_id, None))
            with pytest.raises(TooManyRequestsError):
                all_.check_room(shopper_id)
            all_.check_room(new_id())
        all_.check_room(shopper_id)

    asyncio.run(watch_too_often(streams.Streams()))


def test_a_stop_ends_who_watches_at_once(server: Server, shopper: Shopper) -> None:
    receipt_id, owner = waiting()
    with (
        watching(server, "/v1/me/events", shopper) as mine,
        watching(server, f"/v1/receipts/{receipt_id}/events", owner) as theirs,
    ):
        assert next(mine)
        assert next_event(theirs)["event"] == "in_review"
        began = time.monotonic()
        server.handle_exit(signal.SIGTERM, None)
        assert [line for line in mine if line and not line.startswith(":")] == []
        assert "event: timeout" in list(theirs)
        # Far from the seconds after which requests that do not end are broken off.
        assert time.monotonic() - began < 3

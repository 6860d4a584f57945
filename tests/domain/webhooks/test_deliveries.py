"""Webhooks reach those who take them, at least once and under one id, whatever receivers and processes do."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select
from standardwebhooks import Webhook

from domain.events import outbox
from domain.events.outbox import NewEvent
from domain.webhooks import deliveries, endpoints, replay
from infra import clock
from infra.db import engine, transaction
from infra.settings import override_settings
from schemas.base import new_id
from schemas.people import StaffAct
from schemas.webhooks import (
    EndpointChanges,
    EndpointView,
    NewEndpoint,
    ReplayRange,
    WebhookDelivery,
    WebhookEndpoint,
)
from tests import make
from tests.make.receivers import Received, Receiver, receiver
from workers import deliver

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(autouse=True)
def start() -> Generator[datetime]:
    """When each test begins; its clock stands until it is moved on."""
    override_settings(outbound_networks="127.0.0.0/8")
    begun = clock.now()
    clock.pretend(begun)
    yield begun
    clock.pretend(None)
    override_settings(outbound_networks="")


@pytest.fixture
def got() -> Generator[Receiver]:
    with receiver() as listening:
        yield listening


@pytest.fixture
def admin_id() -> UUID:
    with transaction() as session:
        return make.make_staff(session, "admin").id


def listen(admin_id: UUID, url: str, **values: Any) -> EndpointView:
    with transaction() as session:
        return endpoints.add_endpoint(session, NewEndpoint(url=url, **values), admin_id)


def happen(count: int = 1, type_: Any = "receipt.settled") -> None:
    with transaction() as session:
        subject = new_id()
        data = {"status": "approved", "points": 5, "reasons": []}
        outbox.record(
            session,
            [NewEvent(str(n), type_, subject, clock.now(), new_id(), data) for n in range(count)],
        )


def turn() -> None:
    """Send what is due, and wait until that is over."""

    async def once() -> None:
        one = deliver.Deliverer()
        await one.turn()
        await one.finish()

    asyncio.run(once())


def later(pause: timedelta) -> None:
    clock.pretend(clock.now() + pause)


def rows() -> list[WebhookDelivery]:
    with Session(engine()) as session:
        return list(session.exec(select(WebhookDelivery).order_by(col(WebhookDelivery.id))).all())


def endpoint(endpoint_id: UUID) -> WebhookEndpoint:
    with Session(engine()) as session:
        return session.get_one(WebhookEndpoint, endpoint_id)


def test_an_event_is_delivered_once_signed_and_without_whose_it_is(got: Receiver, admin_id: UUID) -> None:
    told = listen(admin_id, got.url("/200"))
    happen()
    turn()
    turn()
    [request] = got.received
    assert told.secret
    body = Webhook(told.secret).verify(request.body, request.headers)
    assert body["type"] == "receipt.settled"
    assert body["data"].keys() == {"subject", "version", "format", "status", "points", "reasons"}
    [row] = rows()
    assert (row.state, row.attempts, row.last_status) == ("delivered", 1, 200)
    assert request.headers["webhook-id"] == str(row.event_key)


def test_a_shopper_who_is_an_event_s_subject_is_told_by_a_pseudonym(got: Receiver, admin_id: UUID) -> None:
    listen(admin_id, got.url("/200"))
    shopper_id = new_id()
    with transaction() as session:
        data = {"tier": "gold"}
        outbox.record(session, [NewEvent("up", "tier.reached", shopper_id, clock.now(), shopper_id, data)])
    turn()
    [request] = got.received
    assert str(shopper_id).encode() not in request.body
    assert b'"tier.reached"' in request.body


@pytest.mark.parametrize(
    ("path", "status", "fault"),
    [("/500", 500, None), ("/redirect", 307, None), ("/cut", None, "cut_short"), ("/hang", None, "timeout")],
)
def test_what_is_no_good_answer_is_sent_again_under_the_same_id(
    got: Receiver,
    admin_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    status: int | None,
    fault: str | None,
) -> None:
    monkeypatch.setattr(deliver, "ATTEMPT_SECONDS", 0.5)
    listen(admin_id, got.url(path))
    happen()
    turn()
    [row] = rows()
    assert (row.state, row.last_status, row.last_fault) == ("due", status, fault)
    turn()
    assert len(got.received) == 1
    later(timedelta(seconds=7))
    turn()
    first, second = got.received
    assert first.path == second.path == path
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_receiver_that_asks_to_wait_for_no_number_is_noted_like_any_other(
    got: Receiver, admin_id: UUID
) -> None:
    got.retry_after = "²"
    listen(admin_id, got.url("/429"))
    happen()
    turn()
    assert [(row.state, row.last_status) for row in rows()] == [("due", 429)]


def test_a_name_that_no_server_could_be_asked_for_is_noted_like_any_other(
    got: Receiver, admin_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "checked_address", lambda url: url)
    listen(admin_id, "http://crm..example.vn/hook")
    happen()
    turn()
    assert [row.last_fault for row in rows()] == ["no_connection"]


def test_an_endpoint_that_hangs_holds_up_itself_alone(
    got: Receiver, admin_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for a good answer on a busy machine.
    monkeypatch.setattr(deliver, "ATTEMPT_SECONDS", 4.0)
    hangs = listen(admin_id, got.url("/hang"))
    listen(admin_id, got.url("/200"))
    happen(2 * deliveries.AT_ONCE_MAX)
    turn()
    turn()
    assert got.paths().count("/200") == 2 * deliveries.AT_ONCE_MAX
    assert got.paths().count("/hang") == deliveries.AT_ONCE_MAX
    assert endpoint(hangs.id).paused_until == clock.now() + deliveries.PAUSE_FIRST


def test_an_outage_that_outlasts_its_pause_makes_the_next_one_longer(got: Receiver, admin_id: UUID) -> None:
    away = listen(admin_id, got.url("/503/away"))
    got.retry_after = "0"
    happen(deliveries.AT_ONCE_MAX)
    turn()
    assert endpoint(away.id).paused_until == clock.now() + deliveries.PAUSE_FIRST
    happen(deliveries.AT_ONCE_MAX)
    later(deliveries.PAUSE_FIRST)
    turn()
    assert endpoint(away.id).paused_until == clock.now() + 2 * deliveries.PAUSE_FIRST


def test_a_receiver_that_is_busy_is_left_alone_for_as_long_as_it_asks(got: Receiver, admin_id: UUID) -> None:
    busy = listen(admin_id, got.url("/429"))
    happen()
    turn()
    happen()
    later(timedelta(seconds=119))
    turn()
    assert len(got.received) == 1
    with transaction() as session:
        endpoints.change_endpoint(session, busy.id, EndpointChanges(url=got.url("/200")), admin_id)
    later(timedelta(seconds=1))
    turn()
    assert got.paths() == ["/200", "/200", "/429"]
    assert endpoint(busy.id).failing_since is None


def test_a_receiver_that_is_gone_is_told_nothing_more(got: Receiver, admin_id: UUID) -> None:
    gone = listen(admin_id, got.url("/410"))
    happen()
    turn()
    happen()
    later(timedelta(days=1))
    turn()
    assert got.paths() == ["/410"]
    assert [row.state for row in rows()] == ["dead"]
    assert (endpoint(gone.id).state, endpoint(gone.id).disabled_why) == ("disabled", "gone")
    with Session(engine()) as session:
        acts = session.exec(select(StaffAct.act).order_by(col(StaffAct.id))).all()
    assert acts == ["webhook_added", "webhook_disabled"]


def test_after_three_days_what_was_never_taken_is_a_dead_letter_and_the_endpoint_is_off(
    got: Receiver, admin_id: UUID, start: datetime
) -> None:
    dead = listen(admin_id, got.url("/500"))
    happen()
    while rows() == [] or rows()[0].state == "due":
        turn()
        [row] = rows()
        later(max(row.due_at - clock.now(), timedelta(0)))
    assert row.attempts == len(got.received) == 1 + len(deliveries.SCHEDULE)
    assert timedelta(days=3) < clock.now() - start < timedelta(days=4)
    assert (endpoint(dead.id).state, endpoint(dead.id).disabled_why) == ("disabled", "failing")


def test_one_event_or_a_time_is_replayed_also_to_who_never_got_it(got: Receiver, admin_id: UUID) -> None:
    happen()
    before = clock.now()
    later(timedelta(hours=1))
    listening = listen(admin_id, got.url("/200"), types=["receipt.settled"])
    happen()
    happen(type_="points.credited")
    turn()
    assert len(got.received) == 1
    [row] = rows()
    with transaction() as session:
        replay.replay_one(session, listening.id, row.id, admin_id)
    turn()
    first, again = got.received
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    with transaction() as session:
        asked = ReplayRange(since=before, until=clock.now() + timedelta(seconds=1))
        assert replay.replay_range(session, listening.id, asked, admin_id) == 2
    turn()
    assert len(got.received) == 4
    assert len({request.headers["webhook-id"] for request in got.received}) == 2


def test_while_a_secret_changes_both_sign_and_a_day_later_the_new_one_alone(
    got: Receiver, admin_id: UUID
) -> None:
    old = listen(admin_id, got.url("/200"))
    with transaction() as session:
        new = endpoints.rotate_secret(session, old.id, admin_id)
        assert endpoints.endpoint_view(session, old.id).secret is None
    assert old.secret
    assert new.secret
    assert new.secret != old.secret
    happen()
    turn()
    later(timedelta(hours=24))
    happen()
    turn()
    during, after = (request.headers["webhook-signature"].split() for request in got.received)
    assert (len(during), len(after)) == (2, 1)
    for secret in (old.secret, new.secret):
        assert Webhook(secret).verify(got.received[0].body, got.received[0].headers)


def test_a_deliverer_killed_between_sending_and_noting_leaves_it_to_be_sent_again(
    got: Receiver, admin_id: UUID
) -> None:
    listen(admin_id, got.url("/200"))
    happen()
    started: list[subprocess.Popen[bytes]] = []

    def kill(_request: Received) -> None:
        started[0].send_signal(signal.SIGKILL)
        started[0].wait()

    got.on_request = kill
    started.append(subprocess.Popen([sys.executable, "-m", "workers.deliver", str(os.getpid())]))
    try:
        started[0].wait(200)
    finally:
        started[0].kill()
    got.on_request = lambda _request: None
    assert [row.state for row in rows()] == ["due"]
    turn()
    assert len(got.received) == 1
    # The one that was killed claimed by the real clock, however long it took to start.
    clock.pretend(None)
    later(deliveries.CLAIM)
    turn()
    first, second = got.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert [row.state for row in rows()] == ["delivered"]


def test_what_is_inside_our_network_is_never_connected_to(got: Receiver, admin_id: UUID) -> None:
    listen(admin_id, got.url("/200").replace("127.0.0.1", "localhost.localdomain"))
    listen(admin_id, got.url("/200"))
    override_settings(outbound_networks="")
    happen()
    turn()
    assert got.received == []
    assert {row.last_fault for row in rows()} <= {"refused_address", "no_connection"}
    assert "refused_address" in {row.last_fault for row in rows()}

"""Codes on their way to a phone: each is handed over, under one reference, whatever dies in between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlmodel import select

from domain.signin import codes, handing
from infra import clock, queue
from infra.code_senders import NotTakenError, TryAgainError
from infra.db import transaction
from schemas.signin import CodeBudget, OneTimeCode
from tests.make.signing import HERE, PHONE, KeptSender, open_code
from workers import chores
from workers import codes as job

pytestmark = pytest.mark.usefixtures("committed", "empty_redis")
Change = Callable[..., None]
RING = "workers.chores.ring_waiting_codes"


@pytest.fixture(autouse=True)
def sender(change_settings: Change, monkeypatch: pytest.MonkeyPatch) -> KeptSender:
    change_settings(code_provider="http", code_cost_vnd=1_000)
    made = KeptSender()
    monkeypatch.setattr(job, "code_sender", lambda: made)
    return made


def ask(phone: str = PHONE) -> UUID:
    with transaction() as session:
        return codes.ask_for_code(session, phone, HERE, "vi").id


def row(code_id: UUID) -> OneTimeCode:
    with transaction() as session:
        return session.get_one(OneTimeCode, code_id)


def reserved() -> int:
    with transaction() as session:
        return session.exec(select(CodeBudget.reserved_vnd)).one()


def test_a_code_is_handed_over_and_then_forgotten(sender: KeptSender) -> None:
    code_id = ask()
    with transaction() as session:
        code = open_code(session)
    job.send_code(str(code_id))
    [message] = sender.messages.values()
    assert (message.phone, message.code, message.reference) == ("+84901234567", code, str(code_id))
    sent = row(code_id)
    assert (sent.state, sent.sealed, sent.due_at) == ("sent", None, None)
    assert sent.provider_id == f"id-{code_id}"
    # It still opens: what is forgotten is what was on its way.
    with transaction() as session:
        assert codes.try_code(session, PHONE, code)


def test_a_bell_that_rings_twice_sends_once(sender: KeptSender) -> None:
    code_id = ask()
    threads = [threading.Thread(target=job.send_code, args=[str(code_id)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job.send_code(str(code_id))
    assert sender.asked == 1


def test_a_worker_that_dies_after_the_provider_s_yes_sends_under_the_same_reference(
    sender: KeptSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    code_id = ask()

    def died(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(handing, "note_taken", died)
        with pytest.raises(KeyboardInterrupt):
            job.send_code(str(code_id))
    # Nobody else is at it for as long as the worker may have been alive.
    job.send_code(str(code_id))
    assert sender.asked == 1
    with time_machine.travel(clock.now() + timedelta(seconds=41)):
        assert ring() == 1
        job.send_code(str(code_id))
        assert (sender.asked, len(sender.messages)) == (2, 1)
        assert row(code_id).state == "sent"
        assert ring() == 0


def ring() -> int:
    """How many codes the chore rings for."""
    with transaction() as session:
        return len(handing.codes_to_hand(session, 100))


def test_a_bell_that_redis_forgot_rings_again(sender: KeptSender) -> None:
    code_id = ask()
    queue.redis().flushall()
    assert ring() == 0
    with time_machine.travel(clock.now() + timedelta(seconds=10)):
        assert RING in chores.call_due_chores()
        assert chores.ring_waiting_codes() == 1
        waiting = [job_.args for job_ in _jobs() if job_.func_name == queue.SEND_CODE]
    assert waiting == [[str(code_id)]]


def _jobs() -> list[Job]:
    return list(Queue(queue.QUICK_QUEUE, connection=queue.redis(), serializer=JSONSerializer).jobs)


def test_redis_holds_neither_phone_nor_code(sender: KeptSender) -> None:
    code_id = ask()
    with transaction() as session:
        code = open_code(session)
    queue.ring_code(str(code_id))
    held = b""
    for key in queue.redis().scan_iter():
        held += key + (queue.redis().dump(key) or b"")
    assert str(code_id).encode() in held
    assert b"901234567" not in held
    assert code.encode() not in held


class Refusing(KeptSender):
    """A provider that raises."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def send(self, *_: object, **__: object) -> str | None:  # type: ignore[override]
        self.asked += 1
        raise self.error


def test_a_refused_code_costs_nothing_and_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = Refusing(NotTakenError("103"))
    monkeypatch.setattr(job, "code_sender", lambda: refusing)
    code_id = ask()
    assert reserved() == 1_000
    job.send_code(str(code_id))
    job.send_code(str(code_id))
    assert refusing.asked == 1
    assert (row(code_id).state, row(code_id).sealed, reserved()) == ("failed", None, 0)


REFUSED = NotTakenError("103")


@pytest.mark.parametrize(
    ("before", "then", "paid"),
    [
        ([], NotTakenError("777", is_sure=False), 1_000),
        ([TryAgainError(20)], REFUSED, 1_000),
        ([TryAgainError(20, is_sure=True)], REFUSED, 0),
        ([TryAgainError(20), TryAgainError(20, is_sure=True)], REFUSED, 1_000),
        ([KeyboardInterrupt()], REFUSED, 1_000),
    ],
    ids=["unsure", "hung", "throttled", "hung and throttled", "died"],
)
def test_a_code_is_free_only_where_no_try_may_have_sent_it(
    monkeypatch: pytest.MonkeyPatch, before: list[BaseException], then: NotTakenError, paid: int
) -> None:
    code_id = ask()
    now = clock.now()
    for place, error in enumerate([*before, then]):
        monkeypatch.setattr(job, "code_sender", lambda error=error: Refusing(error))
        with time_machine.travel(now + timedelta(seconds=50 * place)), suppress(KeyboardInterrupt):
            job.send_code(str(code_id))
    assert (row(code_id).state, reserved()) == ("failed", paid)


def test_a_code_that_may_have_been_taken_is_sent_again_and_paid_for(
    monkeypatch: pytest.MonkeyPatch, sender: KeptSender
) -> None:
    code_id = ask()
    with monkeypatch.context() as patched:
        patched.setattr(job, "code_sender", lambda: Refusing(TryAgainError(20)))
        job.send_code(str(code_id))
    assert (row(code_id).state, reserved()) == ("waiting", 1_000)
    job.send_code(str(code_id))
    assert sender.asked == 0
    with time_machine.travel(clock.now() + timedelta(seconds=26)):
        assert ring() == 1
        job.send_code(str(code_id))
    assert row(code_id).state == "sent"


def test_a_code_that_would_come_too_late_is_not_sent(sender: KeptSender) -> None:
    code_id = ask()
    with time_machine.travel(clock.now() + timedelta(seconds=270)):
        assert ring() == 0
        job.send_code(str(code_id))
    assert sender.asked == 0


def test_a_voided_code_is_not_sent(sender: KeptSender) -> None:
    first = ask()
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        second = ask()
        job.send_code(str(first))
        job.send_code(str(second))
    assert list(sender.messages) == [str(second)]


def test_a_code_sealed_with_another_key_is_left(sender: KeptSender, monkeypatch: pytest.MonkeyPatch) -> None:
    code_id = ask()
    with monkeypatch.context() as patched:
        other = {"other": b"another key of thirty-two bytes!"}
        patched.setattr("infra.secrets.purpose_keys", lambda _purpose: other)
        job.send_code(str(code_id))
    assert sender.asked == 0


def test_sign_ins_that_are_over_are_forgotten_by_a_chore() -> None:
    ask()
    with time_machine.travel(clock.now() + timedelta(days=4)):
        assert "workers.chores.forget_sign_ins" in chores.call_due_chores()
        assert chores.forget_sign_ins() >= 1
        with transaction() as session:
            assert session.exec(select(OneTimeCode)).all() == []

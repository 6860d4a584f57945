"""One-time codes: whom they go to, how often, at what price, and how many tries one takes."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlmodel import Session, col, func, select

from domain.signin import codes, spending
from domain.signin.errors import (
    CodeBudgetError,
    CodesOffError,
    PhoneNotTakenError,
    TooManyCodesError,
    WrongCodeError,
)
from infra import clock
from infra.code_senders import CodeMessage, NotTakenError, TryAgainError
from infra.db import engine, transaction
from schemas.origins import Origin
from schemas.signin import CodeBudget, OneTimeCode
from tests.make.signing import HERE, PHONE, open_code, other_than
from workers import codes as job

Change = Callable[..., None]


@pytest.fixture(autouse=True)
def carried(change_settings: Change, empty_redis: None) -> None:
    """Somebody carries codes, at the usual price, and nothing was asked for yet."""
    change_settings(code_provider="http")


def ask(session: Session, phone: str = PHONE, origin: Origin = HERE) -> OneTimeCode:
    return codes.ask_for_code(session, phone, origin, "vi")


@pytest.mark.parametrize("phone", ["0901234567", "+84 90 123 4567", "84901234567", "0352 345 678"])
def test_a_vietnamese_mobile_number_is_taken_however_it_is_written(phone: str) -> None:
    assert codes.mobile_e164(phone).startswith("+84")


@pytest.mark.parametrize(
    "phone",
    [
        "02838229999",  # a fixed line in Hồ Chí Minh City
        "19001234",  # a premium one
        "+12025550123",  # America's
        "+6591234567",  # Singapore's
        "+882346001234",  # a satellite's
        "0140123456",  # Vietnamese, and of machines or satellites
        "0121234567",
        "0901234567x12",
        "113",
        "0911",
        "no phone",
        "",
        "9" * 32,
    ],
)
def test_nothing_is_sent_to_any_other_number(session: Session, phone: str) -> None:
    with pytest.raises(PhoneNotTakenError):
        ask(session, phone)


def test_nobody_is_asked_where_no_provider_is_set(session: Session, change_settings: Change) -> None:
    change_settings(code_provider="")
    with pytest.raises(CodesOffError):
        ask(session)


def test_a_code_opens_once(session: Session) -> None:
    ask(session)
    code = open_code(session)
    assert len(code) == 6
    assert codes.try_code(session, "090 123 4567", f" {code[:3]} {code[3:]} ") == "+84901234567"
    with pytest.raises(WrongCodeError):
        codes.try_code(session, PHONE, code)


def test_a_new_code_voids_the_one_before(session: Session) -> None:
    ask(session)
    first = open_code(session)
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        ask(session)
        second = open_code(session)
        if first != second:
            with pytest.raises(WrongCodeError):
                codes.try_code(session, PHONE, first)
        assert codes.try_code(session, PHONE, second)


def test_a_code_is_good_for_five_minutes(session: Session) -> None:
    ask(session)
    code = open_code(session)
    with time_machine.travel(clock.now() + timedelta(seconds=301)), pytest.raises(WrongCodeError):
        codes.try_code(session, PHONE, code)


def test_the_sixth_try_is_refused_though_it_is_right(session: Session) -> None:
    ask(session)
    code = open_code(session)
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            codes.try_code(session, PHONE, other_than(code))
    with pytest.raises(WrongCodeError):
        codes.try_code(session, PHONE, code)


@pytest.mark.parametrize("tries", [160, pytest.param(1_008, marks=pytest.mark.fuzz)], ids=["few", "many"])
def test_of_any_number_of_tries_at_once_five_are_judged(committed: None, tries: int) -> None:
    with transaction() as session:
        code_id = ask(session).id
        code = open_code(session)
    started = threading.Barrier(16)
    judged = []

    def guess() -> None:
        started.wait()
        for _ in range(tries // 16):
            with transaction() as session, pytest.raises(WrongCodeError):
                codes.try_code(session, PHONE, other_than(code))
            judged.append(1)

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(judged) == tries
    with transaction() as session:
        assert session.get_one(OneTimeCode, code_id).tries == 5
        with pytest.raises(WrongCodeError):
            codes.try_code(session, PHONE, code)


def test_one_right_code_sent_twice_at_once_opens_once(committed: None) -> None:
    with transaction() as session:
        ask(session)
        code = open_code(session)
    opened = []

    def use() -> None:
        try:
            with transaction() as session:
                opened.append(codes.try_code(session, PHONE, code))
        except WrongCodeError:
            pass

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == ["+84901234567"]


def test_a_phone_gets_one_a_minute_three_an_hour_and_five_a_day(session: Session) -> None:
    start = clock.now()
    given, waits = [], []
    for second in (0, 50, 100, 200, 250, 3_550, 3_600, 3_650, 3_700, 7_550, 86_350, 86_400):
        with time_machine.travel(start + timedelta(seconds=second), tick=False):
            try:
                ask(session, origin=Origin())
                given.append(second)
            except TooManyCodesError as error:
                waits.append((second, error.values["retry_after_seconds"]))
    assert given == [0, 100, 200, 3_600, 3_700, 86_400]
    # What is said is when the next would be taken.
    assert (50, 11) in waits
    assert (250, 3_351) in waits
    assert (7_550, 86_400 - 7_550 + 1) in waits


def test_two_requests_for_one_phone_at_once_make_one_code(committed: None) -> None:
    made = []

    def request() -> None:
        try:
            with transaction() as session:
                made.append(ask(session).id)
        except TooManyCodesError:
            pass

    threads = [threading.Thread(target=request) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def numbers(count: int) -> list[str]:
    return [f"0901{number:06}" for number in range(count)]


def test_numbers_that_are_counted_upwards_are_stopped_by_what_they_share(session: Session) -> None:
    sent = 0
    for place, phone in enumerate(numbers(500)):
        # Each time from another address, network and installation.
        origin = Origin(device=f"d{place}", address=f"a{place}", network=f"n{place}")
        try:
            ask(session, phone, origin)
            sent += 1
        except TooManyCodesError:
            pass
    assert sent == 30


@pytest.mark.parametrize(("shared", "most"), [("address", 60), ("network", 300), ("device", 10)])
def test_one_who_asks_for_many_numbers_is_stopped(shared: str, most: int) -> None:
    for _ in range(most):
        spending.count_asking(Origin(**{shared: "one"}))
    with pytest.raises(TooManyCodesError) as refused:
        spending.count_asking(Origin(**{shared: "one"}))
    assert 0 < refused.value.values["retry_after_seconds"] <= 86_400
    spending.count_asking(Origin(**{shared: "another"}))


def test_ten_thousand_requests_cost_at_most_the_day_s_budget(
    session: Session, change_settings: Change
) -> None:
    """With every other guard off; a thousand here, since each past the budget goes the same way."""
    off = ("prefix_hour", "address_hour", "network_hour", "device_day")
    change_settings(
        code_budget_vnd_day=20_500, code_cost_vnd=1_000, **{f"codes_per_{name}_max": 0 for name in off}
    )
    waits = []
    for phone in numbers(1_000):
        try:
            ask(session, phone)
        except CodeBudgetError as error:
            waits.append(error.values["retry_after_seconds"])
    assert len(waits) == 980
    assert 0 < min(waits) <= max(waits) <= 86_401
    sent = session.exec(select(func.count()).select_from(OneTimeCode)).one()
    spent = session.exec(select(func.sum(col(OneTimeCode.cost_vnd)))).one()
    reserved = session.exec(select(CodeBudget.reserved_vnd)).one()
    assert (sent, spent, reserved) == (20, 20_000, 20_000)
    with time_machine.travel(clock.now() + timedelta(days=1)):
        assert ask(session, "0909999999").cost_vnd == 1_000


def test_a_budget_of_nothing_sends_nothing(session: Session, change_settings: Change) -> None:
    change_settings(code_budget_vnd_day=0)
    with pytest.raises(CodeBudgetError):
        ask(session)


def test_the_budget_holds_when_all_ask_at_once(committed: None, change_settings: Change) -> None:
    change_settings(code_budget_vnd_day=5_000, codes_per_prefix_hour_max=0, codes_per_device_day_max=0)
    made = []

    def request(phone: str) -> None:
        try:
            with transaction() as session:
                made.append(ask(session, phone).id)
        except CodeBudgetError:
            pass

    threads = [threading.Thread(target=request, args=[phone]) for phone in numbers(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine()) as session:
        reserved = session.exec(select(CodeBudget.reserved_vnd)).one()
    assert (len(made), reserved) == (5, 5_000)


class Whimsical:
    """A provider that takes, refuses, throttles or hangs; what it may have taken it asks money for."""

    def __init__(self) -> None:
        self.charged: set[str] = set()
        self.chance = random.Random(12)

    def send(self, message: CodeMessage, *, deadline: datetime) -> str | None:  # noqa: ARG002 - as all senders
        whim = self.chance.random()
        if whim < 0.2:
            raise NotTakenError("103")
        if whim < 0.3:
            raise TryAgainError(0, is_sure=True)
        self.charged.add(message.reference)
        if whim < 0.5:
            raise TryAgainError(0)
        if whim < 0.6:
            raise NotTakenError("999", is_sure=False)
        return "id"


@pytest.mark.parametrize(
    ("requests", "budget"),
    [(160, 30), pytest.param(10_000, 1_000, marks=pytest.mark.fuzz)],
    ids=["few", "many"],
)
def test_a_whimsical_provider_never_charges_more_than_the_day_s_budget(
    committed: None, change_settings: Change, monkeypatch: pytest.MonkeyPatch, requests: int, budget: int
) -> None:
    """Numbers in a row from 200 addresses, with every other guard off; what it puts off it is asked again."""
    off = {
        f"codes_per_{name}_max": 0 for name in ("prefix_hour", "address_hour", "network_hour", "device_day")
    }
    change_settings(code_budget_vnd_day=1_000 * budget, code_cost_vnd=1_000, **off)
    provider, refused = Whimsical(), []
    monkeypatch.setattr(job, "code_sender", lambda: provider)
    monkeypatch.setattr(
        job, "send_guarded", lambda sender, message, deadline: sender.send(message, deadline=deadline)
    )

    def some(first: int) -> None:
        for number in range(first, requests, 16):
            try:
                with transaction() as session:
                    origin = Origin(address=f"{number % 200}")
                    code_id = ask(session, f"0901{number:06}", origin).id
            except CodeBudgetError:
                refused.append(number)
                continue
            for _ in range(3):
                job.send_code(str(code_id))

    threads = [threading.Thread(target=some, args=[first]) for first in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine()) as session:
        reserved = session.exec(select(CodeBudget.reserved_vnd)).one()
    assert len(refused) > 0
    assert 1_000 * len(provider.charged) <= reserved <= 1_000 * budget


def test_few_codes_entered_against_the_usual_raise_the_alarm(session: Session) -> None:
    now = clock.now().replace(minute=20, second=30)
    last = now.replace(minute=0, second=0)
    for hours in range(1, 5):
        fill(session, last - timedelta(hours=hours), requested=40, verified=30)
    with time_machine.travel(now, tick=False):
        assert spending.figures(session)["alarm"] == 0
        fill(session, last, requested=100, verified=40)
        assert spending.figures(session)["alarm"] == 0
        fill(session, last, requested=20, verified=0)
        found = spending.figures(session)
    assert (found["requested"], found["verified"], found["alarm"]) == (120, 40, 1)


def fill(session: Session, at: object, *, requested: int, verified: int) -> None:
    for count, is_verified in ((requested, False), (verified, True)):
        for _ in range(count):
            spending.count_traffic(session, at, verified=is_verified)  # type: ignore[arg-type]


def test_a_code_that_was_entered_counts_for_when_it_was_asked_for(session: Session) -> None:
    quarter = clock.now().replace(minute=15, second=0)
    with time_machine.travel(quarter + timedelta(minutes=14)):
        ask(session)
    with time_machine.travel(quarter + timedelta(minutes=16)):
        codes.try_code(session, PHONE, open_code(session))
    with time_machine.travel(quarter + timedelta(minutes=21)):
        found = spending.figures(session)
    assert found["reserved_vnd"] == 1_000
    assert (found["requested"], found["verified"]) == (1, 1)


def test_what_is_kept_tells_neither_phone_nor_code_and_goes(session: Session) -> None:
    made = ask(session)
    code = open_code(session)
    kept = repr(made.model_dump())
    assert "901234567" not in kept
    assert code not in made.code_digest
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert codes.forget_codes(session, 100) == 1
        session.expire_all()
        assert (made.sealed, made.due_at, made.state) == (None, None, "failed")
    with time_machine.travel(clock.now() + timedelta(days=4)):
        assert codes.forget_codes(session, 100) == 1
        assert session.exec(select(func.count()).select_from(OneTimeCode)).one() == 0

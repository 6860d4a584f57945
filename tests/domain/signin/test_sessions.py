"""Sessions: refresh tokens that follow one another, when a session ends, and that honest clients stay in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlmodel import Session, select

from domain.errors import DomainError, NotFoundError
from domain.signin import sessions
from domain.signin.errors import (
    RefreshRefusedError,
    SessionExpiredError,
    SessionReusedError,
    SignedOutError,
)
from domain.signin.forgetting import forget_ways_in
from domain.signin.standing import standing
from infra import clock, secrets
from infra.db import transaction
from infra.tokens import TOKEN_KEY, TokenError, access_token, read_token
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.signin import Device, ShopperSession
from tests import make
from tests.make.signing import HERE

ELSEWHERE = Origin(device="b" * 32, client="browser")


def begin(session: Session, origin: Origin = HERE, name: str | None = None) -> sessions.Opened:
    return sessions.begin_session(session, make.make_shopper(session), "code", origin, name)


def stands(session: Session, opened: sessions.Opened) -> bool:
    said = read_token(opened.access)
    assert said.session_id == opened.session_id
    return standing(session, said.subject, opened.session_id) is not None


def refused(session: Session, token: str, origin: Origin = HERE) -> type[DomainError]:
    with pytest.raises(DomainError) as error:
        sessions.refresh(session, token, origin)
    session.flush()
    return type(error.value)


def test_each_refresh_gives_another_token_of_the_same_session(session: Session) -> None:
    first = begin(session)
    second = sessions.refresh(session, first.refresh, HERE)
    third = sessions.refresh(session, second.refresh, HERE)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert {second.session_id, third.session_id} == {first.session_id}
    assert len(first.refresh) == 70


def test_no_token_is_kept_nor_anything_that_is_one(
    session: Session, change_secrets: Callable[..., None]
) -> None:
    first = begin(session)
    row = session.get_one(ShopperSession, first.session_id)
    secret = secrets.mac(sessions.REFRESH, sessions._material(row, 0))
    kept = [value for value in row.model_dump().values() if isinstance(value, bytes)]
    assert kept == [row.refresh_seed]
    assert row.refresh_seed not in secret
    change_secrets(
        token="another server's key that is as long", hash="h" * 32, code="c" * 32, pseudonym="p" * 32
    )
    assert secrets.mac(sessions.REFRESH, sessions._material(row, 0)) != secret


def test_a_token_used_a_moment_ago_is_answered_with_the_live_one(session: Session) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False):
        first = begin(session)
        second = sessions.refresh(session, first.refresh, HERE)
        assert sessions.refresh(session, first.refresh, HERE).refresh == second.refresh
    with time_machine.travel(start + timedelta(seconds=30), tick=False):
        third = sessions.refresh(session, second.refresh, HERE)
    with time_machine.travel(start + timedelta(seconds=60), tick=False):
        assert sessions.refresh(session, first.refresh, HERE).refresh == third.refresh
        assert sessions.refresh(session, second.refresh, HERE).refresh == third.refresh


def test_a_token_used_a_minute_ago_ends_the_session(session: Session) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False):
        first = begin(session)
        second = sessions.refresh(session, first.refresh, HERE)
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        assert stands(session, second)
        assert refused(session, first.refresh) is SessionReusedError
        assert not stands(session, second)
        assert refused(session, second.refresh) is SessionReusedError


def test_an_old_token_is_known_for_old_however_many_followed(session: Session) -> None:
    opened = first = begin(session)
    for _ in range(sessions.GENERATIONS_KEPT + 5):
        opened = sessions.refresh(session, opened.refresh, HERE)
    row = session.get_one(ShopperSession, first.session_id)
    assert len(row.rotated_at) == sessions.GENERATIONS_KEPT
    assert refused(session, first.refresh) is SessionReusedError


@pytest.mark.parametrize("origin", [ELSEWHERE, Origin()])
def test_a_token_from_another_device_ends_the_session(session: Session, origin: Origin) -> None:
    first = begin(session)
    assert refused(session, first.refresh, origin) is SessionReusedError
    assert refused(session, first.refresh) is SessionReusedError


def test_a_clock_that_was_set_back_makes_no_old_token_young(session: Session) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False):
        first = begin(session)
        sessions.refresh(session, first.refresh, HERE)
    with time_machine.travel(start - timedelta(minutes=5), tick=False):
        assert refused(session, first.refresh) is SessionReusedError


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 70, "=" * 70, "A" * 71, "\0"])
def test_what_is_no_token_ends_nothing(session: Session, token: str) -> None:
    first = begin(session)
    assert refused(session, token) is RefreshRefusedError
    assert sessions.refresh(session, first.refresh, HERE)


def test_a_token_made_up_from_a_session_s_id_ends_nothing(session: Session) -> None:
    first = begin(session)
    second = sessions.refresh(session, first.refresh, HERE)
    forged = second.refresh[:30] + ("A" if second.refresh[30] != "A" else "B") + second.refresh[31:]
    later = sessions.refresh(session, second.refresh, HERE).refresh
    ahead = later[:21] + "_" + later[22:]
    for token in (forged, ahead):
        assert refused(session, token) is RefreshRefusedError
    assert stands(session, second)


def test_signing_out_and_reuse_are_told_apart_and_end_at_once(session: Session) -> None:
    first = begin(session)
    shopper_id = read_token(first.access).subject
    elsewhere = begin(session, ELSEWHERE)
    assert sessions.end_sessions(session, shopper_id, "signed_out", session_id=first.session_id) == 1
    assert (stands(session, first), stands(session, elsewhere)) == (False, True)
    assert refused(session, first.refresh) is SignedOutError
    assert sessions.end_sessions(session, shopper_id, "signed_out") == 1
    assert not stands(session, elsewhere)


def test_all_but_this_one_end(session: Session) -> None:
    here, elsewhere = begin(session), begin(session, ELSEWHERE)
    shopper_id = read_token(here.access).subject
    assert sessions.end_sessions(session, shopper_id, "signed_out", keep_session_id=here.session_id) == 1
    assert (stands(session, here), stands(session, elsewhere)) == (True, False)


def test_another_shopper_s_device_is_not_there(session: Session) -> None:
    mine = begin(session)
    other = sessions.begin_session(session, make.make_shopper(session, "0909999999"), "code", HERE, None)
    theirs = session.get_one(ShopperSession, other.session_id).device_id
    with pytest.raises(NotFoundError):
        sessions.sign_out_device(session, read_token(mine.access).subject, theirs)
    assert stands(session, other)
    # Nor does an access token open another's session.
    assert standing(session, read_token(mine.access).subject, other.session_id) is None


def test_signing_in_again_on_a_device_replaces_its_session(session: Session) -> None:
    first, second = begin(session, name="Lan's phone"), begin(session)
    assert (stands(session, first), stands(session, second)) == (False, True)
    shopper_id = read_token(second.access).subject
    assert [view.name for view in sessions.devices(session, shopper_id, second.session_id)] == ["Lan's phone"]
    # Who does not say which installation they are is another device each time.
    begin(session, Origin())
    begin(session, Origin())
    views = sessions.devices(session, shopper_id, second.session_id)
    assert [view.here for view in views] == [False, False, True]


def test_an_account_has_a_bounded_number_of_sessions(session: Session) -> None:
    opened = [begin(session, Origin()) for _ in range(sessions.SESSIONS_MAX + 2)]
    assert [stands(session, one) for one in opened] == [False, False] + [True] * sessions.SESSIONS_MAX


def test_a_session_slides_for_weeks_and_ends_after_half_a_year(session: Session) -> None:
    start = clock.now()
    opened = begin(session)
    for day in range(40, 180, 40):
        with time_machine.travel(start + timedelta(days=day)):
            opened = sessions.refresh(session, opened.refresh, HERE)
    with time_machine.travel(start + timedelta(days=179)):
        opened = sessions.refresh(session, opened.refresh, HERE)
    with time_machine.travel(start + timedelta(days=180, seconds=1)):
        assert refused(session, opened.refresh) is SessionExpiredError


def test_a_session_that_nobody_uses_ends(session: Session) -> None:
    opened = begin(session)
    with time_machine.travel(clock.now() + timedelta(days=46)):
        assert refused(session, opened.refresh) is SessionExpiredError
        assert refused(session, opened.refresh) is SessionExpiredError
    with time_machine.travel(clock.now() + timedelta(days=90)):
        assert sessions.forget_sessions(session, 100) == 1
        assert refused(session, opened.refresh) is RefreshRefusedError
    with time_machine.travel(clock.now() + timedelta(days=400)):
        assert sessions.forget_sessions(session, 100) == 1
        assert session.exec(select(Device)).all() == []


def test_a_session_that_is_used_is_not_forgotten(session: Session) -> None:
    opened = begin(session)
    with time_machine.travel(clock.now() + timedelta(days=44)):
        opened = sessions.refresh(session, opened.refresh, HERE)
        assert sessions.forget_sessions(session, 100) == 0
    with time_machine.travel(clock.now() + timedelta(days=80)):
        assert sessions.forget_sessions(session, 100) == 0
        assert sessions.refresh(session, opened.refresh, HERE)


def test_an_access_token_is_good_for_minutes_and_signed_with_a_key_of_its_own(session: Session) -> None:
    opened = begin(session)
    said = read_token(opened.access)
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=31)), pytest.raises(TokenError):
        read_token(opened.access)
    with pytest.MonkeyPatch.context() as patched:
        # The key of tokens made at the command line signs none of a session.
        patched.setattr("infra.tokens.purpose_keys", lambda _purpose: secrets.purpose_keys(TOKEN_KEY))
        forged = access_token(said.subject, opened.session_id)
    with pytest.raises(TokenError):
        read_token(forged)


def test_ways_in_are_forgotten_whole(session: Session) -> None:
    opened = begin(session)
    shopper = session.get_one(Shopper, read_token(opened.access).subject)
    forget_ways_in(session, shopper)
    assert session.exec(select(Device)).all() == []
    assert not stands(session, opened)


def test_refreshes_at_once_all_get_the_same(committed: None) -> None:
    with transaction() as session:
        first = begin(session)
    together = threading.Barrier(8)
    answers = []

    def ask() -> None:
        together.wait()
        with transaction() as session:
            answers.append(sessions.refresh(session, first.refresh, HERE).refresh)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1

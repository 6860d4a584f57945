"""Staff sign in to the console with a password and a one-time code."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from sqlmodel import Session, select

from domain.people import staff
from domain.people.errors import WeakPasswordError
from infra import clock, rates
from infra.settings import settings
from schemas.people import StaffAct, StaffCredential
from tests import make
from tests.make import console

pytestmark = pytest.mark.usefixtures("empty_redis")
# Before the tests put a cheap one in its place.
HASHER = staff._hasher


def test_password_and_code_open_the_console(client: TestClient, session: Session) -> None:
    member = console.enrol(session)
    answer = console.sign_in(client, session, member)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
    assert client.get("/console/review").status_code == 200


def test_a_password_is_kept_as_dear_to_guess_as_is_advised() -> None:
    kept = HASHER().hash(console.PASSWORD)
    _, kind, _, cost, *_ = kept.split("$")
    assert (kind, cost) == ("argon2id", "m=65536,t=3,p=4")
    assert HASHER().verify(console.PASSWORD, kept)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: TestClient, session: Session) -> None:
    answer = console.sign_in(client, session, console.enrol(session))
    [cookie] = [value for value in answer.headers.get_list("set-cookie") if "quetbill_console=" in value]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/console" in cookie


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"code": "000000"}, {"email": "nobody@example.vn"}])
def test_each_of_address_password_and_code_must_be_right(
    client: TestClient, session: Session, wrong: dict[str, str]
) -> None:
    answer = console.sign_in(client, session, console.enrol(session), **wrong)
    assert answer.status_code == 401
    assert client.get("/console/review", follow_redirects=False).status_code == 303


def test_a_code_is_good_once(client: TestClient, session: Session) -> None:
    member = console.enrol(session)
    assert console.sign_in(client, session, member).status_code == 303
    client.cookies.clear()
    assert console.sign_in(client, session, member).status_code == 401
    assert console.sign_in(client, session, member, steps=1).status_code == 303


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 303), (1, 303), (2, 401)])
def test_a_phone_s_clock_may_be_half_a_minute_off(
    client: TestClient, session: Session, steps: int, status: int
) -> None:
    assert console.sign_in(client, session, console.enrol(session), steps=steps).status_code == status


def test_failures_lock_the_account_for_a_while_even_for_the_right_password(
    client: TestClient, session: Session
) -> None:
    member = console.enrol(session)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for _ in range(5):
            assert console.sign_in(client, session, member, password="guess").status_code == 401
        assert console.sign_in(client, session, member).status_code == 401
        traveller.shift(timedelta(seconds=61))
        assert console.sign_in(client, session, member).status_code == 303


def test_one_address_can_t_try_everybody(client: TestClient, session: Session) -> None:
    member = console.enrol(session)
    for number in range(30):
        console.sign_in(client, session, member, email=f"guess{number}@example.vn")
    refused = console.sign_in(client, session, member)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 900


def test_signing_in_counts_for_nothing_against_an_office_with_one_address(
    client: TestClient, session: Session
) -> None:
    for number in range(35):
        client.cookies.clear()
        member = console.enrol(session, email=f"colleague{number}@example.vn")
        assert console.sign_in(client, session, member).status_code == 303


def test_attempts_are_counted_before_they_are_looked_at(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = console.enrol(session)
    looked: list[str] = []
    monkeypatch.setattr(staff, "sign_in", lambda *_, **__: looked.append("") or staff.SignIn(None, "wrong"))
    for _ in range(60):
        console.sign_in(client, session, member, password="guess")
    assert len(looked) == 30


def test_without_redis_a_process_still_counts_for_itself(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(url: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(rates, "_in_redis", away)
    monkeypatch.setitem(rates._pause, "until", 0.0)
    rates._own.cache_clear()
    member = console.enrol(session)
    answers = [console.sign_in(client, session, member, password="guess").status_code for _ in range(31)]
    assert answers == [401] * 30 + [429]
    rates._own.cache_clear()


def test_a_locked_account_is_not_told_from_one_that_nobody_has(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = console.enrol(session)
    hashed: list[str] = []
    hasher = staff._hasher()
    monkeypatch.setattr(staff, "_hasher", lambda: Counting(hasher, hashed))
    for _ in range(6):
        assert console.sign_in(client, session, member, password="guess").status_code == 401
    assert console.sign_in(client, session, member, email="nobody@example.vn").status_code == 401
    assert len(hashed) == 7


class Counting:
    """A hasher that notes how often it works."""

    def __init__(self, hasher: PasswordHash, hashed: list[str]) -> None:
        self.hasher, self.hashed = hasher, hashed

    def hash(self, password: str) -> str:
        return self.hasher.hash(password)

    def verify(self, password: str, kept: str) -> bool:
        self.hashed.append(kept)
        return self.hasher.verify(password, kept)


def from_address(client: TestClient, address: str) -> None:
    client.headers["X-Forwarded-For"] = address


def test_nobody_locks_a_colleague_out_from_elsewhere(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.web.addresses.is_trusted", lambda peer: str(peer) == "127.0.0.2")
    client._transport.client = ("127.0.0.2", 1)  # type: ignore[attr-defined]
    member = console.enrol(session)
    from_address(client, "203.0.113.7")
    for _ in range(29):
        console.sign_in(client, session, member, password="guess")
    assert console.sign_in(client, session, member).status_code == 401
    from_address(client, "198.51.100.9")
    assert console.sign_in(client, session, member).status_code == 303


def test_who_has_the_password_but_no_code_is_locked_out_from_everywhere(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.web.addresses.is_trusted", lambda peer: str(peer) == "127.0.0.2")
    client._transport.client = ("127.0.0.2", 1)  # type: ignore[attr-defined]
    member = console.enrol(session)
    for number in range(5):
        from_address(client, f"203.0.113.{number}")
        assert console.sign_in(client, session, member, code="000000").status_code == 401
    from_address(client, "198.51.100.9")
    assert console.sign_in(client, session, member).status_code == 401


def test_an_address_that_no_proxy_of_ours_vouches_for_is_not_believed(
    client: TestClient, session: Session
) -> None:
    client._transport.client = ("127.0.0.1", 1)  # type: ignore[attr-defined]
    member = console.enrol(session)
    for number in range(30):
        from_address(client, f"203.0.113.{number}")
        console.sign_in(client, session, member, email=f"guess{number}@example.vn")
    assert console.sign_in(client, session, member).status_code == 429


@pytest.mark.parametrize(
    ("public_url", "proxy", "secure"),
    [
        ("https://diem.vn", "", True),
        ("", "127.0.0.2", True),
        ("", "127.0.0.9", False),
        ("http://x", "127.0.0.2", False),
    ],
)
def test_the_cookie_is_for_encrypted_connections_where_the_browser_s_is(
    client: TestClient,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    public_url: str,
    proxy: str,
    *,
    secure: bool,
) -> None:
    monkeypatch.setenv("QUETBILL_PUBLIC_URL", public_url)
    monkeypatch.setenv("QUETBILL_TRUSTED_PROXIES", f"{proxy}/32" if proxy else "")
    settings.cache_clear()
    client._transport.client = ("127.0.0.2", 1)  # type: ignore[attr-defined]
    client.headers["X-Forwarded-Proto"] = "https"
    answer = client.get("/console/sign-in")
    monkeypatch.undo()
    settings.cache_clear()
    assert ("Secure" in answer.headers["set-cookie"]) is secure


def test_signing_out_ends_every_session_of_the_member(client: TestClient, session: Session) -> None:
    member = console.enrol(session)
    console.sign_in(client, session, member)
    stolen = client.cookies["quetbill_console"]
    assert console.post(client, "/console/sign-out").status_code == 303
    client.cookies.set("quetbill_console", stolen, path="/console")
    assert client.get("/console/review", follow_redirects=False).status_code == 303


def test_a_session_lasts_a_working_day(client: TestClient, session: Session) -> None:
    console.sign_in(client, session, console.enrol(session))
    with time_machine.travel(clock.now() + timedelta(hours=9)):
        assert client.get("/console/review", follow_redirects=False).status_code == 200
    with time_machine.travel(clock.now() + timedelta(hours=11)):
        assert client.get("/console/review", follow_redirects=False).status_code == 303


def test_a_bearer_token_is_no_cookie(client: TestClient, session: Session) -> None:
    member = console.enrol(session, "admin")
    bearer = make.bearer(member)["Authorization"].removeprefix("Bearer ")
    client.cookies.set("quetbill_console", bearer, path="/console")
    assert client.get("/console/review", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("token", ["", "made-up"])
def test_a_form_without_its_session_s_token_is_refused(
    client: TestClient, session: Session, token: str
) -> None:
    console.sign_in(client, session, console.enrol(session))
    answer = client.post("/console/review/next", data={"csrf": token}, follow_redirects=False)
    assert answer.status_code == 403


def test_a_form_that_another_site_sends_is_refused(client: TestClient, session: Session) -> None:
    console.sign_in(client, session, console.enrol(session))
    token = console.token_on(client.get("/console/review"))
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/console/review/next", data={"csrf": token}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "elsewhere", ["https://example.com/", "//example.com", "/console/\\example.com", "/v1/"]
)
def test_signing_in_never_leads_to_another_site(client: TestClient, session: Session, elsewhere: str) -> None:
    answer = console.sign_in(client, session, console.enrol(session), next=elsewhere)
    assert answer.headers["location"] == "/console/"


def test_the_wanted_page_follows_the_sign_in(client: TestClient, session: Session) -> None:
    asked = client.get("/console/review?held=me", follow_redirects=False)
    assert asked.headers["location"] == "/console/sign-in?next=%2Fconsole%2Freview%3Fheld%3Dme"


def test_signing_in_and_out_are_on_the_trail(client: TestClient, session: Session) -> None:
    member = console.enrol(session)
    console.sign_in(client, session, member)
    console.post(client, "/console/sign-out")
    acts = session.exec(select(StaffAct.act).where(StaffAct.staff_id == member.id)).all()
    assert set(acts) == {"signed_in", "signed_out"}


def test_a_short_password_is_refused(session: Session) -> None:
    with pytest.raises(WeakPasswordError):
        staff.enrol(session, make.make_staff(session), "short")


def test_the_database_alone_holds_neither_password_nor_code(session: Session) -> None:
    member = make.make_staff(session)
    address = staff.enrol(session, member, console.PASSWORD)
    secret = address.split("secret=")[1].split("&")[0]
    kept = str(session.get_one(StaffCredential, member.id).model_dump())
    assert console.PASSWORD not in kept
    assert secret not in kept


def test_pages_forbid_scripts_and_frames_of_others(client: TestClient, session: Session) -> None:
    headers = client.get("/console/sign-in").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"

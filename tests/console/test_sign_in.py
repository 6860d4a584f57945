"""Staff sign in to the console with a password and a one-time code."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.people import staff
from domain.people.errors import WeakPasswordError
from infra import clock
from schemas.people import StaffAct, StaffCredential
from tests import make
from tests.make import console

pytestmark = pytest.mark.usefixtures("empty_redis")


def test_password_and_code_open_the_console(client: TestClient, session: Session) -> None:
    member = console.enrol(session)
    answer = console.sign_in(client, session, member)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
    assert client.get("/console/review").status_code == 200


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
    assert console.sign_in(client, session, member).status_code == 401


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

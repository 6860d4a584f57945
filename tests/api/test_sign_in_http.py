"""Signing in over HTTP, as an app's developer meets it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.routes.tokens import REFRESH_COOKIE
from domain.signin import handing, spending
from infra import clock
from schemas.events import Event
from schemas.people import Shopper
from schemas.signin import OneTimeCode, ShopperSession
from tests import make
from tests.make.signing import PHONE, bearer, open_code, other_than, sign_in

Change = Callable[..., None]
PHONE_1 = {"X-Device-Id": "phone-1"}


@pytest.fixture(autouse=True)
def carried(change_settings: Change, empty_redis: None) -> None:
    change_settings(code_provider="http")


def problem(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["code"])


def test_who_is_new_joins_and_who_is_known_comes_back(client: TestClient, session: Session) -> None:
    first = sign_in(client, session)
    assert first["expires_in_seconds"] <= 15 * 60
    assert not first["second_fact_needed"]
    assert client.get("/v1/me/balances", headers=bearer(first)).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        again = sign_in(client, session, "+84 901 234 567")
    assert again["session_id"] != first["session_id"]
    assert len(session.exec(select(Shopper)).all()) == 1


def test_asking_says_the_same_of_known_and_unknown_phones(client: TestClient, session: Session) -> None:
    make.make_shopper(session, "0901111111")
    known = client.post("/v1/auth/codes", json={"phone": "0901111111"})
    unknown = client.post("/v1/auth/codes", json={"phone": "0902222222"})
    assert known.status_code == unknown.status_code == 202
    assert known.json() == unknown.json() == {"expires_in_seconds": 300, "next_code_in_seconds": 60}
    for phone in ("0901111111", "0902222222"):
        wrong = {"phone": phone, "code": other_than(open_code(session, phone))}
        assert problem(client.post("/v1/auth/tokens", json=wrong), 422) == "wrong_code"
    assert (
        problem(client.post("/v1/auth/tokens", json={"phone": "0903333333", "code": "1"}), 422)
        == "wrong_code"
    )


def test_asking_takes_as_long_for_known_and_unknown_phones(
    client: TestClient, session: Session, change_settings: Change
) -> None:
    change_settings(codes_per_prefix_hour_max=0)
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(30):
        is_known = number % 2 == 0
        phone = f"090{number % 10}{number:06}"
        if is_known:
            make.make_shopper(session, phone)
        began = time.perf_counter()
        client.post("/v1/auth/codes", json={"phone": phone})
        client.post("/v1/auth/tokens", json={"phone": phone, "code": "x"})
        took[is_known].append(time.perf_counter() - began)
    assert abs(statistics.median(took[True]) - statistics.median(took[False])) < 0.02


def test_a_phone_that_asks_too_often_is_told_when_to_come_again(client: TestClient) -> None:
    assert client.post("/v1/auth/codes", json={"phone": PHONE}).status_code == 202
    refused = client.post("/v1/auth/codes", json={"phone": PHONE}, headers={"Accept-Language": "en"})
    assert problem(refused, 429) == "too_many_codes"
    assert 55 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["retry-after"] in refused.json()["detail"]


def test_a_spent_budget_and_a_missing_provider_are_told(client: TestClient, change_settings: Change) -> None:
    change_settings(code_budget_vnd_day=0)
    refused = client.post("/v1/auth/codes", json={"phone": PHONE})
    assert problem(refused, 429) == "code_budget_spent"
    assert int(refused.headers["retry-after"]) > 0
    change_settings(code_provider="")
    assert problem(client.post("/v1/auth/codes", json={"phone": PHONE}), 404) == "codes_off"


def test_who_signed_in_a_while_ago_proves_it_anew_for_what_nobody_takes_back(
    client: TestClient, session: Session
) -> None:
    tokens = sign_in(client, session)
    export = client.post("/v1/me/exports", headers=bearer(tokens)).json()["id"]
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        refreshed = client.post(
            "/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}, headers=PHONE_1
        )
        stale = bearer(refreshed.json())
        for method, path in (
            ("POST", "/v1/me/exports"),
            ("GET", f"/v1/me/exports/{export}/file"),
            ("DELETE", "/v1/me?confirm=erase"),
        ):
            assert problem(client.request(method, path, headers=stale), 403) == "fresh_sign_in_needed"
        assert client.get("/v1/me/exports", headers=stale).status_code == 200
        fresh = bearer(sign_in(client, session))
        assert problem(client.get(f"/v1/me/exports/{export}/file", headers=fresh), 409) == "export_not_ready"
        assert client.delete("/v1/me?confirm=erase", headers=fresh).status_code == 202


def test_a_shopper_is_told_when_a_copy_of_a_refresh_token_is_used(
    client: TestClient, session: Session
) -> None:
    stolen = sign_in(client, session)["refresh_token"]
    answer = client.post("/v1/auth/refresh", json={"refresh_token": stolen}, headers={"X-Device-Id": "thief"})
    assert problem(answer, 401) == "session_reused"
    [told] = session.exec(select(Event).where(Event.type == "session.reused")).all()
    assert (told.shopper_id, told.data) == (session.exec(select(Shopper.id)).one(), {})


@pytest.mark.parametrize("phone", ["+12025550123", "02838229999", "x", "0\u0000"])
def test_other_phones_are_refused(client: TestClient, phone: str) -> None:
    code = problem(client.post("/v1/auth/codes", json={"phone": phone}), 422)
    assert code == ("invalid_request" if "\0" in phone else "phone_not_taken")


def test_wrong_tries_are_kept_though_each_is_refused(client: TestClient, session: Session) -> None:
    client.post("/v1/auth/codes", json={"phone": PHONE})
    code = open_code(session)
    for _ in range(5):
        client.post("/v1/auth/tokens", json={"phone": PHONE, "code": other_than(code)})
    refused = client.post("/v1/auth/tokens", json={"phone": PHONE, "code": code})
    assert problem(refused, 422) == "wrong_code"


def test_an_address_that_tries_much_is_refused(client: TestClient, change_settings: Change) -> None:
    change_settings(sign_in_tries_per_address_hour_max=2)
    elsewhere = TestClient(client.app, client=("203.113.131.5", 4711))
    sent = {"phone": PHONE, "code": "1"}
    answers = [elsewhere.post("/v1/auth/tokens", json=sent) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    # An address of our own network stands for many.
    assert {client.post("/v1/auth/tokens", json=sent).status_code for _ in range(3)} == {422}


def test_refreshing_goes_on_and_an_answer_that_was_lost_is_given_again(
    client: TestClient, session: Session
) -> None:
    tokens = sign_in(client, session)
    sent = {"refresh_token": tokens["refresh_token"]}
    lost = client.post("/v1/auth/refresh", json=sent, headers=PHONE_1).json()
    again = client.post("/v1/auth/refresh", json=sent, headers=PHONE_1).json()
    assert lost["refresh_token"] == again["refresh_token"] != tokens["refresh_token"]
    assert client.get("/v1/me/balances", headers=bearer(again)).status_code == 200


def test_reuse_ends_the_session_and_the_end_is_kept(client: TestClient, session: Session) -> None:
    tokens = sign_in(client, session)
    sent = {"refresh_token": tokens["refresh_token"]}
    newer = client.post("/v1/auth/refresh", json=sent, headers=PHONE_1).json()
    with time_machine.travel(clock.now() + timedelta(seconds=90)):
        assert client.get("/v1/me/balances", headers=bearer(newer)).status_code == 200
        refused = client.post("/v1/auth/refresh", json=sent, headers=PHONE_1)
        assert problem(refused, 401) == "session_reused"
        assert problem(client.get("/v1/me/balances", headers=bearer(newer)), 401) == "session_ended"
        newest = {"refresh_token": newer["refresh_token"]}
        assert problem(client.post("/v1/auth/refresh", json=newest, headers=PHONE_1), 401) == "session_reused"


def test_signing_out_ends_this_session_at_once_and_is_no_reuse(client: TestClient, session: Session) -> None:
    tokens = sign_in(client, session)
    assert client.post("/v1/auth/sign-out", headers=bearer(tokens)).status_code == 204
    for path in ("/v1/me/balances", "/v1/receipts", "/v1/catalog/brands"):
        assert problem(client.get(path, headers=bearer(tokens)), 401) == "session_ended"
    sent = {"refresh_token": tokens["refresh_token"]}
    assert problem(client.post("/v1/auth/refresh", json=sent, headers=PHONE_1), 401) == "signed_out"


def test_devices_are_listed_and_signed_out_one_by_one_or_all(client: TestClient, session: Session) -> None:
    phone = sign_in(client, session, device_name="Điện thoại của Lan")
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        tablet = sign_in(client, session, device="tablet-1")
        listed = client.get("/v1/me/devices", headers=bearer(tablet)).json()["devices"]
        assert [(row["name"], row["here"]) for row in listed] == [(None, True), ("Điện thoại của Lan", False)]
        gone = client.delete(f"/v1/me/devices/{listed[1]['id']}", headers=bearer(tablet))
        assert gone.status_code == 204
        assert problem(client.get("/v1/me/balances", headers=bearer(phone)), 401) == "session_ended"
        kept = client.delete("/v1/me/devices?keep_this=true", headers=bearer(tablet))
        assert kept.json() == {"sessions": 0}
        assert client.delete("/v1/me/devices", headers=bearer(tablet)).json() == {"sessions": 1}
        assert problem(client.get("/v1/me/devices", headers=bearer(tablet)), 401) == "session_ended"


def test_a_web_app_keeps_its_refresh_token_where_no_script_reads_it(
    client: TestClient, session: Session, change_settings: Change
) -> None:
    change_settings(public_url="https://api.example.vn")
    client.base_url = "https://testserver"
    client.post("/v1/auth/codes", json={"phone": PHONE})
    answer = client.post("/v1/auth/tokens", json={"phone": PHONE, "code": open_code(session), "cookie": True})
    assert answer.json()["refresh_token"] is None
    cookie = answer.headers["set-cookie"]
    for part in (f"{REFRESH_COOKIE}=", "HttpOnly", "Secure", "SameSite=strict", "Path=/v1/auth"):
        assert part in cookie
    assert answer.headers["cache-control"] == "no-store"
    renewed = client.post("/v1/auth/refresh")
    assert renewed.status_code == 200
    assert renewed.json()["refresh_token"] is None
    assert renewed.headers["set-cookie"] != cookie
    client.post("/v1/auth/sign-out", headers=bearer(renewed.json()))
    assert problem(client.post("/v1/auth/refresh"), 401) == "refresh_refused"


def test_no_token_at_all_is_refused(client: TestClient) -> None:
    assert problem(client.post("/v1/auth/refresh"), 401) == "refresh_refused"
    assert problem(client.post("/v1/auth/refresh", json={"refresh_token": "é"}), 401) == "refresh_refused"


def test_an_erased_shopper_s_session_is_nobody_s(client: TestClient, session: Session) -> None:
    tokens = sign_in(client, session)
    session.exec(select(Shopper)).one().erased_at = clock.now()
    session.flush()
    assert problem(client.get("/v1/me/balances", headers=bearer(tokens)), 401) == "unauthenticated"


def test_a_development_token_has_no_session_and_still_opens(client: TestClient, session: Session) -> None:
    headers = make.bearer(make.make_shopper(session))
    assert client.get("/v1/me/devices", headers=headers).json() == {"devices": []}
    assert client.post("/v1/auth/sign-out", headers=headers).status_code == 204


def test_a_provider_reports_what_became_of_a_code(
    client: TestClient, session: Session, change_settings: Change
) -> None:
    change_settings(public_url="https://api.example.vn")
    client.post("/v1/auth/codes", json={"phone": PHONE})
    made = session.exec(select(OneTimeCode)).one()
    errand = handing.take(session, made.id)
    assert errand is not None
    address = (errand.message.report_url or "").removeprefix("https://api.example.vn")
    esms = f"{address}?SMSID=x&SendFailed=1&SendStatus=5&SendSuccess=0&phonenumber=0901234567&TypeId=25"
    assert client.get(esms).status_code == 204
    session.refresh(made)
    assert made.state == "undelivered"
    assert client.post(address, json={"status": "delivered"}).status_code == 204
    # Zalo failed, the SMS arrived: it arrived, in whichever order that is told.
    assert client.get(esms).status_code == 204
    session.refresh(made)
    assert made.state == "delivered"
    assert problem(client.post(address[:-1] + "x", json={"status": "undelivered"}), 404) == "not_found"
    assert problem(client.get(f"{address}é?SendStatus=5"), 404) == "not_found"


def test_what_strangers_send_is_small(client: TestClient) -> None:
    long = {"phone": PHONE, "code": "1" * 60_000}
    assert problem(client.post("/v1/auth/tokens", json=long), 413) == "request_too_large"


def test_figures_of_codes_are_there_for_the_operator(real_client: TestClient) -> None:
    real_client.post("/v1/auth/codes", json={"phone": PHONE})
    shown = real_client.get("/metrics").text
    assert 'quetbill_code_money_vnd{what="reserved"} 1000.0' in shown
    assert "quetbill_code_pumping_alarm 0.0" in shown


def test_a_refusal_over_http_keeps_its_count(real_client: TestClient) -> None:
    """By the door's own transactions: what a refused try changed must outlive the refusal."""
    from infra.db import transaction  # noqa: PLC0415 - the other tests share their session

    real_client.post("/v1/auth/codes", json={"phone": PHONE})
    with transaction() as session:
        code = open_code(session)
    for _ in range(5):
        real_client.post("/v1/auth/tokens", json={"phone": PHONE, "code": other_than(code)})
    refused = real_client.post("/v1/auth/tokens", json={"phone": PHONE, "code": code})
    assert problem(refused, 422) == "wrong_code"
    with transaction() as session:
        assert session.exec(select(OneTimeCode.tries)).one() == 5
        assert session.exec(select(ShopperSession)).all() == []
        assert spending.figures(session)["reserved_vnd"] == 1_000

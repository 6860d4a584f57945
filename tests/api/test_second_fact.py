"""Numbers come back: a silent account on a new device shows nothing before one thing more is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.signin import second_fact
from infra import clock
from schemas.people import Shopper
from schemas.signin import ShopperSession
from tests import make
from tests.make.authenticator import Authenticator
from tests.make.signing import bearer, sign_in

Change = Callable[..., None]
SILENT = timedelta(days=200)


@pytest.fixture(autouse=True)
def carried(change_settings: Change, empty_redis: None) -> None:
    change_settings(code_provider="http")


@pytest.fixture
def owner(session: Session) -> Shopper:
    """Who sent a receipt of WinMart long ago, and one of Co.opmart before that."""
    shopper = make.make_shopper(session)
    for days, chain in ((0, "WinMart"), (5, "Co.opmart")):
        at = clock.now() - SILENT - timedelta(days=days)
        make.make_receipt(
            session, shopper, received_at=at, retailer_id=make.retailer_id(session, chain), status="approved"
        )
    return shopper


def answer(client: TestClient, tokens: dict[str, Any], retailer: str) -> Any:
    return client.post("/v1/auth/second-fact", json={"retailer": retailer}, headers=bearer(tokens))


def code_of(answered: Any) -> tuple[int, str]:
    return answered.status_code, answered.json()["code"]


def test_a_silent_account_shows_nothing_on_a_new_device(
    client: TestClient, session: Session, owner: Shopper
) -> None:
    tokens = sign_in(client, session)
    assert tokens["second_fact_needed"]
    for path in ("/v1/me/balances", "/v1/me/transfers", "/v1/receipts", "/v1/me/devices", "/v1/me/passkeys"):
        refused = client.get(path, headers=bearer(tokens))
        assert code_of(refused) == (403, "second_fact_needed"), path
    assert client.post("/v1/me/passkeys/options", headers=bearer(tokens)).status_code == 403
    # A refresh changes nothing of it, and signing out is always open.
    sent = {"refresh_token": tokens["refresh_token"]}
    newer = client.post("/v1/auth/refresh", json=sent, headers={"X-Device-Id": "phone-1"}).json()
    assert newer["second_fact_needed"]
    assert client.get("/v1/me/balances", headers=bearer(newer)).status_code == 403
    assert client.post("/v1/auth/sign-out", headers=bearer(newer)).status_code == 204


def test_the_chain_of_the_last_receipt_opens_the_account(
    client: TestClient, session: Session, owner: Shopper
) -> None:
    tokens = sign_in(client, session)
    wrong = answer(client, tokens, "co-opmart")
    assert code_of(wrong) == (422, "second_fact_wrong")
    assert answer(client, tokens, "WinMart").status_code == 204
    assert client.get("/v1/me/balances", headers=bearer(tokens)).status_code == 200
    assert code_of(answer(client, tokens, "winmart")) == (409, "second_fact_not_due")


def test_wrong_answers_count_for_the_account_whoever_signs_in_again(
    client: TestClient, session: Session, owner: Shopper
) -> None:
    tokens = sign_in(client, session)
    assert code_of(answer(client, tokens, "lotte-mart")) == (422, "second_fact_wrong")
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        tokens = sign_in(client, session, device="phone-2")
        assert code_of(answer(client, tokens, "go")) == (422, "second_fact_wrong")
        spent = answer(client, tokens, "winmart")
        assert code_of(spent) == (429, "second_fact_spent")
        assert int(spent.headers["retry-after"]) > 29 * 86_400
    with time_machine.travel(clock.now() + second_fact.TRIES_AGAIN_AFTER + timedelta(minutes=3)):
        tokens = sign_in(client, session, device="phone-3")
        assert answer(client, tokens, "winmart").status_code == 204


def test_a_passkey_is_a_second_fact(client: TestClient, session: Session, owner: Shopper) -> None:
    phone = Authenticator()
    headers = make.bearer(owner)
    asked = client.post("/v1/me/passkeys/options", headers=headers).json()
    made = {
        "challenge_id": asked["challenge_id"],
        "name": "old phone",
        "credential": phone.create(asked["public_key"]),
    }
    client.post("/v1/me/passkeys", json=made, headers=headers)
    asked = client.post("/v1/auth/passkeys/options").json()
    body = {"challenge_id": asked["challenge_id"], "credential": phone.get(asked["public_key"])}
    tokens = client.post("/v1/auth/passkeys", json=body).json()
    assert not tokens["second_fact_needed"]
    assert client.get("/v1/me/balances", headers=bearer(tokens)).status_code == 200


def test_who_has_the_number_now_starts_over_and_the_old_account_keeps_its_own(
    client: TestClient, session: Session, owner: Shopper
) -> None:
    tokens = sign_in(client, session)
    fresh = client.post("/v1/auth/start-over", json={}, headers=bearer(tokens)).json()
    assert not fresh["second_fact_needed"]
    assert client.get("/v1/receipts", headers=bearer(fresh)).json()["receipts"] == []
    assert client.get("/v1/me/balances", headers=bearer(tokens)).status_code == 401
    session.refresh(owner)
    assert (owner.phone, owner.erased_at) == (None, None)
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        again = sign_in(client, session, device="phone-2")
    assert not again["second_fact_needed"]
    again_id = session.get_one(ShopperSession, again["session_id"]).shopper_id
    assert again_id != owner.id


def test_nobody_starts_over_whose_account_is_open(client: TestClient, session: Session) -> None:
    tokens = sign_in(client, session)
    refused = client.post("/v1/auth/start-over", json={}, headers=bearer(tokens))
    assert code_of(refused) == (409, "second_fact_not_due")
    headers = make.bearer(session.exec(select(Shopper)).one())
    assert code_of(client.post("/v1/auth/start-over", json={}, headers=headers)) == (
        409,
        "second_fact_not_due",
    )


@pytest.mark.parametrize(
    ("silent", "known_device", "has_receipt", "due"),
    [
        (SILENT, False, True, True),
        (timedelta(days=170), False, True, False),
        (SILENT, True, True, False),
        (SILENT, False, False, False),
    ],
)
def test_only_a_silent_account_with_receipts_on_a_new_device_is_asked(
    client: TestClient,
    session: Session,
    *,
    silent: timedelta,
    known_device: bool,
    has_receipt: bool,
    due: bool,
) -> None:
    now = clock.now()
    with time_machine.travel(now - silent):
        first_use(client, session, has_receipt=has_receipt)
    tokens = sign_in(client, session, device="phone-1" if known_device else "phone-2")
    assert tokens["second_fact_needed"] == due


def first_use(client: TestClient, session: Session, *, has_receipt: bool) -> None:
    sign_in(client, session)
    if has_receipt:
        make.make_receipt(session, session.exec(select(Shopper)).one(), received_at=clock.now())

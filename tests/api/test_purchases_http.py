"""Partners tell of purchases over the signed door; shoppers see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.partners import access
from domain.people.shoppers import join_shopper
from domain.privacy.texts import current_text
from infra.db import transaction
from schemas.campaigns import Campaign
from schemas.purchases import Purchase
from tests import make
from tests.make.orders import PHONE, stands, take, told_line, told_order
from tests.make.rewards import ask_signed, partner
from workers.chores import credit_purchases

PATH = "/v1/purchases"


def test_an_order_is_taken_shown_and_returned(
    client: TestClient, session: Session, campaign: Campaign
) -> None:
    shopper = make.make_shopper(session)
    secret = partner(session)
    code = client.get("/v1/me/membership-code", headers=make.bearer(shopper)).json()["code"]
    order = told_order(told_line(quantity=2, amount=200_000), membership_code=code)
    first = ask_signed(client, secret, "POST", PATH, order)
    again = ask_signed(client, secret, "POST", PATH, order)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["points"] == 200
    told = {"return_id": "R-1", "lines": [{"line": 1, "quantity": 1}]}
    back = ask_signed(client, secret, "POST", f"{PATH}/A-1/returns", told)
    assert back.json()["left"] == [{"line": 1, "quantity": 1.0}]
    [shown] = client.get("/v1/me/purchases", headers=make.bearer(shopper)).json()["purchases"]
    assert (shown["points"], shown["partner"], shown["channel"]) == (100, "Highlands", "till")
    assert client.get("/v1/receipts", headers=make.bearer(shopper)).json()["receipts"] == []
    receipt = client.get(f"/v1/receipts/{shown['receipt_id']}", headers=make.bearer(shopper))
    assert receipt.json()["points"] == 100


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lines": []}, "invalid_request"),
        ({"lines": [told_line(amount=-1)]}, "invalid_request"),
        ({"lines": [told_line(amount=1.5)]}, "invalid_request"),
        ({"lines": [told_line(amount=10**11)]}, "invalid_request"),
        ({"lines": [told_line(discount=200_000)]}, "invalid_request"),
        ({"lines": [told_line(quantity=0)]}, "invalid_request"),
        ({"lines": [told_line(quantity="NaN")]}, "invalid_request"),
        ({"lines": [told_line(quantity="1e99")]}, "invalid_request"),
        ({"lines": [told_line(name="\x00")]}, "invalid_request"),
        ({"lines": [told_line()] * 301}, "invalid_request"),
        ({"order": "../x"}, "invalid_request"),
        ({"phone": "0901234567"}, "invalid_request"),
        ({"phone_hash": "a" * 64}, "invalid_request"),
        ({"purchased_at": "2026-11-29T12:00:00+07:00"}, "invalid_request"),
        ({"purchased_at": "2099-11-29T12:00:00"}, "purchase_in_future"),
        ({"chain": "No such chain"}, "chain_unknown"),
        ({"unknown": 1}, "invalid_request"),
    ],
)
def test_hostile_orders_change_nothing(
    client: TestClient, session: Session, change: dict[str, Any], code: str
) -> None:
    secret = partner(session)
    answer = ask_signed(client, secret, "POST", PATH, told_order() | change)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_nobody_elses_order_can_be_returned(client: TestClient, session: Session) -> None:
    secret = partner(session)
    other = partner(session, "others")
    ask_signed(client, secret, "POST", PATH, told_order())
    told = {"return_id": "R-1", "lines": [{"line": 1}]}
    answer = ask_signed(client, other, "POST", f"{PATH}/A-1/returns", told, slug="others")

    assert answer.status_code == 404
    assert ask_signed(client, "wrong", "POST", PATH, told_order(order="A-2")).status_code == 401
    assert client.post(PATH, json=told_order()).status_code == 401


def test_one_order_from_eight_threads_is_credited_once(real_client: TestClient) -> None:
    with transaction() as session:
        make.make_campaign(session)
        shopper = make.make_shopper(session)
        secret = partner(session)
    with ThreadPoolExecutor(8) as threads:
        asked = [
            threads.submit(ask_signed, real_client, secret, "POST", PATH, told_order()) for _ in range(8)
        ]
    answers = [one.result() for one in asked]

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    with transaction() as session:
        assert stands(session, shopper) == 185
        assert len(session.exec(select(Purchase)).all()) == 1


def test_who_joins_and_agrees_later_is_credited_by_the_chore(real_client: TestClient) -> None:
    with transaction() as session:
        make.make_campaign(session)
        take(session)
    with transaction() as session:
        shopper = join_shopper(session, PHONE)
    assert credit_purchases() == 1
    with transaction() as session:
        assert stands(session, shopper) == 0
    version = current_text("programme", None).version
    yes = {"consents": [{"purpose": "programme", "given": True, "text_version": version}]}
    assert real_client.put("/v1/me/consents", json=yes, headers=make.bearer(shopper)).status_code == 200
    assert credit_purchases() == 1
    assert credit_purchases() == 0
    with transaction() as session:
        assert stands(session, shopper) == 185


def test_a_signature_is_good_for_its_words_place_and_minutes_alone(
    client: TestClient, session: Session
) -> None:
    secret = partner(session)
    for late in (timedelta(minutes=6), -timedelta(minutes=6)):
        assert ask_signed(client, secret, "POST", PATH, told_order(), late=late).status_code == 401
    elsewhere = ask_signed(client, secret, "POST", PATH, told_order(), signed_path=f"{PATH}/A-1/returns")
    assert elsewhere.status_code == 401
    other = partner(session, "others")
    assert ask_signed(client, other, "POST", PATH, told_order()).status_code == 401
    access.end_partner(session, "highlands")
    assert ask_signed(client, secret, "POST", PATH, told_order()).status_code == 401
    assert session.exec(select(Purchase)).all() == []


@pytest.mark.parametrize("order", ["A%00", "A%0A1", "x" * 65, "..%2Freturns"])
def test_hostile_names_of_orders_find_nothing(client: TestClient, session: Session, order: str) -> None:
    secret = partner(session)
    told = {"return_id": "R-1", "lines": [{"line": 1}]}
    answer = ask_signed(client, secret, "POST", f"{PATH}/{order}/returns", told)

    assert answer.status_code in {401, 404, 422}


def test_an_order_too_large_is_refused_before_it_is_read(client: TestClient, session: Session) -> None:
    secret = partner(session)
    answer = ask_signed(client, secret, "POST", PATH, told_order() | {"store": "x" * 2_000_000})

    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")

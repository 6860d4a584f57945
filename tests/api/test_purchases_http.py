"""Partners tell of purchases over the signed door; shoppers see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.purchases import waiting
from infra.db import transaction
from schemas.campaigns import Campaign
from schemas.purchases import Purchase
from tests import make
from tests.make.orders import stands, take, told_line, told_order
from tests.make.rewards import ask_signed, partner

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


def test_who_joins_later_is_credited_by_the_chore(committed: None) -> None:
    with transaction() as session:
        make.make_campaign(session)
        take(session)
    with transaction() as session:
        shopper = make.make_shopper(session)
    with transaction() as session:
        waiting.follow_events(session, 1000)
    with transaction() as session:
        assert waiting.settle_due(session)
    with transaction() as session:
        assert not waiting.settle_due(session)
        assert stands(session, shopper) == 185

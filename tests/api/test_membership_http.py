"""Tiers, friends and missions by HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from infra import clock
from tests import make

pytestmark = pytest.mark.usefixtures("empty_redis")
STEP = {"slug": "silver", "name_vi": "Bạc", "name_en": "Silver", "from_points": 100}


def test_a_ladder_must_rise(client: TestClient, session: Session) -> None:
    admin = make.bearer(make.make_staff(session, "admin"))
    ladder = {"tiers": [STEP, STEP | {"slug": "gold", "from_points": 500}]}
    assert client.put("/v1/tiers", headers=admin, json=ladder).status_code == 200
    assert [step["slug"] for step in client.get("/v1/tiers", headers=admin).json()["tiers"]] == [
        "silver",
        "gold",
    ]
    flat = {"tiers": [STEP, STEP | {"slug": "gold"}]}
    refused = client.put("/v1/tiers", headers=admin | {"Accept-Language": "vi"}, json=flat)
    assert refused.status_code == 422
    assert "Mỗi hạng cần tên riêng" in refused.json()["detail"]
    shown = client.get("/v1/me/tier", headers=make.bearer(make.make_shopper(session))).json()
    assert (shown["tier"], shown["next"]) == (
        None,
        {"tier": "silver", "name": "Bạc", "points_missing": 100},
    )


def test_a_friend_s_code_is_taken_once(client: TestClient, session: Session) -> None:
    admin = make.bearer(make.make_staff(session, "admin"))
    old, new = (make.bearer(make.make_shopper(session, phone)) for phone in ("0901111111", "0902222222"))
    code = client.get("/v1/me/referral", headers=old).json()["code"]
    assert (
        client.post("/v1/me/referral", headers=new, json={"code": code}).json()["code"] == "referral_closed"
    )
    since = (clock.now() - timedelta(days=1)).isoformat()
    terms = {"brand": "omo", "referrer_points": 50, "newcomer_points": 20, "starts_at": since}
    assert client.put("/v1/referral-terms", headers=admin, json=terms).status_code == 200
    assert client.put("/v1/referral-terms", headers=admin, json=terms | {"brand": "x"}).status_code == 404
    assert client.post("/v1/me/referral", headers=new, json={"code": "NOBODY22"}).status_code == 422
    for _ in range(2):
        assert client.post("/v1/me/referral", headers=new, json={"code": f" {code.lower()} "}).json()[
            "claimed"
        ]
    assert client.get("/v1/me/referral", headers=old).json()["waiting"] == 1


def test_a_manager_offers_and_ends_missions_of_their_brand(client: TestClient, session: Session) -> None:
    manager = make.bearer(make.make_staff(session, "brand_manager", ("omo",)))
    shopper = make.bearer(make.make_shopper(session))
    now = clock.now()
    times = {
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(days=9)).isoformat(),
    }
    task = {
        "slug": "three",
        "name_vi": "Ba",
        "name_en": "Three",
        "goal": "receipts",
        "amount": 3,
        "points": 9,
    }
    path = "/v1/brands/omo/missions"
    assert client.post(path, headers=manager, json=task | times).status_code == 201
    assert client.post(path, headers=manager, json=task | times).json()["code"] == "mission_exists"
    backwards = task | {"slug": "x", "starts_at": times["ends_at"], "ends_at": times["starts_at"]}
    assert client.post(path, headers=manager, json=backwards).status_code == 422
    assert client.post("/v1/brands/comfort/missions", headers=manager, json=task | times).status_code == 404
    mine = client.get("/v1/me/missions", headers=shopper).json()["missions"]
    assert [(row["slug"], row["progress"], row["done_at"]) for row in mine] == [("three", 0, None)]
    assert client.post(f"{path}/three/end", headers=manager).json()["done"] == 0
    assert client.get("/v1/me/missions", headers=shopper).json()["missions"] == []

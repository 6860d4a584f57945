"""Points given for rewards, and vouchers used at partners' tills."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from infra import clock
from infra.db import transaction
from infra.settings import settings
from schemas.people import Shopper
from schemas.rewards import Voucher
from tests import make
from tests.make.points import earn
from tests.make.rewards import an_admin, ask_signed, offered_reward, partner

pytestmark = pytest.mark.usefixtures("empty_redis")


@pytest.fixture
def shopper(session: Session) -> Shopper:
    """A shopper with 250 points of OMO."""
    owner = make.make_shopper(session)
    earn(session, owner, 250)
    return owner


def redeem(client: TestClient, shopper: Shopper, reward_id: object, key: str = "k1") -> Any:
    headers = make.bearer(shopper) | {"Idempotency-Key": key, "Accept-Language": "en"}
    return client.post(f"/v1/rewards/{reward_id}/redemptions", headers=headers)


def available(client: TestClient, shopper: Shopper) -> int:
    balances = client.get("/v1/me/balances", headers=make.bearer(shopper)).json()["balances"]
    return int(balances[0]["available"])


def test_points_become_a_voucher_once_however_often_it_is_asked(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    reward = offered_reward(session)
    first, again = redeem(client, shopper, reward.id), redeem(client, shopper, reward.id)
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert len(first.json()["code"]) == 13
    assert available(client, shopper) == 150
    assert redeem(client, shopper, reward.id, "k2").status_code == 201
    short = redeem(client, shopper, reward.id, "k3")
    assert (short.status_code, short.json()["code"]) == (422, "insufficient_points")
    assert available(client, shopper) == 50


def test_the_list_says_what_keeps_a_shopper_from_each_reward(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    offered_reward(session, slug="can-have")
    offered_reward(session, slug="too-dear", points=251)
    offered_reward(session, slug="none-left", points=102, stock_size=0)
    offered_reward(session, slug="later", points=103, starts_at=clock.now() + timedelta(days=1))
    over = {"starts_at": clock.now() - timedelta(days=9), "ends_at": clock.now() - timedelta(days=1)}
    offered_reward(session, slug="over", points=104, **over)
    once = offered_reward(session, slug="once", points=10, per_shopper_max=1)
    assert redeem(client, shopper, once.id).status_code == 201
    listed = client.get("/v1/rewards", headers=make.bearer(shopper)).json()["rewards"]
    assert [(row["points"], row["why_not"], row["points_short"]) for row in listed] == [
        (10, "limit_reached", 0),
        (100, None, 0),
        (102, "sold_out", 0),
        (103, "not_yet", 0),
        (251, "points_short", 11),
    ]
    assert redeem(client, shopper, once.id, "k2").json()["code"] == "reward_limit"


def test_one_key_is_good_for_one_reward(client: TestClient, session: Session, shopper: Shopper) -> None:
    first, other = offered_reward(session), offered_reward(session, slug="other")
    assert redeem(client, shopper, first.id).status_code == 201
    assert redeem(client, shopper, other.id).json()["code"] == "idempotency_key_reused"


def test_a_sold_out_reward_costs_nothing(real_client: TestClient) -> None:
    with transaction() as session:
        owner, reward = make.make_shopper(session), offered_reward(session, stock_size=0)
        earn(session, owner, 250)
    assert redeem(real_client, owner, reward.id).json()["code"] == "sold_out"
    assert available(real_client, owner) == 250


def test_a_voucher_given_back_returns_its_points_and_is_good_for_nothing(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    secret = partner(session)
    made = redeem(client, shopper, offered_reward(session).id).json()
    path = f"/v1/me/vouchers/{made['id']}/cancel"
    for _ in range(2):
        answer = client.post(path, headers=make.bearer(shopper))
        assert (answer.json()["state"], answer.json()["code"]) == ("cancelled", None)
    assert available(client, shopper) == 250
    assert ask_signed(client, secret, "GET", f"/v1/partners/vouchers/{made['code']}").status_code == 404


def test_anothers_voucher_is_not_there(client: TestClient, session: Session, shopper: Shopper) -> None:
    made = redeem(client, shopper, offered_reward(session).id).json()
    stranger = make.bearer(make.make_shopper(session, "0907777777"))
    assert client.get("/v1/me/vouchers", headers=stranger).json()["vouchers"] == []
    assert client.post(f"/v1/me/vouchers/{made['id']}/cancel", headers=stranger).status_code == 404


def test_a_till_holds_uses_and_settles_a_voucher(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    secret = partner(session)
    made = redeem(client, shopper, offered_reward(session, value_minor=30_000).id).json()
    till = f"/v1/partners/vouchers/{made['code']}"
    assert ask_signed(client, secret, "GET", till).json()["state"] == "usable"
    sale = {"transaction": "T-1", "store": "Quận 1"}
    assert ask_signed(client, secret, "POST", f"{till}/reserve", sale).json()["state"] == "reserved"
    assert (
        client.post(f"/v1/me/vouchers/{made['id']}/cancel", headers=make.bearer(shopper)).json()["code"]
        == "voucher_gone"
    )
    other = {"transaction": "T-2"}
    assert ask_signed(client, secret, "POST", f"{till}/use", other).json()["code"] == "voucher_refused"
    used = [ask_signed(client, secret, "POST", f"{till}/use", sale) for _ in range(2)]
    assert [answer.json()["state"] for answer in used] == ["used", "used"]
    assert ask_signed(client, secret, "POST", f"{till}/release", sale).json()["code"] == "voucher_refused"
    assert used[0].json() == used[1].json()
    assert ask_signed(client, secret, "GET", till).status_code == 404
    owed = ask_signed(client, secret, "GET", "/v1/partners/settlements").json()["settlements"]
    assert [(row["reward"], row["vouchers"], row["value_minor"]) for row in owed] == [("coffee", 1, 30_000)]
    kept = session.get_one(Voucher, made["id"])
    session.refresh(kept)
    assert kept.code_sealed is None


def test_a_hold_that_is_let_go_or_runs_out_is_none(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    secret = partner(session)
    made = redeem(client, shopper, offered_reward(session).id).json()
    till = f"/v1/partners/vouchers/{made['code']}"
    first, second = {"transaction": "T-1"}, {"transaction": "T-2"}
    assert ask_signed(client, secret, "POST", f"{till}/reserve", first).status_code == 200
    assert ask_signed(client, secret, "POST", f"{till}/release", second).status_code == 404
    let_go = [ask_signed(client, secret, "POST", f"{till}/release", first).json() for _ in range(2)]
    assert let_go[0]["state"] == "usable"
    assert let_go[0] == let_go[1]
    assert ask_signed(client, secret, "POST", f"{till}/reserve", second).status_code == 200
    # A repeat that comes late takes the voucher from nobody who holds it since.
    assert ask_signed(client, secret, "POST", f"{till}/release", first).status_code == 404
    assert ask_signed(client, secret, "POST", f"{till}/release", second).json()["state"] == "usable"
    assert ask_signed(client, secret, "POST", f"{till}/reserve", first).status_code == 200
    kept = session.get_one(Voucher, made["id"])
    kept.reserved_until = clock.now() - timedelta(seconds=1)
    session.flush()
    looked = ask_signed(client, secret, "GET", till).json()
    assert (looked["state"], looked["reserved_until"]) == ("usable", None)
    assert ask_signed(client, secret, "POST", f"{till}/use", second).json()["state"] == "used"


def test_a_hold_keeps_no_voucher_past_its_last_day(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    secret = partner(session)
    made = redeem(client, shopper, offered_reward(session).id).json()
    till, sale = f"/v1/partners/vouchers/{made['code']}", {"transaction": "T-1"}
    assert ask_signed(client, secret, "POST", f"{till}/reserve", sale).status_code == 200
    kept = session.get_one(Voucher, made["id"])
    kept.reserved_until = clock.now() - timedelta(seconds=1)
    kept.last_day = clock.till_today() - timedelta(days=1)
    session.flush()
    assert ask_signed(client, secret, "POST", f"{till}/use", sale).json()["code"] == "voucher_refused"


def test_whatever_is_wrong_a_till_is_told_the_same(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    secret = partner(session)
    partner(session, "circle-k")
    elsewhere = redeem(client, shopper, offered_reward(session, partners=("circle-k",)).id).json()
    expired = redeem(client, shopper, offered_reward(session, slug="old", points=10).id, "k2").json()
    session.get_one(Voucher, expired["id"]).last_day = clock.till_today() - timedelta(days=1)
    session.flush()
    answers = []
    for code in ("NEVER-MADE-1", elsewhere["code"], expired["code"]):
        answer = ask_signed(client, secret, "GET", f"/v1/partners/vouchers/{code}")
        answers.append((answer.status_code, answer.json()))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][1]["code"] == "voucher_refused"


def test_a_mistyped_code_is_told_and_counts_as_no_guess(client: TestClient, session: Session) -> None:
    secret = partner(session)
    answer = ask_signed(client, secret, "GET", "/v1/partners/vouchers/0000000000001")
    assert (answer.status_code, answer.json()["code"]) == (422, "voucher_mistyped")


def test_guessing_ends_soon(client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = partner(session)
    with monkeypatch.context() as patched:
        patched.setenv("QUETBILL_VOUCHER_MISSES_PER_PARTNER_HOUR_MAX", "3")
        settings.cache_clear()
        found = [
            ask_signed(client, secret, "GET", f"/v1/partners/vouchers/GUESS-{number}").status_code
            for number in range(5)
        ]
    settings.cache_clear()
    assert found == [404, 404, 404, 429, 429]


def test_one_name_of_a_sale_is_good_for_one_voucher(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    secret, reward = partner(session), offered_reward(session)
    codes = [redeem(client, shopper, reward.id, key).json()["code"] for key in ("a", "b")]
    sale = {"transaction": "T-1"}
    answers = [
        ask_signed(client, secret, "POST", f"/v1/partners/vouchers/{code}/use", sale) for code in codes
    ]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["code"] == "transaction_reused"


def test_only_a_partner_that_signs_is_answered(client: TestClient, session: Session) -> None:
    secret, path = partner(session), "/v1/partners/settlements"
    assert ask_signed(client, secret, "GET", path).status_code == 200
    assert ask_signed(client, "another secret", "GET", path).json()["code"] == "unsigned"
    assert ask_signed(client, secret, "GET", path, slug="nobody").status_code == 401
    assert ask_signed(client, secret, "GET", path, late=timedelta(minutes=6)).status_code == 401
    assert ask_signed(client, secret, "GET", path, signed_path="/v1/partners/other").status_code == 401
    # A code with its gaps, as it stands in an address.
    gaps = ask_signed(client, secret, "GET", "/v1/partners/vouchers/AB%20C%C4%90")
    assert gaps.json()["code"] == "voucher_refused"
    assert client.get(path).status_code == 401
    assert client.post("/v1/partners/vouchers/X/use", json={"transaction": "1"}).status_code == 401


def test_a_new_secret_leaves_the_old_one_good_for_a_week_and_an_end_ends_both(
    client: TestClient, session: Session
) -> None:
    old, admin, path = partner(session), make.bearer(an_admin(session)), "/v1/partners/settlements"
    new = client.post("/v1/partner-access/highlands/secret", headers=admin).json()["secret"]
    assert [ask_signed(client, key, "GET", path).status_code for key in (old, new)] == [200, 200]
    clock.pretend(clock.now() + timedelta(days=8))
    try:
        assert [ask_signed(client, key, "GET", path).status_code for key in (old, new)] == [401, 200]
    finally:
        clock.pretend(None)
    assert client.post("/v1/partner-access/highlands/end", headers=admin).json()["ended_at"]
    assert ask_signed(client, new, "GET", path).status_code == 401


def test_managers_keep_their_own_brands_rewards(client: TestClient, session: Session) -> None:
    manager = make.bearer(make.make_staff(session, "brand_manager", ("omo",)))
    terms = {"name_vi": "Ô", "name_en": "Umbrella", "points": 500, "starts_at": "2026-01-01T00:00:00+07:00"}
    base = "/v1/brands/omo/rewards"
    assert client.post(base, headers=manager, json=terms | {"slug": "umbrella"}).status_code == 201
    assert (
        client.post(base, headers=manager, json=terms | {"slug": "umbrella"}).json()["code"]
        == "reward_exists"
    )
    assert (
        client.post("/v1/brands/comfort/rewards", headers=manager, json=terms | {"slug": "x"}).status_code
        == 404
    )
    assert client.post(f"{base}/umbrella/batches", headers=manager, json={"size": 5}).status_code == 201
    codes = {"file": ("codes.csv", b"code\nSHOP-0001\nSHOP-0002\n")}
    assert client.post(f"{base}/umbrella/batches/import", headers=manager, files=codes).json()["created"] == 2
    refused = client.post(f"{base}/umbrella/batches/import", headers=manager, files=codes)
    assert (refused.status_code, refused.json()["errors"][0]["line"]) == (422, 2)
    offered = client.post(f"{base}/umbrella/offer", headers=manager).json()
    assert (offered["state"], offered["stock"]["free"]) == ("offered", 7)
    changed = client.put(f"{base}/umbrella", headers=manager, json=terms | {"points": 600}).json()
    assert changed["terms"]["points"] == 600
    unknown = client.put(f"{base}/umbrella", headers=manager, json=terms | {"partners": ["nobody"]})
    assert unknown.json()["code"] == "invalid_value"
    assert client.post(f"{base}/umbrella/end", headers=manager).json()["state"] == "ended"


def test_what_is_left_of_a_batch_can_be_taken_out_of_stock(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    reward = offered_reward(session, stock_size=3)
    batch_id = session.exec(select(Voucher.batch_id)).first()
    assert redeem(client, shopper, reward.id).status_code == 201
    admin = make.bearer(an_admin(session))
    path = f"/v1/brands/omo/rewards/coffee/batches/{batch_id}/withdraw"
    assert client.post(path, headers=admin).json()["stock"] == {
        "free": 0,
        "issued": 1,
        "used": 0,
        "cancelled": 0,
    }
    assert redeem(client, shopper, reward.id, "k2").json()["code"] == "sold_out"

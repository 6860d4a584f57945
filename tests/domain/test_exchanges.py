"""Points that a group's brands share, and points of one brand turned into another's by a campaign."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlmodel import Session, col, select

from domain import settlement
from domain.campaigns import versions
from domain.campaigns.errors import ExchangeGainsError, OtherGroupError
from domain.ledger.errors import InsufficientPointsError
from domain.ledger.verify import differences
from domain.loyalty import exchanges, wallet
from domain.loyalty.errors import (
    ExchangeClosedError,
    ExchangeLimitError,
    ExchangeSpentError,
    ExchangeStepError,
    RequestReusedError,
)
from domain.rewards import redemptions
from domain.verification import CHECKS
from infra import clock
from schemas.events import Event
from schemas.ledger import ExchangeRequest
from schemas.people import Shopper
from tests import make
from tests.make.points import earn
from tests.make.rewards import offered_reward

GROUP = "Unilever Việt Nam"
RATE = {"from_points_of": "omo", "to_points_of": "knorr", "points": 10, "becoming": 3, "day_max": 60}


@pytest.fixture
def shopper(session: Session) -> Shopper:
    return make.make_shopper(session)


def allow(session: Session, **values: Any) -> None:
    make.make_campaign(session, slug="swap", rules=[], **({"exchanges": [RATE]} | values))


def ask(session: Session, shopper: Shopper, points: int, request: str = "r1", **values: str) -> int:
    asked = {"campaign": "swap", "from_points_of": "omo", "to_points_of": "knorr"} | values
    body = ExchangeRequest(points=points, **asked)
    with session.begin_nested():
        return exchanges.exchange(session, shopper.id, request, body).became


def held(session: Session, shopper: Shopper) -> dict[str, int]:
    return {view.brand: view.available for view in wallet.balances(session, shopper.id) if view.available}


def test_points_become_anothers_at_the_rate_once_for_each_request(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 100)
    allow(session, valid_days=30, budget={"total": 100})
    assert [ask(session, shopper, 40), ask(session, shopper, 40)] == [12, 12]
    assert held(session, shopper) == {"OMO": 60, "Knorr": 12}
    view = next(view for view in wallet.balances(session, shopper.id) if view.brand == "Knorr")
    assert view.expiring[0].expires_on == clock.till_today() + timedelta(days=30)
    [event] = session.exec(select(Event).where(col(Event.type) == "points.exchanged")).all()
    assert event.data == {"points": 40, "became": 12, "campaign": "swap"}
    assert exchanges.offers(session, shopper.id)[0].left_today == 20
    with pytest.raises(RequestReusedError):
        ask(session, shopper, 20)
    assert differences(session, CHECKS) == []


def test_what_can_not_be_exchanged_is_refused_and_changes_nothing(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 60)
    with pytest.raises(ExchangeClosedError):
        ask(session, shopper, 10)
    allow(session, budget={"total": 7})
    for points, refusal in ((15, ExchangeStepError), (70, ExchangeLimitError), (30, ExchangeSpentError)):
        with pytest.raises(refusal):
            ask(session, shopper, points)
    with pytest.raises(ExchangeClosedError):
        ask(session, shopper, 10, from_points_of="knorr", to_points_of="omo")
    assert ask(session, shopper, 20) == 6
    with pytest.raises(InsufficientPointsError):
        ask(session, make.make_shopper(session, "0907654321"), 10)
    assert held(session, shopper) == {"OMO": 40, "Knorr": 6}
    assert differences(session, CHECKS) == []


def test_terms_exchange_within_one_group_only(session: Session) -> None:
    with pytest.raises(OtherGroupError):
        allow(session, brands=("OMO", "Dutch Lady"), exchanges=[RATE | {"to_points_of": "dutch-lady"}])
    with pytest.raises(ValidationError):
        allow(session, exchanges=[])


def test_a_groups_points_are_earned_by_all_its_brands_and_buy_rewards(
    session: Session, shopper: Shopper
) -> None:
    # Each line earns half a point more than a whole number: rounded once, for the group.
    make.make_campaign(session, brands=("OMO", "Knorr"), points_per_10000_minor=5, points_of="group")
    receipt = make.make_receipt(session, shopper)
    lines = [make.make_line(amount_minor=101_000), make.make_line("Knorr hạt nêm", amount_minor=101_000)]
    settlement.settle_receipt(session, receipt.id, make.make_reading(*lines))
    assert receipt.status == "approved"
    assert held(session, shopper) == {GROUP: 101}
    told = session.exec(select(Event).where(col(Event.type) == "points.credited")).one()
    assert told.data == {"points": 101, "brands": {}}
    reward = offered_reward(session, points=100, points_of="group")
    redemptions.redeem(session, shopper.id, reward.id, "k1")
    assert held(session, shopper) == {GROUP: 1}
    assert differences(session, CHECKS) == []


def test_a_groups_pending_points_are_told_as_the_groups(session: Session, shopper: Shopper) -> None:
    make.make_campaign(session, brands=("OMO",), points_of="group")
    make.make_campaign(session, brands=("OMO",), slug="own", points_per_10000_minor=1)
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=285_000))
    assert receipt.status == "in_review"
    pending = {view.brand: view.pending for view in wallet.balances(session, shopper.id)}
    assert pending == {"OMO": 18, GROUP: 185}


def test_points_are_exchanged_over_http_with_a_key(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    earn(session, shopper, 100)
    allow(session)
    session.commit()
    headers = make.bearer(shopper)
    offered = client.get("/v1/me/exchanges", headers=headers).json()["exchanges"][0]
    assert (offered["points"], offered["becoming"], offered["left_today"]) == (10, 3, 60)
    body = {"campaign": "swap", "from_points_of": "omo", "to_points_of": "knorr", "points": 50}
    answers = [
        client.post(
            "/v1/me/exchanges", json=body | {"points": points}, headers=headers | {"Idempotency-Key": "k"}
        )
        for points in (50, 50, 10)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert answers[0].json() == answers[1].json()
    assert answers[2].json()["code"] == "idempotency_key_reused"


def test_no_points_grow_by_going_round(session: Session) -> None:
    brands = {"brands": ("OMO", "Knorr", "Comfort"), "rules": []}
    there = {"from_points_of": "omo", "to_points_of": "knorr", "points": 1, "becoming": 2}
    back = {"from_points_of": "knorr", "to_points_of": "omo", "points": 2, "becoming": 1}
    onward = {"from_points_of": "knorr", "to_points_of": "comfort", "points": 1, "becoming": 1}
    home = {"from_points_of": "comfort", "to_points_of": "omo", "points": 3, "becoming": 2}
    first = make.make_campaign(session, slug="a", exchanges=[there, back], **brands)
    make.make_campaign(session, slug="b", exchanges=[onward], **brands)
    with pytest.raises(ExchangeGainsError):
        make.make_campaign(session, slug="c", exchanges=[home], **brands)
    # What is paused lets nobody go round, nor does what ran on other days.
    versions.pause(session, first.id)
    make.make_campaign(session, slug="d", exchanges=[home], **brands)
    with pytest.raises(ExchangeGainsError):
        versions.resume(session, first.id)
    later = {"starts_on": make.TODAY + timedelta(days=90), "ends_on": make.TODAY + timedelta(days=99)}
    make.make_campaign(session, slug="e", exchanges=[there], **brands, **later)
    with pytest.raises(ExchangeGainsError):
        make.make_campaign(session, slug="f", exchanges=[{**back, "becoming": 2}], **brands, **later)

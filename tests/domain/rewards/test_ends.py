"""What ends of a reward: its partners, its vouchers' days, its batches."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from domain.partners import access
from domain.rewards import catalogue, notices, redemptions, stock
from domain.rewards.errors import RewardClosedError
from infra import clock
from schemas.events import Event
from schemas.rewards import RewardTerms
from tests import make
from tests.make.points import earn
from tests.make.rewards import an_admin, offered_reward, partner


def test_a_reward_whose_partners_all_ended_is_offered_to_nobody(session: Session) -> None:
    partner(session)
    partner(session, "others")
    shopper = make.make_shopper(session)
    earn(session, shopper, 300)
    reward = offered_reward(session, partners=("highlands", "others"))
    access.end_partner(session, "others")
    redemptions.redeem(session, shopper.id, reward.id, "one stands")
    assert len(catalogue.offers(session, shopper.id, "en")) == 1
    access.end_partner(session, "highlands")

    assert catalogue.offers(session, shopper.id, "en") == []
    with pytest.raises(RewardClosedError):
        redemptions.redeem(session, shopper.id, reward.id, "none stands")


def test_a_reward_can_be_changed_after_a_partner_of_it_ended(session: Session) -> None:
    partner(session)
    partner(session, "others")
    reward = offered_reward(session, partners=("highlands", "others"))
    access.end_partner(session, "others")
    terms = catalogue.managed_one(session, reward).terms
    wanted = RewardTerms.model_validate(terms.model_dump() | {"points": 90})
    changed = catalogue.change_reward(session, "omo", reward.slug, wanted, staff_id=an_admin(session).id)

    assert catalogue.managed_one(session, changed).terms.partners == ("highlands", "others")


def test_vouchers_that_expire_are_told_of_a_week_and_a_day_before_once_each(session: Session) -> None:
    shopper = make.make_shopper(session)
    earn(session, shopper, 300)
    reward = offered_reward(session, valid_days=20)
    kept, cancelled = (redemptions.redeem(session, shopper.id, reward.id, name) for name in "ab")
    redemptions.cancel(session, shopper.id, cancelled.id)
    assert kept.last_day is not None
    told = []
    for before in (8, 7, 7, 3, 1, 1, 0):
        day, after = kept.last_day - timedelta(days=before), None
        while (found := notices.announce_expiring(session, day, after=after, limit=1))[1] is not None:
            after = found[1]
        events = session.exec(select(Event).where(col(Event.type) == "voucher.expiring_soon")).all()
        told.append([event.subject_id for event in events])

    assert [len(events) for events in told] == [0, 1, 1, 1, 2, 2, 2]
    assert set(told[-1]) == {kept.id}


def test_managers_see_what_is_left_of_each_batch(client: TestClient, session: Session) -> None:
    shopper, manager = make.make_shopper(session), make.make_staff(session, "brand_manager", ("omo",))
    earn(session, shopper, 100)
    reward = offered_reward(session, stock_size=3)
    stock.draw_batch(session, reward, 5, an_admin(session).id)
    redemptions.redeem(session, shopper.id, reward.id, "one")
    path = f"/v1/brands/omo/rewards/{reward.slug}/batches"
    batches = client.get(path, headers=make.bearer(manager)).json()["batches"]

    assert [(batch["size"], batch["free"]) for batch in batches] == [(5, 5), (3, 2)]


def test_admins_read_what_a_friend_is_worth(client: TestClient, session: Session) -> None:
    headers = make.bearer(an_admin(session))
    assert client.get("/v1/referral-terms", headers=headers).json() == {"terms": None}
    wanted = {"brand": "omo", "referrer_points": 50, "newcomer_points": 20, "month_max": 3}
    wanted["starts_at"] = (clock.now() - timedelta(days=1)).isoformat()
    client.put("/v1/referral-terms", json=wanted, headers=headers)
    terms = client.get("/v1/referral-terms", headers=headers).json()["terms"]

    assert (terms["brand"], terms["referrer_points"], terms["month_max"]) == ("omo", 50, 3)

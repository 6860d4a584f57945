"""What stands around a shopper of OMO: a reward, a voucher, a partner and a mission."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from domain.membership import missions
from domain.rewards import redemptions
from infra import clock
from schemas.membership import NewMission
from schemas.people import Shopper
from tests.make.points import earn
from tests.make.rewards import offered_reward, partner


def what_rewards_hold(session: Session, owner: Shopper) -> dict[str, Any]:
    """The path parameters of a reward of OMO, of its batch, of a voucher of the owner's, and of a partner."""
    partner(session)
    reward = offered_reward(session)
    earn(session, owner, reward.points)
    voucher = redemptions.redeem(session, owner.id, reward.id, "a matrix")
    return {
        "reward": reward.slug,
        "reward_id": reward.id,
        "batch_id": voucher.batch_id,
        "voucher_id": voucher.id,
        "partner": "highlands",
        "mission": a_mission(session),
    }


def a_mission(session: Session) -> str:
    """The path parameter of a mission of OMO."""
    now = clock.now()
    wanted = NewMission(
        slug="three",
        name_vi="Ba",
        name_en="Three",
        goal="receipts",
        amount=3,
        points=1,
        starts_at=now,
        ends_at=now + timedelta(days=1),
    )
    return missions.add(session, "omo", wanted).slug

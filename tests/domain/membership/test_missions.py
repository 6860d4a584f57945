"""Missions: progress from approved receipts, paid once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from domain import settlement
from domain.membership import follow, missions
from domain.messages import writer
from infra import clock
from infra.db import transaction
from schemas.catalog import Brand
from schemas.events import Event
from schemas.membership import MissionDone, NewMission
from schemas.messages import Message
from schemas.people import Shopper
from tests import make
from tests.make.rewards import an_admin


def mission(session: Session, goal: str, amount: int, **values: Any) -> None:
    now = clock.now()
    given = {
        "slug": goal.replace("_", "-"),
        "name_vi": "Việc",
        "name_en": "Task",
        "goal": goal,
        "amount": amount,
    }
    times = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1)}
    wanted = NewMission(**(given | times | {"points": 30} | values))
    missions.add(session, "omo", wanted, staff_id=an_admin(session).id)


def settled(session: Session, shopper: Shopper, number: int, **values: Any) -> None:
    receipt = make.make_receipt(session, shopper, image=f"{number:064}", **values)
    line = make.make_line(quantity=2, amount_minor=100_000)
    reading = make.make_reading(
        line, receipt_no=f"N{number}", purchased_at=make.NOON - timedelta(hours=number)
    )
    settlement.settle_receipt(session, receipt.id, reading)


def shown(session: Session, shopper: Shopper) -> dict[str, tuple[int, bool]]:
    return {
        view.goal: (view.progress, view.done_at is not None)
        for view in missions.views(session, shopper.id, "en")
    }


def test_each_goal_counts_what_it_names(session: Session) -> None:
    shopper = make.make_shopper(session)
    make.make_campaign(session)
    for goal, amount in (("receipts", 3), ("units", 4), ("spend_minor", 1_000_000), ("days", 2)):
        mission(session, goal, amount)
    for number in range(2):
        settled(session, shopper, number)
    settled(session, shopper, 9, received_at=clock.now() - timedelta(days=2))
    missions.look(session, shopper.id, clock.now())
    assert shown(session, shopper) == {
        "receipts": (2, False),
        "units": (4, True),
        "spend_minor": (200_000, False),
        "days": (1, False),
    }


def test_what_may_not_be_promoted_is_no_part_of_a_mission(session: Session) -> None:
    shopper = make.make_shopper(session)
    make.make_campaign(session)
    mission(session, "receipts", 1)
    session.get_one(Brand, make.brand_id(session)).restricted_class = "tobacco"
    session.flush()
    settled(session, shopper, 1)
    missions.look(session, shopper.id, clock.now())
    assert shown(session, shopper) == {"receipts": (0, False)}


@pytest.fixture
def member(committed: None) -> Shopper:
    with transaction() as session:
        make.make_campaign(session)
        mission(session, "receipts", 1)
        shopper = make.make_shopper(session)
        settled(session, shopper, 1)
    return shopper


def test_what_was_done_is_found_by_events_paid_once_and_told(member: Shopper) -> None:
    for _ in range(2):
        with transaction() as session:
            follow.follow_events(session, 100)
        with transaction() as session:
            writer.write_messages(session, 100)
    with transaction() as session:
        missions.look(session, member.id, clock.now())
        assert len(session.exec(select(MissionDone)).all()) == 1
        event = session.exec(select(Event).where(Event.type == "mission.done")).one()
        assert event.data["points"] == 30
        assert sorted(session.exec(select(Message.code)).all()) == ["mission_done", "receipt_approved"]

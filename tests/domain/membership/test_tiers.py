"""Tiers by what was earned in a year: up at once, down only after notice, never for spending."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from domain.ledger import reversal
from domain.membership import tiers
from infra import clock
from schemas.events import Event
from schemas.membership import Ladder, ShopperTier, TierStep
from schemas.people import Shopper
from tests import make
from tests.make.points import earn, spend
from tests.make.rewards import an_admin

STEPS = (("silver", 100), ("gold", 500))


@pytest.fixture
def shopper(session: Session) -> Shopper:
    ladder = [
        TierStep(slug=slug, name_vi=slug, name_en=slug, from_points=points, grace_days=30)
        for slug, points in STEPS
    ]
    tiers.set_ladder(session, Ladder(tiers=ladder), staff_id=an_admin(session).id)
    return make.make_shopper(session)


@pytest.fixture(autouse=True)
def real_clock() -> Generator[None]:
    yield
    clock.pretend(None)


def look(session: Session, shopper: Shopper, *, days: int = 0) -> str | None:
    """Look so many days later; return the tier."""
    if days:
        clock.pretend(clock.now() + timedelta(days=days))
    tiers.look(session, shopper.id, clock.till_today())
    return tiers.tier_of(session, shopper.id)


def told(session: Session, shopper: Shopper) -> list[str]:
    """What was told of their tier, in order."""
    statement = select(Event.type).where(Event.subject_id == shopper.id, col(Event.type).startswith("tier."))
    return list(session.exec(statement.order_by(col(Event.version))).all())


def test_a_tier_is_reached_at_once_and_kept_when_points_are_spent(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 99)
    assert look(session, shopper) is None
    earn(session, shopper, 1, "2")
    assert [look(session, shopper), look(session, shopper)] == ["silver", "silver"]
    spend(session, shopper, 100)
    assert look(session, shopper) == "silver"
    assert told(session, shopper) == ["tier.reached"]


def test_a_tier_is_lost_a_year_later_after_its_days_of_grace(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 500)
    assert look(session, shopper) == "gold"
    assert look(session, shopper, days=365) == "gold"
    assert session.get_one(ShopperTier, shopper.id).drops_on is None
    assert look(session, shopper, days=1) == "gold"
    notice = session.get_one(ShopperTier, shopper.id).drops_on
    assert notice == clock.till_today() + timedelta(days=30)
    assert look(session, shopper, days=29) == "gold"
    assert look(session, shopper, days=1) is None
    assert told(session, shopper) == ["tier.reached", "tier.will_drop", "tier.dropped"]


def test_who_earns_enough_within_the_days_of_grace_stays(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 100)
    assert look(session, shopper) == "silver"
    assert look(session, shopper, days=366) == "silver"
    earn(session, shopper, 100, "2")
    assert look(session, shopper, days=10) == "silver"
    assert session.get_one(ShopperTier, shopper.id).drops_on is None
    assert look(session, shopper, days=60) == "silver"


def test_the_day_on_which_a_tier_can_fall_is_known_beforehand(session: Session, shopper: Shopper) -> None:
    today = clock.till_today()
    earn(session, shopper, 60)
    clock.pretend(clock.now() + timedelta(days=10))
    earn(session, shopper, 60, "2")
    look(session, shopper)
    assert session.get_one(ShopperTier, shopper.id).look_on == today + timedelta(days=366)
    assert tiers.due(session, today + timedelta(days=365), 10) == []
    assert tiers.due(session, today + timedelta(days=366), 10) == [shopper.id]


def test_points_taken_back_were_never_earned(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper, status="approved")
    earn(session, shopper, 100, receipt_id=receipt.id)
    assert look(session, shopper) == "silver"
    reversal.take_back(session, receipt.id, event="1", at=clock.now())
    assert tiers.view(session, shopper.id, "en").earned == 0
    look(session, shopper)
    assert session.get_one(ShopperTier, shopper.id).drops_on is not None


def test_a_ladder_taken_away_leaves_nobody_on_it_and_nothing_due(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 100)
    look(session, shopper)
    tiers.set_ladder(session, Ladder(tiers=[]), staff_id=an_admin(session).id)
    assert look(session, shopper) is None
    assert tiers.due(session, clock.till_today(), 10) == []


def test_the_view_says_what_is_missing(session: Session, shopper: Shopper) -> None:
    earn(session, shopper, 120)
    look(session, shopper)
    shown = tiers.view(session, shopper.id, "en")
    assert (shown.tier, shown.earned) == ("silver", 120)
    assert shown.next is not None
    assert (shown.next.tier, shown.next.points_missing) == ("gold", 380)

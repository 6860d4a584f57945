"""Who is on which side of a measured campaign reaches the columnar store: by the same hash, as it begins."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from domain.campaigns import trials
from domain.events.outbox import NewEvent, record
from domain.insights.store.feed import feed
from domain.insights.store.forgetting import forget
from domain.insights.store.rebuild import ask_rebuild, rebuild_some
from domain.insights.store.tables import Layout
from domain.offers import choosing
from domain.people.holdout import ARMS, Trial, arm_of
from domain.people.numbers import number_of
from domain.segments.members import put_members
from infra import clock
from infra.columnar.engine import EmbeddedStore
from infra.db import transaction
from schemas.people import Shopper
from schemas.segments import Segment
from tests import make
from tests.make.columnar import drop, new_store
from tests.make.offers import a_choice
from tests.make.segments import a_segment, agree_to_offers

pytestmark = pytest.mark.usefixtures("committed")
FIXED = {"name": "bonus", "give": [{"kind": "fixed", "points": 7}]}


@pytest.fixture
def store() -> Generator[EmbeddedStore]:
    made = new_store()
    yield made
    drop(made)


def joins(session: Session, count: int, first: int = 0) -> list[Shopper]:
    found = [
        agree_to_offers(session, make.make_shopper(session, f"09022{no:05d}"))
        for no in range(first, first + count)
    ]
    now = clock.now()
    record(session, [NewEvent("joined", "shopper.joined", one.id, now, one.id) for one in found])
    return found


def fed(store: EmbeddedStore) -> None:
    with transaction() as session:
        feed(session, store)


def assigned(store: EmbeddedStore) -> dict[int, tuple[str, int, Any]]:
    rows = store.query("SELECT shopper, campaign, held, day FROM assignment")
    return {row["shopper"]: (row["campaign"], row["held"], row["day"]) for row in rows}


def sides(campaign_id: UUID, shoppers: list[Shopper], slug: str = "tried") -> dict[int, tuple[str, int, Any]]:
    """What the store should say of some shoppers, assigned today."""
    today = clock.till_today()
    trial = Trial(campaign_id, 30, today.year)
    return {number_of(one.id): (slug, ARMS.index(arm_of(one.id, trial)), today) for one in shoppers}


def begins(session: Session, **values: Any) -> UUID:
    """A campaign with a hold-out of 30 % that is live from now on."""
    make.make_campaign(session, slug="unmeasured", rules=[FIXED])
    said: dict[str, Any] = {"rules": [FIXED], "measuring": {"holdout_percent": 30}}
    return make.make_campaign(session, slug="tried", at=clock.now(), **(said | values)).id


def test_everybody_is_assigned_as_a_campaign_begins_and_whoever_joins_later_then(
    store: EmbeddedStore,
) -> None:
    with transaction() as session:
        shoppers = joins(session, 60)
    fed(store)
    assert assigned(store) == {}
    with transaction() as session:
        campaign_id = begins(session)
    fed(store)
    expected = sides(campaign_id, shoppers)
    assert assigned(store) == expected
    assert {side for _, side, _ in expected.values()} >= {0, 1}
    with transaction() as session:
        late = joins(session, 3, 60)
    fed(store)
    assert assigned(store) == expected | sides(campaign_id, late)
    fed(store)
    # Whoever is erased is in no arm, and a store filled anew has the same.
    forget(store, Layout(), shoppers[0].id)
    with transaction() as session:
        session.get_one(Shopper, shoppers[0].id).erased_at = clock.now()
    del expected[number_of(shoppers[0].id)]
    assert assigned(store) == expected | sides(campaign_id, late)
    with transaction() as session:
        ask_rebuild(session)
    more = True
    while more:
        with transaction() as session:
            more = rebuild_some(session, store, Layout())
    assert assigned(store) == expected | sides(campaign_id, late)


def test_of_a_campaign_for_a_segment_its_members_are_assigned_since_they_were_in_it(
    store: EmbeddedStore,
) -> None:
    with transaction() as session:
        first, second, _ = joins(session, 3)
        segment_id = a_segment(session, [first]).id
        only = {"kind": "segment_in", "segments": ["regulars"]}
        campaign_id = begins(session, rules=[{**FIXED, "when": only}])
    with transaction() as session:
        trials.keep_audiences(session)
    fed(store)
    assert assigned(store) == sides(campaign_id, [first])
    with transaction() as session:
        put_members(session, session.get_one(Segment, segment_id), [second.id])
    with transaction() as session:
        trials.keep_audiences(session)
    fed(store)
    assert assigned(store) == sides(campaign_id, [first, second])


def test_an_offer_that_was_shown_is_a_touch_of_its_brand(store: EmbeddedStore) -> None:
    with transaction() as session:
        (shopper,) = joins(session, 1)
        campaign = make.make_campaign(session, slug="shown", rules=[FIXED])
        campaign.brand_id = make.brand_id(session)
        # One of two is shown: the other stays what was chosen.
        seen, _ = (a_choice(session, shopper, campaign, round=number, shown_at=None) for number in (0, 1))
        seen_id, shopper_id = seen.id, shopper.id
    with transaction() as session:
        choosing.note_shown(session, shopper_id, seen_id)
    for _ in range(2):
        fed(store)
    assert store.query("SELECT shopper, brand, kind, ref FROM touch WHERE kind = 'offer_seen'") == [
        {"shopper": number_of(shopper_id), "brand": "omo", "kind": "offer_seen", "ref": "shown"}
    ]

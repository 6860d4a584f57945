"""Models of brands are fitted from the columnar store, kept with what they rest on, and fill segments."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.insights.profile import models, refreshing
from domain.insights.profile.shoppers import asking
from domain.people.numbers import number_of
from domain.segments import saved
from domain.segments.conditions import NewSegment
from infra import clock
from infra.columnar.engine import EmbeddedStore
from schemas.catalog import Brand
from schemas.lifetime import BrandModel
from schemas.people import Shopper
from schemas.segments import Segment, SegmentMember
from tests import make
from tests.make.buyers import buyers
from tests.make.columnar import drop, new_store
from tests.make.segments import agree_to_offers

SHOPPERS = 4_000


def put(store: EmbeddedStore, brand: str, shoppers: Any, days: Any, paid: Any) -> None:
    count = len(shoppers)
    fixed: dict[str, Any] = {"brand": brand, "currency": "VND", "agreed": 1, "version": 1, "gone": 0}
    rows = {name: [value] * count for name, value in fixed.items()}
    rows |= {"shopper": [int(one) for one in shoppers], "day": list(days), "paid": [int(one) for one in paid]}
    store.insert("purchase_rows", rows | {"receipt": list(range(count))})


@pytest.fixture(scope="module")
def yesterday() -> date:
    return clock.till_today() - timedelta(days=1)


@pytest.fixture(scope="module")
def store(yesterday: date) -> Generator[EmbeddedStore]:
    made, bought, rng = new_store(), buyers(SHOPPERS), np.random.default_rng(3)
    days = [
        yesterday - timedelta(days=int(7 * (bought.age[who] - week)))
        for who, week in zip(bought.shopper, bought.week, strict=True)
    ]
    usual = rng.gamma(4, 15_000, SHOPPERS)
    paid = usual[bought.shopper] * rng.gamma(6, 1 / 6, len(days)) + 1
    put(made, "omo", bought.shopper, days, paid)
    put(made, "comfort", [1, 2], [yesterday] * 2, [9_000, 9_000])
    put(made, "nobodys", [1, 2], [yesterday] * 2, [9_000, 9_000])
    yield made
    drop(made)


@pytest.fixture
def refitted(session: Session, store: EmbeddedStore) -> Session:
    models.keep(session, models.refit(store, models.known(session, "omo")))
    return session


def test_a_model_is_kept_with_what_it_rests_on(
    client: TestClient, refitted: Session, store: EmbeddedStore, yesterday: date
) -> None:
    manager = make.bearer(make.make_staff(refitted, "brand_manager", ("omo",)))
    told = client.get("/v1/brands/omo/model", headers=manager).json()
    assert (told["verdict"], told["whose"], told["as_of"]) == ("shown", "brand", str(yesterday))
    assert told["parameters"]["r"] == pytest.approx(0.8, rel=0.15)
    assert abs(told["error"]) < 0.15
    assert sum(part["shoppers"] for part in told["deciles"]) == pytest.approx(SHOPPERS, rel=0.2)
    assert [len(band["recency_days"]) for band in told["cuts"]] == [4, 4, 4]
    assert told["margin"] is None
    assert models.due(refitted, 1000) == sorted(set(refitted.exec(select(Brand.slug)).all()) - {"omo"})


def test_value_is_in_fifths_of_the_years_buyers_and_follows_the_margin(
    client: TestClient, refitted: Session, store: EmbeddedStore, yesterday: date
) -> None:
    question = asking(
        "SELECT tier, count() AS n, sum(worth) AS worth FROM profile WHERE days_year > 0 GROUP BY tier"
    )

    def by_tier() -> dict[str, dict[str, Any]]:
        about = models.about_brand(store, models.known(refitted, "omo"), yesterday)
        return {row["tier"]: row for row in store.query(question, about.parameters())}

    before = by_tier()
    sizes = [row["n"] for row in before.values()]
    assert len(sizes) == 5
    assert max(sizes) - min(sizes) < 0.02 * sum(sizes)
    ordered = [before[tier]["worth"] for tier in ("top", "high", "middle", "low", "lowest")]
    assert ordered == sorted(ordered, reverse=True)
    manager = make.bearer(make.make_staff(refitted, "brand_manager", ("omo",)))
    set_ = client.put("/v1/brands/omo/model/margin", headers=manager, json={"share": "0.25"})
    assert set_.status_code == 200, set_.text
    models.keep(refitted, models.refit(store, models.known(refitted, "omo")))
    after = by_tier()
    assert after["top"]["worth"] == pytest.approx(before["top"]["worth"] / 4, rel=0.01)
    # What is kept of a price changes what shoppers are worth, and not their order.
    assert after["top"]["n"] == pytest.approx(before["top"]["n"], abs=5)


def test_a_brand_of_few_buyers_takes_its_makers_brands_together(
    session: Session, store: EmbeddedStore
) -> None:
    models.keep(session, models.refit(store, models.known(session, "comfort")))
    kept = session.get_one(BrandModel, make.brand_id(session, "Comfort"))
    assert (kept.whose, kept.verdict) == ("maker", "shown")
    other = Brand(slug="nobodys", name="Nobody's", owner="Nobody", category="Other")
    session.add(other)
    session.flush()
    models.keep(session, models.refit(store, models.known(session, "nobodys")))
    kept = session.get_one(BrandModel, other.id)
    assert (kept.whose, kept.verdict, kept.cuts["recency"]) == ("brand", "too_few_repeat_buyers", [])


def segment(session: Session, brand: str, conditions: dict[str, Any], slug: str = "them") -> Segment:
    wanted = NewSegment.model_validate({"slug": slug, "name": "Them", "conditions": conditions})
    return saved.save(session, brand, wanted)


def refresh(session: Session, store: EmbeddedStore) -> None:
    for found in refreshing.name_members(session, refreshing.ask(store, refreshing.due(session))):
        refreshing.write_members(session, found)


def members(session: Session, of: Segment) -> set[Any]:
    rows = session.exec(select(SegmentMember.shopper_id).where(SegmentMember.segment_id == of.id))
    return set(rows.all())


def test_a_refresh_makes_members_of_who_answers_the_conditions(session: Session, yesterday: date) -> None:
    shoppers = [make.make_shopper(session, f"090777770{no}") for no in range(4)]
    for shopper in shoppers[:3]:
        agree_to_offers(session, shopper)
    store = new_store()
    days = [yesterday - timedelta(days=ago) for ago in (3, 40, 5, 4)]
    put(store, "omo", [number_of(one.id) for one in shoppers], days, [50_000] * 4)
    lately = segment(session, "omo", {"kind": "last_bought", "most": 30})
    long_ago = segment(session, "omo", {"kind": "last_bought", "least": 31}, "long-ago")
    refresh(session, store)
    assert members(session, lately) == {shoppers[0].id, shoppers[2].id}
    assert members(session, long_ago) == {shoppers[1].id}
    # Each is a day old before it is looked at again, unless somebody asks.
    put(store, "omo", [number_of(shoppers[1].id)], [yesterday], [50_000])
    refresh(session, store)
    assert members(session, lately) == {shoppers[0].id, shoppers[2].id}
    saved.ask_refresh(session, "omo", lately.slug)
    refresh(session, store)
    assert members(session, lately) == {one.id for one in shoppers[:3]}
    drop(store)


def test_without_what_it_rests_on_a_segment_keeps_its_members(
    session: Session, store: EmbeddedStore, yesterday: date
) -> None:
    shopper: Shopper = agree_to_offers(session, make.make_shopper(session))
    valuable = segment(session, "comfort", {"kind": "value_in", "tiers": ["top"]})
    loyal = segment(session, "comfort", {"kind": "group_in", "groups": ["loyal"]}, "loyal")
    for one in (valuable, loyal):
        session.add(SegmentMember(segment_id=one.id, shopper_id=shopper.id))
    session.flush()
    refresh(session, store)
    session.expire_all()
    assert [saved.view(one).stalled for one in (valuable, loyal)] == ["no_model", "no_classes"]
    assert members(session, valuable) == members(session, loyal) == {shopper.id}

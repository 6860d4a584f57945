"""The offer that is put first: lawful, agreed to, the same all day, its chance logged, its use followed."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.campaigns import versions
from domain.offers import candidates as found_for
from domain.offers import choosing, learning, outcomes
from domain.offers.evaluating import by_lot, evaluate, logged
from domain.people import holdout
from domain.people.shoppers import join_staff, say_born
from domain.review import reversals
from infra import clock
from schemas.campaigns import Campaign
from schemas.catalog import Brand, Product
from schemas.offers import GoesWith, OfferArm, OfferChoice
from schemas.people import BirthYear, Shopper
from schemas.receipts import Receipt
from tests import make
from tests.make.offers import a_choice
from tests.make.segments import agree_to_offers
from tests.make.settled import sent
from tests.make.surveys import a_survey, agree

PATH = "/v1/me/next-offer"


@pytest.fixture(autouse=True)
def _nobody_held_out(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    monkeypatch.setattr(holdout, "SHARE", 0.0)
    yield
    clock.pretend(None)


@pytest.fixture
def shopper(session: Session, campaign: Campaign) -> Shopper:
    """One who agreed, and campaigns of three brands."""
    for name in ("Comfort", "Knorr"):
        make.make_campaign(session, brands=(name,), slug=name.lower())
    return agree_to_offers(session, make.make_shopper(session))


def ask(client: TestClient, shopper: Shopper) -> Any:
    answer = client.get(PATH, headers=make.bearer(shopper) | {"Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def offered(session: Session, shopper: Shopper) -> dict[str, str]:
    """The campaigns that may be shown, and how the shopper stands to each."""
    found = found_for.candidates(session, shopper.id, clock.till_today())
    return {one.version.slug: one.arm.bucket for one in found}


def brand(session: Session, name: str) -> Brand:
    return session.get_one(Brand, make.brand_id(session, name))


def test_one_offer_is_put_first_all_day_and_its_chance_is_logged(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    first = ask(client, shopper)
    assert first["why_none"] is None
    for _ in range(5):
        assert ask(client, shopper) == first
    (choice,) = session.exec(select(OfferChoice)).all()
    assert str(choice.id) == first["next"]["id"]
    numbers = {one.id: one.no for one in session.exec(select(Campaign)).all()}
    chances = {number: chance for number, _, chance in choice.candidates}
    assert chances.keys() == set(numbers.values())
    assert sum(chances.values()) == pytest.approx(1, abs=1e-5)
    assert choice.chance == pytest.approx(chances[numbers[choice.campaign_id]], abs=1e-6)
    assert choice.shown_at is None
    for _ in range(2):
        shown = client.post(f"{PATH}/{choice.id}/shown", headers=make.bearer(shopper))
        assert shown.status_code == 204
    session.refresh(choice)
    assert choice.shown_at is not None


def test_two_questions_at_once_are_answered_by_one_choice(session: Session, shopper: Shopper) -> None:
    today = clock.till_today()
    found = found_for.candidates(session, shopper.id, today)
    one, other = (choosing._choose(session, shopper.id, today, found, 0) for _ in range(2))
    assert one is other is not None


def test_nothing_is_chosen_for_who_did_not_agree_nor_of_a_brand_they_refused(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    agree(session, shopper, "personal_offers", given=False, brand="comfort")
    assert offered(session, shopper).keys() == {"test", "knorr"}
    ask(client, shopper)
    agree(session, shopper, "personal_offers", given=False)
    assert ask(client, shopper) == {"next": None, "why_none": "no_consent"}


@pytest.mark.parametrize("by_product", [True, False])
def test_what_law_forbids_to_promote_is_never_put_before_anybody(
    session: Session, shopper: Shopper, *, by_product: bool
) -> None:
    if by_product:
        slug, product = (
            "knorr-one",
            session.exec(select(Product).where(Product.brand_id == make.brand_id(session, "Knorr"))).first(),
        )
        assert product is not None
        goods = {"products": [product.slug]}
        rule = {"name": "unit", "give": [{"kind": "points_per_unit", "points": 1, "goods": goods}]}
        make.make_campaign(session, brands=("Knorr",), slug=slug, rules=[rule])
        assert slug in offered(session, shopper)
        classed: Brand | Product = product
    else:
        slug, classed = "comfort", brand(session, "Comfort")
    for forbidden in ("alcohol_high", "infant_0_24", "tobacco", "medicine", "alcohol_low"):
        classed.restricted_class = forbidden
        session.flush()
        assert slug not in offered(session, shopper), forbidden
    say_born(session, shopper.id, BirthYear(birth_year=1990))
    assert slug in offered(session, shopper), "weak alcohol to adults"


def test_products_that_law_forbids_are_not_named_beside_an_offer(session: Session, shopper: Shopper) -> None:
    products = session.exec(select(Product).where(Product.brand_id == make.brand_id(session))).all()
    for product in products[1:]:
        product.restricted_class = "medicine"
    session.flush()
    version = next(
        one.version
        for one in found_for.candidates(session, shopper.id, clock.till_today())
        if one.version.slug == "test"
    )
    named = choosing._products(session, shopper.id, clock.till_today(), version)
    assert [one.slug for one in named] == [products[0].slug]


def test_only_what_the_shopper_can_still_use_is_put_first(session: Session, shopper: Shopper) -> None:
    pays = {"kind": "fixed", "points": 5}
    for slug, when in {
        "gold": {"kind": "tier_in", "tiers": ["gold"]},
        "not-gold": {"kind": "none", "of": [{"kind": "tier_in", "tiers": ["gold"]}]},
        "first": {"kind": "first_purchase"},
        "any": {"kind": "any", "of": [{"kind": "first_purchase"}, {"kind": "units_min", "units": 2}]},
        "not-first": {"kind": "none", "of": [{"kind": "first_purchase"}]},
        "over": {"kind": "days", "first": "2020-01-01", "last": "2020-01-02"},
    }.items():
        make.make_campaign(
            session, brands=("Knorr",), slug=slug, rules=[{"name": "r", "when": when, "give": [pays]}]
        )
    once = [{"of": "receipts", "per": "campaign", "most": 1}]
    make.make_campaign(session, slug="once", caps=once)
    ended = make.make_campaign(session, brands=("Knorr",), slug="ended")
    versions.end(session, ended.id, staff_id=make.make_staff(session, "admin").id)
    usual = {"test", "comfort", "knorr", "any"}
    assert offered(session, shopper).keys() == usual | {"not-gold", "first", "once"}
    sent(session, shopper)
    assert offered(session, shopper).keys() == usual | {"not-gold", "not-first"}


def test_an_offer_that_ends_during_the_day_makes_room_for_another(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    first = ask(client, shopper)["next"]["offer"]["campaign"]
    staff_id = make.make_staff(session, "admin").id
    ended = session.exec(select(Campaign).where(Campaign.slug == first)).one()
    versions.end(session, ended.id, staff_id=staff_id)
    second = ask(client, shopper)["next"]["offer"]["campaign"]
    assert second != first
    assert [one.round for one in session.exec(select(OfferChoice).order_by(OfferChoice.round)).all()] == [
        0,
        1,
    ]


def test_who_is_held_out_is_chosen_for_and_shown_nothing(
    client: TestClient, session: Session, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdout, "SHARE", 1.0)
    assert ask(client, shopper) == {"next": None, "why_none": "none_left"}
    (choice,) = session.exec(select(OfferChoice)).all()
    assert choice.held_out
    shown = client.post(f"{PATH}/{choice.id}/shown", headers=make.bearer(shopper))
    assert shown.status_code == 404


def bought(session: Session, shopper: Shopper, on: date, number: int = 1) -> Receipt:
    at = make.NOON.replace(year=on.year, month=on.month, day=on.day, hour=15)
    return sent(session, shopper, number, purchased_at=at)


def test_a_use_is_a_purchase_after_the_choice_and_is_taken_back_with_it(
    session: Session, shopper: Shopper, campaign: Campaign
) -> None:
    today = make.TODAY
    comfort = session.exec(select(Campaign).where(Campaign.slug == "comfort")).one()
    after, same_day, six_days = (
        a_choice(session, shopper, campaign, today - timedelta(days=days)) for days in (1, 3, 9)
    )
    over = a_choice(session, shopper, campaign, today - timedelta(days=10))
    other = a_choice(session, shopper, comfort, today - timedelta(days=3), round=1)
    held = a_choice(session, shopper, campaign, today - timedelta(days=4), held_out=True, shown_at=None)
    receipt = bought(session, shopper, today - timedelta(days=3))
    outcomes.find_outcomes(session, {shopper.id})
    used = {choice.id for choice in session.exec(select(OfferChoice)).all() if choice.used_on}
    # Chosen at noon and bought at three, six days after, and by who was not shown it.
    assert used == {same_day.id, six_days.id, held.id}
    # Not what was bought before it was chosen, seven days after, or by another campaign.
    assert {after.used_on, over.used_on, other.used_on} == {None}
    admin = join_staff(session, "boss@example.vn", "admin")
    reversals.reverse_receipt(session, receipt.id, reviewer_id=admin.id, reason="Edited", refusal="edited")
    outcomes.find_outcomes(session, {shopper.id})
    assert {choice.used_on for choice in session.exec(select(OfferChoice)).all()} == {None}


def test_what_was_learned_is_counted_from_the_choices_alone(
    session: Session, shopper: Shopper, campaign: Campaign
) -> None:
    today = make.TODAY
    receipt = make.make_receipt(session, shopper, image="b" * 64)
    closed = today - timedelta(days=outcomes.WINDOW_DAYS + learning.LATE_DAYS)
    used = {"used_on": closed, "used_receipt_id": receipt.id}
    for number in range(4):
        a_choice(session, shopper, campaign, closed, round=number, **(used if number == 0 else {}))
    # Neither what was not seen, nor what can still be used, nor what was long ago.
    a_choice(session, shopper, campaign, closed, round=4, shown_at=None)
    a_choice(session, shopper, campaign, closed + timedelta(days=1), **used)
    a_choice(session, shopper, campaign, closed - timedelta(days=learning.MEMORY_DAYS), **used)
    assert campaign.id in learning.to_recount(session)
    for _ in range(2):
        learning.recount(session, campaign.id)
    arms = {arm.bucket: (arm.shown, arm.used) for arm in session.exec(select(OfferArm)).all()}
    assert arms == learning.counted(session, campaign.id, today)
    assert arms["stranger"] == (4, 1)
    assert campaign.id not in learning.to_recount(session)
    [arm] = [
        one.arm
        for one in found_for.candidates(session, shopper.id, today)
        if one.version.campaign_id == campaign.id
    ]
    assert (arm.shown, arm.used) == (4, 1)
    weighed = evaluate(list(logged(session, closed)), by_lot)
    assert weighed is not None
    assert (weighed.choices, weighed.share) == (4, 0.25)


def test_what_goes_with_what_is_bought_comes_first_and_nothing_is_known_of_it_is_no_hindrance(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    sent(session, shopper)
    assert offered(session, shopper) == {"test": "buyer", "comfort": "stranger", "knorr": "stranger"}
    assert ask(client, shopper)["next"] is not None
    products = session.exec(
        select(Product).where(Product.brand_id == make.brand_id(session, "Comfort")).order_by(Product.slug)
    ).all()
    goes = GoesWith(
        brand_id=make.brand_id(session), product_id=products[-1].id, lift=2.5, counted_on=make.TODAY
    )
    session.add(goes)
    session.flush()
    assert offered(session, shopper)["comfort"] == "near"
    found = found_for.candidates(session, shopper.id, make.TODAY)
    version = next(one.version for one in found if one.version.slug == "comfort")
    named = choosing._products(session, shopper.id, make.TODAY, version)
    assert named[0].slug == products[-1].slug
    # A store that was away for weeks: what it said last is no longer believed.
    goes.counted_on = make.TODAY - timedelta(days=found_for.GOES_WITH_DAYS + 1)
    session.flush()
    assert offered(session, shopper)["comfort"] == "stranger"


def test_an_offer_that_was_shown_may_be_asked_about_once_in_a_quarter(
    client: TestClient, session: Session, shopper: Shopper, campaign: Campaign
) -> None:
    agree(session, shopper)
    campaign.brand_id = make.brand_id(session)
    a_survey(session, "offer")
    for number in range(2):
        choice = a_choice(session, shopper, campaign, round=number, shown_at=None)
        client.post(f"{PATH}/{choice.id}/shown", headers=make.bearer(shopper))
    headers = make.bearer(shopper) | {"Accept-Language": "en"}
    (asked,) = client.get("/v1/me/surveys", headers=headers).json()["surveys"]
    assert (asked["kind"], asked["offer"], asked["highest"]) == ("offer", "test", 5)
    assert "OMO" in asked["question"]

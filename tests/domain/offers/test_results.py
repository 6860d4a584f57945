"""What putting an offer first brought is told to those who keep the campaign, and tells of nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session

from domain.offers.results import results_of
from infra import clock
from infra.settings import settings
from schemas.base import new_id
from schemas.campaigns import Campaign
from schemas.offers import OfferChoice, OfferTold
from schemas.people import Shopper
from tests import make
from tests.make.offers import a_choice

LEAST = settings().group_shoppers_min


def choices(
    session: Session,
    campaign: Campaign,
    count: int,
    *,
    held: bool = False,
    used: bool = False,
    days: int = 20,
) -> list[OfferChoice]:
    """Choices for so many new shoppers, whose days to use them are over."""
    on = clock.till_today() - timedelta(days=days)
    shown = {"held_out": True, "shown_at": None} if held else {}
    found = []
    for _ in range(count):
        shopper = make.make_shopper(session, f"09{new_id().int % 10**8:08}")
        came = {}
        if used:
            came = {"used_on": on, "used_receipt_id": make.make_receipt(session, shopper).id}
        found.append(a_choice(session, shopper, campaign, on, **shown, **came))
    return found


def test_shares_of_shown_and_held_out_are_compared_with_an_interval(
    session: Session, campaign: Campaign
) -> None:
    choices(session, campaign, 40, used=True)
    choices(session, campaign, 10)
    choices(session, campaign, 5, held=True, used=True)
    choices(session, campaign, 20, held=True)
    told = results_of(session, campaign)
    assert (told.shown.shoppers, told.shown.used, told.shown.share) == (50, 40, 0.8)
    assert (told.held_out.shoppers, told.held_out.used, told.held_out.share) == (25, 5, 0.2)
    assert told.difference == pytest.approx(0.6)
    # Wald: 0.6 -+ 1.96 * sqrt(.8 * .2 / 50 + .2 * .8 / 25).
    assert (told.low, told.high) == (pytest.approx(0.408, abs=1e-3), pytest.approx(0.792, abs=1e-3))
    assert told.verdict == "worked"


def test_only_the_first_time_counts_and_only_once_its_days_are_over(
    session: Session, campaign: Campaign
) -> None:
    for choice in choices(session, campaign, 10):
        shopper = session.get_one(Shopper, choice.shopper_id)
        later = clock.till_today() - timedelta(days=15)
        receipt = make.make_receipt(session, shopper)
        a_choice(
            session,
            shopper,
            campaign,
            later,
            used_on=later,
            used_receipt_id=receipt.id,
        )
    choices(session, campaign, 10, days=5)
    told = results_of(session, campaign)
    assert (told.shown.shoppers, told.shown.used) == (10, 0)


def test_nothing_is_told_of_few(session: Session, campaign: Campaign) -> None:
    choices(session, campaign, 40, used=True)
    choices(session, campaign, LEAST - 1, held=True, used=True)
    told = results_of(session, campaign)
    assert told.until is None
    assert (told.shown.shoppers, told.held_out.shoppers, told.difference) == (None, None, None)
    assert told.verdict == "too_few"


def test_a_figure_does_not_follow_the_shopper_who_was_added(session: Session, campaign: Campaign) -> None:
    choices(session, campaign, 20, used=True)
    choices(session, campaign, 20)
    before = results_of(session, campaign)
    choices(session, campaign, LEAST - 1, used=True)
    assert results_of(session, campaign) == before
    choices(session, campaign, 1, used=True)
    assert results_of(session, campaign).shown.used == 20 + LEAST


def test_what_is_asked_again_is_only_read(session: Session, campaign: Campaign) -> None:
    results_of(session, campaign)
    assert session.get(OfferTold, campaign.id) is None
    choices(session, campaign, 20, used=True)
    choices(session, campaign, 20)
    told = results_of(session, campaign)
    choices(session, campaign, LEAST - 1)
    session.commit()
    session.execute(text("SET TRANSACTION READ ONLY"))
    assert results_of(session, campaign) == told


def test_a_manager_asks_for_own_campaigns_only(
    client: TestClient, session: Session, campaign: Campaign
) -> None:
    path = f"/v1/campaigns/{campaign.slug}/put-first"
    admin, manager = make.make_staff(session, "admin"), make.make_staff(session, "brand_manager", ("omo",))
    assert client.get(path, headers=make.bearer(admin)).json()["verdict"] == "too_few"
    assert client.get(path, headers=make.bearer(manager)).status_code == 404

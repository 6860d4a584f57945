"""Offers that were put first before a shopper."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from infra import clock
from schemas.campaigns import Campaign
from schemas.offers import OfferChoice
from schemas.people import Shopper


def a_choice(
    session: Session, shopper: Shopper, campaign: Campaign, on: date | None = None, **values: Any
) -> OfferChoice:
    """One choice of a campaign for a shopper, made on a day at noon by the till's clock; shown at once."""
    day = on or clock.till_today()
    at = datetime.combine(day, datetime.min.time(), clock.TILL_ZONE).replace(hour=12)
    given: dict[str, Any] = {
        "chosen_on": day,
        "round": 0,
        "chosen_at": at,
        "shown_at": at,
        "bucket": "stranger",
    }
    given |= {"chance": 0.5, "policy": 1, "held_out": False, "candidates": [[campaign.no, "stranger", 0.5]]}
    choice = OfferChoice(shopper_id=shopper.id, campaign_id=campaign.id, **(given | values))
    session.add(choice)
    session.flush()
    return choice

"""Segments of brands, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from domain.segments import saved
from domain.segments.conditions import NewSegment
from domain.segments.members import put_members
from infra import clock
from schemas.campaigns import Campaign, CampaignAudience
from schemas.people import Shopper
from schemas.segments import Segment
from tests.make.surveys import agree

BOUGHT = {"kind": "last_bought", "most": 30}


def a_segment(
    session: Session, members: Sequence[Shopper] = (), *, slug: str = "regulars", brand: str = "omo"
) -> Segment:
    wanted = NewSegment.model_validate({"slug": slug, "name": "Regulars", "conditions": BOUGHT})
    segment = saved.save(session, brand, wanted)
    put_members(session, segment, [member.id for member in members])
    return segment


def agree_to_offers(session: Session, shopper: Shopper) -> Shopper:
    agree(session, shopper, "personal_offers")
    return shopper


def an_audience(session: Session, campaign: Campaign, shopper: Shopper) -> Shopper:
    """The shopper, now among those whom a campaign for segments is for."""
    session.add(CampaignAudience(campaign_id=campaign.id, shopper_id=shopper.id, since_on=clock.till_today()))
    session.flush()
    return shopper

"""The campaign an installation starts with: one earning rule for each brand of the group."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from schemas.base import new_id
from schemas.catalog import Brand
from schemas.loyalty import Campaign, EarningRule


def seed_campaign(session: Session) -> UUID:
    """Load the packaged campaign; return its id. Doing it again only adds rules for new brands.

    The catalogue must be loaded: rules name its brands.
    """
    packaged = tomllib.loads(
        files("domain.loyalty").joinpath("data", "campaign.toml").read_text(encoding="utf-8")
    )
    owner, points = packaged.pop("owner"), packaged.pop("points_per_10000_minor")
    session.execute(
        insert(Campaign).values(id=new_id(), **packaged).on_conflict_do_nothing(index_elements=["slug"])
    )
    campaign_id = session.exec(select(Campaign.id).where(Campaign.slug == packaged["slug"])).one()
    brands = session.exec(select(Brand.id).where(Brand.owner == owner).order_by(col(Brand.slug))).all()
    for brand_id in brands:
        session.execute(
            insert(EarningRule)
            .values(id=new_id(), campaign_id=campaign_id, brand_id=brand_id, points_per_10000_minor=points)
            .on_conflict_do_nothing(index_elements=["campaign_id", "brand_id"])
        )
    return campaign_id

"""The campaign an installation starts with: points for what is paid for each brand of the group."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from uuid import UUID

from sqlmodel import Session, col, select

from domain.campaigns.programme import read_terms
from domain.campaigns.terms import Terms
from domain.campaigns.versions import create_campaign, publish_terms, published_of
from infra import clock
from schemas.campaigns import Campaign
from schemas.catalog import Brand


def seed_campaign(session: Session) -> UUID:
    """Publish the packaged campaign; return its id. Doing it again only adds brands that are new.

    The catalogue must be loaded: the terms name its brands.
    """
    text = files("domain.campaigns").joinpath("data", "campaign.toml").read_text(encoding="utf-8")
    packaged = tomllib.loads(text)
    owner = packaged["owner"]
    brands = session.exec(select(Brand.slug).where(Brand.owner == owner).order_by(col(Brand.slug))).all()
    terms = Terms.model_validate(packaged["terms"] | {"brands": tuple(brands)})
    campaign = session.exec(select(Campaign).where(Campaign.slug == packaged["slug"])).one_or_none()
    if campaign is None:
        days = terms.starts_on, terms.ends_on
        campaign = create_campaign(session, slug=packaged["slug"], name=packaged["name"], days=days)
        publish_terms(session, campaign.id, terms, at=clock.day_begins(terms.starts_on))
    elif (standing := published_of(session, campaign)) is not None:
        # What people changed since stands; only brands are added.
        stands = read_terms(standing.version.terms)
        added = sorted(set(terms.brands) - set(stands.brands))
        if added:
            wider = stands.model_copy(update={"brands": (*stands.brands, *added)})
            publish_terms(session, campaign.id, wider)
    return campaign.id

"""Campaigns as those keep them who sell by them: managers those of their own brands, admins all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from domain.campaigns import versions
from domain.campaigns.budgets import left_of_campaigns
from domain.campaigns.errors import OtherBrandsError
from domain.campaigns.names import names_of, rewards_named
from domain.campaigns.programme import read_terms
from domain.campaigns.terms import GROUP, Terms
from domain.campaigns.versions import (
    Standing,
    create_campaign,
    draft_of,
    save_draft,
    standings,
    standings_of,
    stands,
)
from domain.errors import NotFoundError
from domain.people.staff import keeps_brand
from infra import clock
from schemas.campaigns import (
    Campaign,
    CampaignList,
    CampaignSummary,
    ManagedCampaign,
    NewCampaign,
    VersionView,
)
from schemas.catalog import Brand
from schemas.people import StaffMember

CAMPAIGNS_MAX = 500


def campaign_of(session: Session, staff: StaffMember, slug: str) -> Campaign:
    """Return a campaign that a member of staff may keep.

    Raises:
        NotFoundError: There is none, or it is of another's brand, or the group's and they are no admin.
    """
    # A NUL, which PostgreSQL text can't hold, is in no slug either.
    row = session.exec(
        select(Campaign, Brand.slug)
        .outerjoin(Brand, col(Brand.id) == Campaign.brand_id)
        .where(Campaign.slug == slug.replace("\0", " "))
    ).first()
    if row is None or not keeps_brand(staff, row[1]):
        raise NotFoundError
    return row[0]


def new_campaign(session: Session, staff: StaffMember, wanted: NewCampaign) -> Campaign:
    """Begin a campaign of a brand, or of the group where none is named; it has no version yet.

    Raises:
        NotFoundError: The brand is not known, or not theirs.
        CampaignNameTakenError: Another has this key.
    """
    if not keeps_brand(staff, wanted.brand):
        raise NotFoundError
    brand_id: UUID | None = None
    if wanted.brand is not None:
        brand_id = session.exec(select(Brand.id).where(Brand.slug == wanted.brand)).first()
        if brand_id is None:
            raise NotFoundError
    today = clock.till_today()
    return create_campaign(
        session, slug=wanted.slug, name=wanted.name, days=(today, today), brand_id=brand_id
    )


def draft(session: Session, staff: StaffMember, campaign: Campaign, terms: Terms) -> None:
    """Write a campaign's draft. Managers speak for their own brands only, and pay with their own points.

    Raises:
        OtherBrandsError: The terms are about a brand that is not theirs.
        UnknownNamesError: The terms name what the catalogue lacks.
    """
    _check_brands(session, staff, terms)
    save_draft(session, campaign.id, terms, staff_id=staff.id)


def publish(session: Session, staff: StaffMember, campaign: Campaign, at: datetime | None) -> None:
    """Let a campaign's draft be live; whoever wrote it, who publishes speaks for their own brands only.

    Raises:
        NothingToPublishError: There is no draft.
        OtherBrandsError: The draft is about a brand that is not theirs.
        UnknownNamesError: It names what the catalogue lacks.
        LegalPapersMissingError: Its legal form needs papers that it lacks.
        PointValueMissingError: Its legal form needs to know what a point is worth.
        BudgetUsedError: More was given already than its budgets allow.
    """
    if (version := draft_of(session, campaign.id)) is not None:
        _check_brands(session, staff, read_terms(version.terms))
    versions.publish(session, campaign.id, staff_id=staff.id, at=at)


def _check_brands(session: Session, staff: StaffMember, terms: Terms) -> None:
    if staff.role != "admin":
        named = [*((f"brands.{place}", slug) for place, slug in enumerate(terms.brands))]
        named += [("currency", terms.currency)] if terms.currency else []
        # Points that all brands share are no single brand's to give.
        named += [("points_of", GROUP)] if terms.points_of == GROUP else []
        for place, exchange in enumerate(terms.exchanges):
            named.append((f"exchanges.{place}.from_points_of", exchange.from_points_of))
            named.append((f"exchanges.{place}.to_points_of", exchange.to_points_of))
        rewards = names_of(session, [terms]).rewards
        named += [(path, rewards[slug].owner) for path, slug in rewards_named(terms) if slug in rewards]
        for field, slug in named:
            if slug not in staff.brands:
                raise OtherBrandsError(field=field, value=slug)


def list_campaigns(session: Session, staff: StaffMember) -> CampaignList:
    """Return the campaigns that a member of staff may keep, those that begin last first."""
    statement = select(Campaign, Brand.slug).outerjoin(Brand, col(Brand.id) == Campaign.brand_id)
    if staff.role != "admin":
        statement = statement.where(col(Brand.slug).in_(staff.brands))
    statement = statement.order_by(col(Campaign.starts_on).desc(), col(Campaign.slug)).limit(CAMPAIGNS_MAX)
    rows = session.exec(statement).all()
    left = left_of_campaigns(session, [campaign.id for campaign, _ in rows], clock.now())
    found = standings_of(session, [campaign for campaign, _ in rows])
    return CampaignList(
        campaigns=[
            _summary(campaign, brand, found[campaign.id], left.get(campaign.id, {}))
            for campaign, brand in rows
        ]
    )


def shown(session: Session, campaign: Campaign) -> ManagedCampaign:
    """Return a campaign with its versions, newest first."""
    brand = session.exec(select(Brand.slug).where(Brand.id == campaign.brand_id)).first()
    left = left_of_campaigns(session, [campaign.id], clock.now()).get(campaign.id, {})
    standing_versions = standings(session, campaign)
    found = [
        VersionView(
            no=standing.version.no,
            state=standing.state,
            live_from=standing.from_at,
            live_until=standing.until_at,
            terms=standing.version.terms,
            changed_at=standing.version.changed_at,
        )
        for standing in standing_versions
    ]
    summary = _summary(campaign, brand, standing_versions, left)
    return ManagedCampaign(**summary.model_dump(), versions=found)


def _summary(
    campaign: Campaign, brand: str | None, of_campaign: Sequence[Standing], left: dict[str, int]
) -> CampaignSummary:
    standing = stands(of_campaign)
    return CampaignSummary(
        slug=campaign.slug,
        name=campaign.name,
        brand=brand,
        state=standing.state if standing else "draft",
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        has_draft=any(one.state == "draft" for one in of_campaign),
        budget_left=left.get("total"),
        budget_left_today=left.get("day"),
    )

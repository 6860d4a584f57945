"""Tiers, friends and missions: for shoppers, and as admins and managers keep them."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import CallerLanguage, CurrentAdmin, CurrentBrand, CurrentShopper, CurrentStaff
from api.contract import refusals
from api.limits import HOUR_SECONDS, limited
from domain.membership import missions, referral, tiers
from domain.membership.errors import (
    MissionExistsError,
    ReferralClosedError,
    ReferralRefusedError,
    ReferralUnknownError,
)
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.membership import (
    Ladder,
    ManagedMission,
    ManagedMissions,
    MissionList,
    NewMission,
    ReferralClaim,
    ReferralTermsBody,
    ReferralTermsNow,
    ReferralView,
    TierView,
)

router = APIRouter(prefix="/v1", tags=["membership"])


@router.get("/me/tier")
def show_tier(session: ReadOnly, shopper: CurrentShopper, language: CallerLanguage) -> TierView:
    """Return the shopper's tier, what they earned in the last 365 days, and what is missing for the next."""
    return tiers.view(session, shopper.id, language)


@router.get("/me/referral")
def show_referral(session: UnitOfWork, shopper: CurrentShopper) -> ReferralView:
    """Return the code a shopper gives to friends, and what came of it."""
    return referral.view(session, shopper.id)


@router.post(
    "/me/referral",
    dependencies=[limited("referral_claims", seconds=HOUR_SECONDS)],
    responses=refusals(ReferralClosedError, ReferralUnknownError, ReferralRefusedError),
)
def claim_referral(session: UnitOfWork, shopper: CurrentShopper, given: ReferralClaim) -> ReferralView:
    """Say by whose code a newcomer came, once; both are paid for the first receipt that is approved."""
    referral.claim(session, shopper, given.code)
    return referral.view(session, shopper.id)


@router.get("/me/missions")
def list_missions(session: ReadOnly, shopper: CurrentShopper, language: CallerLanguage) -> MissionList:
    """Return missions that can be done now, with progress, and those the shopper has done."""
    return MissionList(missions=missions.views(session, shopper.id, language))


@router.get("/tiers")
def show_ladder(session: ReadOnly, _staff: CurrentStaff) -> Ladder:
    """Return all tiers, lowest first."""
    return Ladder(tiers=[tiers.step_of(tier) for tier in tiers.ladder(session)])


@router.put("/tiers")
def change_ladder(session: UnitOfWork, admin: CurrentAdmin, wanted: Ladder) -> Ladder:
    """Say anew which tiers there are. Nobody drops without the notice of the tier's days of grace."""
    changed = tiers.set_ladder(session, wanted, staff_id=admin.id)
    return Ladder(tiers=[tiers.step_of(tier) for tier in changed])


@router.get("/referral-terms")
def show_referral_terms(session: ReadOnly, _admin: CurrentAdmin) -> ReferralTermsNow:
    """Return what bringing a friend is worth now; null where nothing is given."""
    return ReferralTermsNow(terms=referral.terms_shown(session))


@router.put("/referral-terms")
def change_referral_terms(
    session: UnitOfWork, admin: CurrentAdmin, wanted: ReferralTermsBody
) -> ReferralTermsBody:
    """Say what bringing a friend is worth from now on."""
    referral.set_terms(session, wanted, staff_id=admin.id)
    return wanted


@router.get("/brands/{brand}/missions")
def list_managed_missions(session: ReadOnly, brand: CurrentBrand) -> ManagedMissions:
    """Return the brand's missions, newest first."""
    return ManagedMissions(missions=missions.managed(session, brand))


@router.post("/brands/{brand}/missions", status_code=201, responses=refusals(MissionExistsError))
def add_mission(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, wanted: NewMission
) -> ManagedMission:
    """Offer a mission: receipts, units, đồng or days on which the brand was bought, by its end."""
    return missions.managed_body(session, missions.add(session, brand, wanted, staff_id=staff.id))


@router.post("/brands/{brand}/missions/{mission}/end")
def end_mission(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, mission: ShortText
) -> ManagedMission:
    """End a mission now."""
    return missions.managed_body(session, missions.end(session, brand, mission, staff_id=staff.id))

"""Campaigns: what shoppers can earn, how managers and admins keep them, and files of them."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from api.auth import CallerLanguage, CurrentAdmin, CurrentShopper, CurrentStaff
from api.contract import LOCATION, RETRY_AFTER, refusals
from api.routes.catalog import LIMITED, REFUSED, answer
from domain.campaigns import dry_runs, managed, versions
from domain.campaigns.errors import (
    CampaignNameTakenError,
    CampaignStateError,
    DryRunUnderWayError,
    ExchangeGainsError,
    LegalPapersMissingError,
    NothingToPublishError,
    OtherBrandsError,
    OtherGroupError,
    PointValueMissingError,
    UnknownNamesError,
)
from domain.campaigns.imports import import_campaigns
from domain.campaigns.offers import offers
from domain.campaigns.terms import Terms
from domain.catalog.sheets import csv_text
from domain.errors import NotFoundError
from domain.ledger.errors import BudgetUsedError
from domain.offers.results import results_of
from infra import queue
from infra.db import after_commit
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.campaigns import (
    CampaignList,
    ManagedCampaign,
    NewCampaign,
    OfferList,
    PublishRequest,
)
from schemas.catalog import ImportReport
from schemas.dry_runs import UNDER_WAY, DryRunList, DryRunRequest, DryRunView
from schemas.offers import OfferResults
from schemas.people import StaffMember

router = APIRouter(prefix="/v1", tags=["campaigns"])
LOOK_AGAIN_SECONDS: Final = 2


def current_seller(staff: CurrentStaff) -> StaffMember:
    """Return the manager or admin who calls."""
    if staff.role not in {"brand_manager", "admin"}:
        raise NotFoundError
    return staff


CurrentSeller = Annotated[StaffMember, Depends(current_seller)]


def kept_campaign(campaign: ShortText, seller: CurrentSeller, session: ReadOnly) -> str:
    """Return the slug of the path's campaign, which must be one the caller may keep."""
    slug = managed.campaign_of(session, seller, campaign).slug
    # A request that writes has a session of its own.
    session.close()
    return slug


KeptCampaign = Annotated[str, Depends(kept_campaign)]


@router.get("/me/offers")
def list_offers(session: ReadOnly, shopper: CurrentShopper, language: CallerLanguage) -> OfferList:
    """Return what can be earned now or within a week, how far the shopper is, and why not yet."""
    return offers(session, shopper.id, language)


@router.get("/campaigns")
def list_campaigns(session: ReadOnly, seller: CurrentSeller) -> CampaignList:
    """Return the caller's campaigns: of their brands, or all for admins."""
    return managed.list_campaigns(session, seller)


@router.post("/campaigns", status_code=201, responses=refusals(CampaignNameTakenError))
def begin_campaign(session: UnitOfWork, seller: CurrentSeller, wanted: NewCampaign) -> ManagedCampaign:
    """Begin a campaign; it earns nothing before a version of it is published."""
    return managed.shown(session, managed.new_campaign(session, seller, wanted))


@router.get("/campaigns/schema")
def show_schema(_seller: CurrentSeller) -> dict[str, Any]:
    """Return the JSON Schema of a campaign's terms, for forms."""
    return Terms.model_json_schema()


@router.get("/campaigns/{campaign}")
def show_campaign(session: ReadOnly, seller: CurrentSeller, campaign: KeptCampaign) -> ManagedCampaign:
    """Return a campaign with its versions, newest first."""
    return managed.shown(session, managed.campaign_of(session, seller, campaign))


@router.put(
    "/campaigns/{campaign}/draft", responses=refusals(UnknownNamesError, OtherBrandsError, OtherGroupError)
)
def write_draft(
    session: UnitOfWork, seller: CurrentSeller, campaign: KeptCampaign, terms: Terms
) -> ManagedCampaign:
    """Write the campaign's draft, beside what is live; another draft is written over."""
    kept = managed.campaign_of(session, seller, campaign)
    managed.draft(session, seller, kept, terms)
    return managed.shown(session, kept)


@router.delete("/campaigns/{campaign}/draft", responses=refusals(NothingToPublishError))
def discard_draft(session: UnitOfWork, seller: CurrentSeller, campaign: KeptCampaign) -> ManagedCampaign:
    """Take the draft away; what is live stays."""
    kept = managed.campaign_of(session, seller, campaign)
    versions.discard_draft(session, kept.id, staff_id=seller.id)
    return managed.shown(session, kept)


@router.post(
    "/campaigns/{campaign}/publish",
    responses=refusals(
        NothingToPublishError,
        CampaignStateError,
        OtherBrandsError,
        OtherGroupError,
        ExchangeGainsError,
        UnknownNamesError,
        LegalPapersMissingError,
        PointValueMissingError,
        BudgetUsedError,
    ),
)
def publish_draft(
    session: UnitOfWork, seller: CurrentSeller, campaign: KeptCampaign, wanted: PublishRequest | None = None
) -> ManagedCampaign:
    """Let the draft be live, now or from a time on. Uploads before are judged by what was live then."""
    kept = managed.campaign_of(session, seller, campaign)
    managed.publish(session, seller, kept, wanted.at if wanted else None)
    return managed.shown(session, kept)


@router.post(
    "/campaigns/{campaign}/dry-runs",
    status_code=202,
    dependencies=LIMITED,
    responses={202: {"headers": LOCATION}, **refusals(NothingToPublishError, DryRunUnderWayError)},
)
def try_draft(
    *,
    response: Response,
    session: UnitOfWork,
    seller: CurrentSeller,
    campaign: KeptCampaign,
    wanted: DryRunRequest | None = None,
) -> DryRunView:
    """Ask what the draft would have paid for the last receipts; `Location` says where it will be told."""
    kept = managed.campaign_of(session, seller, campaign)
    receipts = (wanted or DryRunRequest()).receipts
    run = dry_runs.ask_dry_run(session, kept, receipts, staff_id=seller.id)
    after_commit(session, lambda: queue.ring_dry_run(str(run.id)))
    response.headers["Location"] = f"/v1/campaigns/{kept.slug}/dry-runs/{run.id}"
    return dry_runs.view_of(run)


@router.get("/campaigns/{campaign}/dry-runs")
def list_dry_runs(session: ReadOnly, seller: CurrentSeller, campaign: KeptCampaign) -> DryRunList:
    """Return the campaign's dry runs of late, newest first."""
    kept = managed.campaign_of(session, seller, campaign)
    return DryRunList(dry_runs=dry_runs.dry_runs_of(session, kept))


@router.get("/campaigns/{campaign}/dry-runs/{run_id}", responses={200: {"headers": RETRY_AFTER}})
def show_dry_run(
    response: Response, session: ReadOnly, seller: CurrentSeller, campaign: KeptCampaign, run_id: UUID
) -> DryRunView:
    """Return how far a dry run is and what came of it; `Retry-After` while it is under way."""
    kept = managed.campaign_of(session, seller, campaign)
    shown = dry_runs.view_of(dry_runs.dry_run_of(session, kept, run_id))
    if shown.state in UNDER_WAY:
        response.headers["Retry-After"] = str(LOOK_AGAIN_SECONDS)
    return shown


@router.post("/campaigns/{campaign}/dry-runs/{run_id}/cancel")
def cancel_dry_run(
    session: UnitOfWork, seller: CurrentSeller, campaign: KeptCampaign, run_id: UUID
) -> DryRunView:
    """Let a dry run end; one that has ended stays as it is."""
    kept = managed.campaign_of(session, seller, campaign)
    run = dry_runs.dry_run_of(session, kept, run_id)
    dry_runs.cancel_dry_run(session, run)
    return dry_runs.view_of(run)


@router.get("/campaigns/{campaign}/put-first")
def show_offer_results(session: UnitOfWork, seller: CurrentSeller, campaign: KeptCampaign) -> OfferResults:
    """Return what putting the offer first brought against those it was kept from; nothing of few."""
    return results_of(session, managed.campaign_of(session, seller, campaign))


@router.post("/campaigns/{campaign}/pause", responses=refusals(CampaignStateError))
def pause_campaign(session: UnitOfWork, seller: CurrentSeller, campaign: KeptCampaign) -> ManagedCampaign:
    """Let uploads from now on earn nothing by it; what was scheduled is taken off."""
    kept = managed.campaign_of(session, seller, campaign)
    versions.pause(session, kept.id, staff_id=seller.id)
    return managed.shown(session, kept)


@router.post("/campaigns/{campaign}/resume", responses=refusals(CampaignStateError, ExchangeGainsError))
def resume_campaign(session: UnitOfWork, seller: CurrentSeller, campaign: KeptCampaign) -> ManagedCampaign:
    """Let uploads from now on earn again by the version that was paused."""
    kept = managed.campaign_of(session, seller, campaign)
    versions.resume(session, kept.id, staff_id=seller.id)
    return managed.shown(session, kept)


@router.post("/campaigns/{campaign}/end", responses=refusals(CampaignStateError))
def end_campaign(session: UnitOfWork, seller: CurrentSeller, campaign: KeptCampaign) -> ManagedCampaign:
    """Let uploads from now on earn nothing by it, for good."""
    kept = managed.campaign_of(session, seller, campaign)
    versions.end(session, kept.id, staff_id=seller.id)
    return managed.shown(session, kept)


@router.post("/campaigns/import", dependencies=LIMITED, response_model=ImportReport, responses=REFUSED)
def import_earning_campaigns(
    *,
    request: Request,
    session: UnitOfWork,
    admin: CurrentAdmin,
    language: CallerLanguage,
    file: Annotated[
        UploadFile,
        File(
            description="CSV: campaign, name, first_day, last_day, brand, points_per_10000; also "
            "accepted_days, valid_days, rule_first_day, rule_last_day, retailers"
        ),
    ],
    replace: Annotated[bool, Form(description="Take out rules that the file does not name")] = False,
) -> ImportReport | JSONResponse:
    """Create or change campaigns, a row for what each brand earns: all rows, or none where any is bad."""
    report = import_campaigns(session, csv_text(file.file), replace=replace, language=language)
    return answer(request, session, admin, "campaigns", report)

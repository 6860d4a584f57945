"""Drafts tried on the past: asked for, followed, and what came of it with charts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from console import charts
from console.pages.campaigns import KeptCampaign, campaign_page
from console.render import PREFIX, page
from console.sign_in import ManagerOrAdmin, OwnForm
from domain.campaigns import dry_runs, managed
from domain.errors import DomainError
from infra import queue
from infra.db import after_commit
from infra.settings import settings
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.dry_runs import UNDER_WAY, DryRunRequest

router = APIRouter()


class DryRunForm(DryRunRequest):
    """What the form sends besides its token."""

    csrf: ShortText = ""


@router.post("/campaigns/{campaign}/dry-runs", dependencies=[OwnForm])
def ask_dry_run(
    request: Request,
    session: UnitOfWork,
    person: ManagerOrAdmin,
    campaign: KeptCampaign,
    form: Annotated[DryRunForm, Form()],
) -> Response:
    """Ask that the draft be tried, and lead to where that is followed."""
    kept = managed.campaign_of(session, person, campaign)
    try:
        run = dry_runs.ask_dry_run(session, kept, form.receipts, staff_id=person.id)
    except DomainError as error:
        return campaign_page(request, session, kept, refusal=error)
    after_commit(session, lambda: queue.ring_dry_run(str(run.id)))
    return RedirectResponse(f"{PREFIX}/campaigns/{kept.slug}/dry-runs/{run.id}", 303)


@router.get("/campaigns/{campaign}/dry-runs/{run_id}")
def show_dry_run(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, campaign: KeptCampaign, run_id: UUID
) -> Response:
    """Show how far a dry run is, and what came of it; the page asks again by itself."""
    kept = managed.campaign_of(session, person, campaign)
    shown = dry_runs.view_of(dry_runs.dry_run_of(session, kept, run_id))
    figures = shown.figures
    chart = charts.bars([(str(day), points) for day, points in figures.by_day.items()]) if figures else None
    return page(
        request,
        "_dry_run.html" if request.headers.get("hx-request") else "dry_run.html",
        campaign=kept,
        run=shown,
        chart=chart,
        is_under_way=shown.state in UNDER_WAY,
        shoppers_min=settings().group_shoppers_min,
    )


@router.post("/campaigns/{campaign}/dry-runs/{run_id}/cancel", dependencies=[OwnForm])
def cancel_dry_run(
    session: UnitOfWork, person: ManagerOrAdmin, campaign: KeptCampaign, run_id: UUID
) -> Response:
    """Let a dry run end."""
    kept = managed.campaign_of(session, person, campaign)
    dry_runs.cancel_dry_run(session, dry_runs.dry_run_of(session, kept, run_id))
    return RedirectResponse(f"{PREFIX}/campaigns/{kept.slug}/dry-runs/{run_id}", 303)

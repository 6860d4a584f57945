"""Campaigns of a manager's own brands, or all for admins: list, calendar, and one with its versions."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel import Session

from console import charts
from console.forms import Filled, Sent, read, refused
from console.render import PREFIX, page, page_language
from console.sign_in import ManagerOrAdmin, OwnForm
from console.terms_changes import differences
from domain.campaigns import burning, dry_runs, managed, versions
from domain.errors import DomainError, UnknownFilterValueError
from domain.insights import scope
from domain.offers.results import results_of
from infra import clock
from infra.settings import settings
from infra.web import STATUS_BY_KIND, ReadOnly, UnitOfWork
from infra.words import say
from schemas.base import YEAR_MAX, YEAR_MIN, ShortText
from schemas.campaigns import Campaign, CampaignState, CampaignSummary, ManagedCampaign, NewCampaign
from schemas.people import StaffMember

router = APIRouter()

STATES: tuple[CampaignState, ...] = get_args(CampaignState)
DAYS_PER_WEEK = 7


class NewCampaignForm(NewCampaign):
    """What the form of a new campaign sends besides its token; no brand is the whole group."""

    csrf: ShortText = ""


def brands_of(session: Session, person: StaffMember) -> list[tuple[str, str]]:
    """Return the brands that somebody may keep campaigns of, as (slug, name)."""
    if person.role == "admin":
        return [(slug, name) for slug, name in scope.all_brands(session)]
    return [(slug, name) for slug, name in scope.brand_names(session, person.brands)]


def kept_campaign(campaign: ShortText, person: ManagerOrAdmin, session: ReadOnly) -> str:
    """Return the slug of the path's campaign, which must be one that the visitor may keep."""
    slug = managed.campaign_of(session, person, campaign).slug
    # A page that changes something has a session of its own.
    session.close()
    return slug


KeptCampaign = Annotated[str, Depends(kept_campaign)]


@router.get("/campaigns")
def show_campaigns(
    request: Request,
    session: ReadOnly,
    person: ManagerOrAdmin,
    state: ShortText = "",
    brand: ShortText = "",
    q: ShortText = "",
) -> Response:
    """Show campaigns, those that begin last first, and a form for another."""
    return _campaigns_page(request, session, person, {"state": state, "brand": brand, "q": q}, Filled())


def _campaigns_page(
    request: Request, session: Session, person: StaffMember, asked: dict[str, str], form: Filled
) -> Response:
    state, brand, q = asked["state"], asked["brand"], asked["q"]
    if state and state not in STATES:
        raise UnknownFilterValueError(field="state")
    found = [
        row
        for row in managed.list_campaigns(session, person).campaigns
        if (not state or row.state == state)
        and (not brand or row.brand == brand)
        and q.casefold() in f"{row.slug} {row.name}".casefold()
    ]
    return page(
        request,
        "campaigns.html",
        status=form.status,
        form=form,
        campaigns=found,
        given=burning.given_of(session, [row.slug for row in found]),
        brands=brands_of(session, person),
        states=STATES,
        asked=asked,
        is_admin=person.role == "admin",
    )


@router.post("/campaigns", dependencies=[OwnForm])
def add_campaign(request: Request, session: UnitOfWork, person: ManagerOrAdmin, sent: Sent) -> Response:
    """Begin a campaign, and lead to its draft; what is refused is shown at its field."""
    try:
        form = read(sent, NewCampaignForm)
        new = NewCampaign(slug=form.slug, name=form.name, brand=form.brand or None)
        with session.begin_nested():
            made = managed.new_campaign(session, person, new)
    except (ValidationError, DomainError) as error:
        asked = {"state": "", "brand": "", "q": ""}
        return _campaigns_page(request, session, person, asked, refused(request, sent, error))
    return RedirectResponse(f"{PREFIX}/campaigns/{made.slug}/draft", 303)


@router.get("/calendar")
def show_calendar(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, month: ShortText = "", day: ShortText = ""
) -> Response:
    """Show which campaigns run on the days of a month."""
    today = clock.till_today()
    first = _month(month) if month else today.replace(day=1)
    chosen = _chosen(day, first)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    found = [
        row
        for row in managed.list_campaigns(session, person).campaigns
        if row.starts_on <= last and row.ends_on >= first
    ]
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    shown = [row for row in found if chosen is None or row.starts_on <= chosen <= row.ends_on]
    return page(
        request,
        "calendar.html",
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=last + timedelta(days=1),
        weeks=[[_day(one, found, first) for one in week] for week in weeks],
        today=today,
        chosen=chosen,
        campaigns=shown,
        weekdays=[
            say("campaign", f"weekday_{day}", page_language(request)) for day in range(1, DAYS_PER_WEEK + 1)
        ],
    )


def _month(text: str) -> date:
    try:
        found = datetime.strptime(text, "%Y-%m").replace(tzinfo=clock.TILL_ZONE).date()
    except ValueError as error:
        raise UnknownFilterValueError(field="month") from error
    # The months before and after have to be dates too.
    if not YEAR_MIN <= found.year <= YEAR_MAX:
        raise UnknownFilterValueError(field="month")
    return found


def _chosen(text: str, first: date) -> date | None:
    try:
        return first.replace(day=int(text)) if text else None
    except (ValueError, OverflowError) as error:
        raise UnknownFilterValueError(field="day") from error


def _day(on: date, found: list[CampaignSummary], first: date) -> tuple[date, bool, list[CampaignSummary]]:
    """Return a day, whether it is of the month, and what runs on it."""
    running = [row for row in found if row.starts_on <= on <= row.ends_on]
    return on, on.month == first.month, running


@router.get("/campaigns/{campaign}")
def show_campaign(
    request: Request, session: UnitOfWork, person: ManagerOrAdmin, campaign: KeptCampaign
) -> Response:
    """Show a campaign: how it stands, how its budgets burn, its versions and what they change."""
    return campaign_page(request, session, managed.campaign_of(session, person, campaign))


def campaign_page(
    request: Request, session: Session, kept: Campaign, *, refusal: DomainError | None = None
) -> Response:
    """Return the page of a campaign, with what was refused on it if anything was."""
    shown = managed.shown(session, kept)
    ends = clock.day_begins(shown.ends_on + timedelta(days=1))
    burning_now = [
        (
            burn,
            charts.burn_down(burn.readings, burn.amount, burn.dry_at, _end_of_chart(burn.scope, ends)),
        )
        for burn in burning.burn_downs(session, kept.id)
    ]
    language = page_language(request)
    return page(
        request,
        "campaign.html",
        status=STATUS_BY_KIND[refusal.kind] if refusal else 200,
        campaign=shown,
        burns=burning_now,
        changes=_changes(shown),
        runs=dry_runs.dry_runs_of(session, kept),
        put_first=results_of(session, kept),
        shoppers_min=settings().group_shoppers_min,
        refused=say("problem", refusal.code, language, refusal.values) if refusal else None,
    )


def _end_of_chart(budget_scope: str, ends: datetime) -> datetime:
    if budget_scope == "day":
        return clock.day_begins(clock.till_today() + timedelta(days=1))
    return ends


def _changes(shown: ManagedCampaign) -> list[list[tuple[tuple[str, ...], Any, Any]]]:
    """Return for each version what it changes against the one before; nothing for the first."""
    pairs = zip(shown.versions, [*shown.versions[1:], None], strict=True)
    return [differences(before.terms, version.terms) if before else [] for version, before in pairs]


def _change(
    request: Request, session: Session, person: StaffMember, slug: str, what: str, change: Callable[..., None]
) -> Response:
    kept = managed.campaign_of(session, person, slug)
    try:
        with session.begin_nested():
            change(session, kept.id, staff_id=person.id)
    except DomainError as error:
        return campaign_page(request, session, kept, refusal=error)
    return back_to(kept.slug, what)


@router.post("/campaigns/{campaign}/pause", dependencies=[OwnForm])
def pause(request: Request, session: UnitOfWork, person: ManagerOrAdmin, campaign: KeptCampaign) -> Response:
    """Let uploads from now on earn nothing by it."""
    return _change(request, session, person, campaign, "campaign_paused", versions.pause)


@router.post("/campaigns/{campaign}/resume", dependencies=[OwnForm])
def resume(request: Request, session: UnitOfWork, person: ManagerOrAdmin, campaign: KeptCampaign) -> Response:
    """Let uploads from now on earn by it again."""
    return _change(request, session, person, campaign, "campaign_resumed", versions.resume)


@router.post("/campaigns/{campaign}/end", dependencies=[OwnForm])
def end(request: Request, session: UnitOfWork, person: ManagerOrAdmin, campaign: KeptCampaign) -> Response:
    """Let uploads from now on earn nothing by it, for good."""
    return _change(request, session, person, campaign, "campaign_ended", versions.end)


@router.post("/campaigns/{campaign}/draft/discard", dependencies=[OwnForm])
def discard(
    request: Request, session: UnitOfWork, person: ManagerOrAdmin, campaign: KeptCampaign
) -> Response:
    """Take the draft away; what is live stays."""
    return _change(request, session, person, campaign, "draft_discarded", versions.discard_draft)


def back_to(slug: str, said: str) -> Response:
    """Return to a campaign's page, which says what was done."""
    return RedirectResponse(f"{PREFIX}/campaigns/{slug}?said={said}", 303)

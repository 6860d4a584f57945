"""Journeys of a manager's own brands, or all for admins: a list, and one with days, results and versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError, field_validator
from sqlmodel import Session

from console.forms import Filled, Sent, read, refused
from console.pages.campaigns import brands_of
from console.render import PREFIX, page, page_language
from console.sign_in import ManagerOrAdmin, OwnForm
from console.terms_changes import differences
from domain.errors import DomainError
from domain.journeys import figures, managed, versions
from domain.journeys.ready import ready_journeys
from infra.settings import settings
from infra.web import STATUS_BY_KIND, ReadOnly, UnitOfWork
from infra.words import say
from schemas.base import ShortText
from schemas.journeys import Journey, ManagedJourney, NewJourney, ReadyName
from schemas.people import StaffMember

router = APIRouter()


class NewJourneyForm(NewJourney):
    """What the form of a new journey sends besides its token; no brand is the whole group."""

    csrf: ShortText = ""
    ready: ReadyName | None = None

    @field_validator("brand", "ready", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        return given or None


def kept_journey(journey: ShortText, person: ManagerOrAdmin, session: ReadOnly) -> str:
    """Return the slug of the path's journey, which must be one that the visitor may keep."""
    slug = managed.journey_of(session, person, journey).slug
    # A page that changes something has a session of its own.
    session.close()
    return slug


KeptJourney = Annotated[str, Depends(kept_journey)]


@router.get("/journeys")
def show_journeys(request: Request, session: ReadOnly, person: ManagerOrAdmin) -> Response:
    """Show journeys, newest first, and a form for another, which may begin as a ready-made one."""
    return _journeys_page(request, session, person, Filled())


def _journeys_page(request: Request, session: Session, person: StaffMember, form: Filled) -> Response:
    return page(
        request,
        "journeys.html",
        status=form.status,
        form=form,
        journeys=managed.list_journeys(session, person).journeys,
        brands=brands_of(session, person),
        ready=[
            ("", "—"),
            *((one.name, one.title) for one in ready_journeys(page_language(request)).journeys),
        ],
        is_admin=person.role == "admin",
    )


@router.post("/journeys", dependencies=[OwnForm])
def add_journey(request: Request, session: UnitOfWork, person: ManagerOrAdmin, sent: Sent) -> Response:
    """Begin a journey, and lead to its draft; what is refused is shown at its field."""
    try:
        form = read(sent, NewJourneyForm)
        new = NewJourney(slug=form.slug, name=form.name, brand=form.brand)
        with session.begin_nested():
            made = managed.new_journey(session, person, new)
    except (ValidationError, DomainError) as error:
        return _journeys_page(request, session, person, refused(request, sent, error))
    begins_as = f"?ready={form.ready}" if form.ready else ""
    return RedirectResponse(f"{PREFIX}/journeys/{made.slug}/draft{begins_as}", 303)


@router.get("/journeys/{journey}")
def show_journey(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, journey: KeptJourney
) -> Response:
    """Show a journey: how it stands, what it brought, what became of its messages, and its versions."""
    return journey_page(request, session, managed.journey_of(session, person, journey))


def journey_page(
    request: Request, session: Session, kept: Journey, *, refusal: DomainError | None = None
) -> Response:
    """Return the page of a journey, with what was refused on it if anything was."""
    language = page_language(request)
    shown = managed.shown(session, kept)
    return page(
        request,
        "journey.html",
        status=STATUS_BY_KIND[refusal.kind] if refusal else 200,
        journey=shown,
        days=figures.days_of(session, kept, language).days,
        results=figures.results_of(session, kept),
        changes=_changes(shown),
        shoppers_min=settings().group_shoppers_min,
        refused=say("problem", refusal.code, language, refusal.values) if refusal else None,
    )


def _changes(shown: ManagedJourney) -> list[list[tuple[tuple[str, ...], object, object]]]:
    """Return for each version what it changes against the one before; nothing for the first."""
    pairs = zip(shown.versions, [*shown.versions[1:], None], strict=True)
    return [differences(before.terms, version.terms) if before else [] for version, before in pairs]


def _change(
    request: Request,
    session: Session,
    person: StaffMember,
    slug: str,
    said: str,
    change: Callable[[Session, Journey], None],
) -> Response:
    kept = managed.journey_of(session, person, slug)
    try:
        with session.begin_nested():
            change(session, kept)
    except DomainError as error:
        return journey_page(request, session, kept, refusal=error)
    return back_to(kept.slug, said)


@router.post("/journeys/{journey}/publish", dependencies=[OwnForm])
def publish(request: Request, session: UnitOfWork, person: ManagerOrAdmin, journey: KeptJourney) -> Response:
    """Let shoppers enter by the draft from now on."""

    def change(session: Session, kept: Journey) -> None:
        managed.publish(session, person, kept)

    return _change(request, session, person, journey, "journey_published", change)


@router.post("/journeys/{journey}/pause", dependencies=[OwnForm])
def pause(request: Request, session: UnitOfWork, person: ManagerOrAdmin, journey: KeptJourney) -> Response:
    """Let nobody enter and send nothing, at once."""

    def change(session: Session, kept: Journey) -> None:
        versions.pause(session, kept, person.id)

    return _change(request, session, person, journey, "journey_paused", change)


@router.post("/journeys/{journey}/resume", dependencies=[OwnForm])
def resume(request: Request, session: UnitOfWork, person: ManagerOrAdmin, journey: KeptJourney) -> Response:
    """Let shoppers enter again, and those under way go on."""

    def change(session: Session, kept: Journey) -> None:
        versions.resume(session, kept, person.id)

    return _change(request, session, person, journey, "journey_resumed", change)


@router.post("/journeys/{journey}/end", dependencies=[OwnForm])
def end(request: Request, session: UnitOfWork, person: ManagerOrAdmin, journey: KeptJourney) -> Response:
    """Let nobody enter and send nothing, for good."""

    def change(session: Session, kept: Journey) -> None:
        versions.end(session, kept, person.id)

    return _change(request, session, person, journey, "journey_ended", change)


@router.post("/journeys/{journey}/draft/discard", dependencies=[OwnForm])
def discard(request: Request, session: UnitOfWork, person: ManagerOrAdmin, journey: KeptJourney) -> Response:
    """Take the draft away; what is live stays."""

    def change(session: Session, kept: Journey) -> None:
        versions.discard_draft(session, kept, person.id)

    return _change(request, session, person, journey, "draft_discarded", change)


def back_to(slug: str, said: str) -> Response:
    """Return to a journey's page, which says what was done."""
    return RedirectResponse(f"{PREFIX}/journeys/{slug}?said={said}", 303)

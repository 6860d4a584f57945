"""Journeys as managers and admins keep them: versions, a preview, what became of them by day and by arm."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.auth import CallerLanguage
from api.contract import refusals
from api.routes.campaigns import CurrentSeller
from domain.journeys import figures, managed, versions
from domain.journeys.errors import (
    JourneyGapError,
    JourneyGoodsForbiddenError,
    JourneyNamesUnknownError,
    JourneyNameTakenError,
    JourneyOfGroupError,
    JourneyStateError,
    JourneyTextTooLongError,
    JourneyWithoutDraftError,
)
from domain.journeys.ready import ready_journeys
from domain.journeys.terms import JourneyTerms
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.journeys import (
    JourneyDays,
    JourneyList,
    JourneyPreview,
    JourneyResults,
    ManagedJourney,
    NewJourney,
    ReadyJourneys,
)

router = APIRouter(prefix="/v1/journeys", tags=["journeys"])
OF_TERMS = (JourneyNamesUnknownError, JourneyOfGroupError, JourneyGapError, JourneyTextTooLongError)


def kept_journey(journey: ShortText, seller: CurrentSeller, session: ReadOnly) -> str:
    """Return the slug of the path's journey, which must be one the caller may keep."""
    slug = managed.journey_of(session, seller, journey).slug
    # A request that writes has a session of its own.
    session.close()
    return slug


KeptJourney = Annotated[str, Depends(kept_journey)]


@router.get("")
def list_journeys(session: ReadOnly, seller: CurrentSeller) -> JourneyList:
    """Return the caller's journeys: of their brands, or all for admins."""
    return managed.list_journeys(session, seller)


@router.post("", status_code=201, responses=refusals(JourneyNameTakenError))
def begin_journey(session: UnitOfWork, seller: CurrentSeller, wanted: NewJourney) -> ManagedJourney:
    """Begin a journey; nobody enters it before a version of it is published."""
    return managed.shown(session, managed.new_journey(session, seller, wanted))


@router.get("/schema")
def show_journey_schema(_seller: CurrentSeller) -> dict[str, Any]:
    """Return the JSON Schema of a journey's terms, for forms."""
    return JourneyTerms.model_json_schema()


@router.get("/ready")
def list_ready_journeys(_seller: CurrentSeller, language: CallerLanguage) -> ReadyJourneys:
    """Return ready-made journeys, to begin a draft as."""
    return ready_journeys(language)


@router.get("/{journey}")
def show_journey(session: ReadOnly, seller: CurrentSeller, journey: KeptJourney) -> ManagedJourney:
    """Return a journey with its versions, newest first."""
    return managed.shown(session, managed.journey_of(session, seller, journey))


@router.put("/{journey}/draft", responses=refusals(*OF_TERMS))
def write_journey_draft(
    session: UnitOfWork, seller: CurrentSeller, journey: KeptJourney, terms: JourneyTerms
) -> ManagedJourney:
    """Write the journey's draft, beside what is live; another draft is written over."""
    kept = managed.journey_of(session, seller, journey)
    managed.draft(session, seller, kept, terms)
    return managed.shown(session, kept)


@router.delete("/{journey}/draft", responses=refusals(JourneyWithoutDraftError))
def discard_journey_draft(session: UnitOfWork, seller: CurrentSeller, journey: KeptJourney) -> ManagedJourney:
    """Take the draft away; what is live stays."""
    kept = managed.journey_of(session, seller, journey)
    versions.discard_draft(session, kept, seller.id)
    return managed.shown(session, kept)


@router.post("/{journey}/preview", responses=refusals(*OF_TERMS))
def preview_journey(
    session: ReadOnly,
    seller: CurrentSeller,
    journey: KeptJourney,
    terms: JourneyTerms,
    language: CallerLanguage,
) -> JourneyPreview:
    """Return every message of some terms as a shopper would read it; nothing is written."""
    kept = managed.journey_of(session, seller, journey)
    managed.check(session, kept, terms)
    return managed.previewed(session, kept, terms, language)


@router.post(
    "/{journey}/publish",
    responses=refusals(JourneyWithoutDraftError, JourneyStateError, JourneyGoodsForbiddenError, *OF_TERMS),
)
def publish_journey(session: UnitOfWork, seller: CurrentSeller, journey: KeptJourney) -> ManagedJourney:
    """Let shoppers enter by the draft from now on; those under way go on by what they entered with."""
    kept = managed.journey_of(session, seller, journey)
    managed.publish(session, seller, kept)
    return managed.shown(session, kept)


@router.post("/{journey}/pause", responses=refusals(JourneyStateError))
def pause_journey(session: UnitOfWork, seller: CurrentSeller, journey: KeptJourney) -> ManagedJourney:
    """Let nobody enter and send nothing, at once; what is late by the time it is resumed is left out."""
    kept = managed.journey_of(session, seller, journey)
    versions.pause(session, kept, seller.id)
    return managed.shown(session, kept)


@router.post("/{journey}/resume", responses=refusals(JourneyStateError))
def resume_journey(session: UnitOfWork, seller: CurrentSeller, journey: KeptJourney) -> ManagedJourney:
    """Let shoppers enter again, and those under way go on."""
    kept = managed.journey_of(session, seller, journey)
    versions.resume(session, kept, seller.id)
    return managed.shown(session, kept)


@router.post("/{journey}/end", responses=refusals(JourneyStateError))
def end_journey(session: UnitOfWork, seller: CurrentSeller, journey: KeptJourney) -> ManagedJourney:
    """Let nobody enter and send nothing, for good."""
    kept = managed.journey_of(session, seller, journey)
    versions.end(session, kept, seller.id)
    return managed.shown(session, kept)


@router.get("/{journey}/days")
def show_journey_days(
    session: ReadOnly, seller: CurrentSeller, journey: KeptJourney, language: CallerLanguage
) -> JourneyDays:
    """Return what became of its messages in the last 31 days: sent, or not, by reason; nothing of few."""
    return figures.days_of(session, managed.journey_of(session, seller, journey), language)


@router.get("/{journey}/results")
def show_journey_results(session: ReadOnly, seller: CurrentSeller, journey: KeptJourney) -> JourneyResults:
    """Return what each arm brought against those held out, as drawn, with a 95 % interval; nothing of few."""
    return figures.results_of(session, managed.journey_of(session, seller, journey))

"""A journey's draft: a form made of the schema of its terms, beside its messages as shoppers read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session, select

from console.drafts import act_sent, checked_terms, editor, refused, terms_sent
from console.forms import Sent
from console.pages.journeys import KeptJourney, back_to
from console.render import PREFIX, page, page_language
from console.sign_in import ManagerOrAdmin, OwnForm
from console.terms_form import Json, change_parts, form_of, schema_of
from domain.errors import DomainError
from domain.journeys import managed
from domain.journeys.ready import ready_terms
from domain.journeys.terms import JourneyTerms
from domain.journeys.versions import draft_of, versions_of
from infra.web import ReadOnly, UnitOfWork
from infra.words import LANGUAGES
from schemas.journeys import Journey, ReadyName
from schemas.segments import Segment

router = APIRouter()


@router.get("/journeys/{journey}/draft")
def show_draft(
    request: Request,
    session: ReadOnly,
    person: ManagerOrAdmin,
    journey: KeptJourney,
    as_json: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    ready: ReadyName | None = None,
) -> Response:
    """Show the form of a journey's draft; where there is none, of what is live, or as a ready-made one."""
    kept = managed.journey_of(session, person, journey)
    terms = ready_terms(ready) if ready else None
    return draft_page(request, session, kept, terms=terms, as_json=as_json)


def draft_page(  # noqa: PLR0913 - what a page can be opened with
    request: Request,
    session: Session,
    kept: Journey,
    *,
    terms: Json | None = None,
    errors: Mapping[str, str] | None = None,
    refusal: DomainError | None = None,
    new: str = "",
    as_json: bool = False,
) -> Response:
    """Return the editor of a draft, whole or, where a part of it asks, its form alone."""
    terms = _kept_terms(session, kept) if terms is None else terms
    told = dict(errors or {}) | refused(refusal, page_language(request))
    return editor(
        request,
        "journey_draft.html",
        terms,
        form_of(schema_of(JourneyTerms), terms, told, _known(session, kept), new),
        errors=told,
        refusal=refusal,
        as_json=as_json,
        journey=kept,
        draft_url=f"{PREFIX}/journeys/{kept.slug}/draft",
    )


def _kept_terms(session: Session, kept: Journey) -> Json:
    draft = draft_of(session, kept.id)
    newest = [draft] if draft is not None else versions_of(session, kept.id)
    if newest:
        return dict(newest[0].terms)
    return ready_terms("welcome" if kept.brand_id is None else "first_thanks")


def _known(session: Session, kept: Journey) -> dict[str, list[tuple[str, str]]]:
    """Return the segments that a brand's journey may name."""
    mine = select(Segment.slug, Segment.name).where(Segment.brand_id == kept.brand_id)
    segments = [(slug, name) for slug, name in session.exec(mine.order_by(Segment.name)).all()]
    return dict.fromkeys(("segments", "not_segments", "segment"), segments)


@router.post("/journeys/{journey}/draft", dependencies=[OwnForm])
def save_draft(
    request: Request, session: UnitOfWork, person: ManagerOrAdmin, journey: KeptJourney, sent: Sent
) -> Response:
    """Write the draft; what is refused is shown at its field, and nothing is written."""
    kept = managed.journey_of(session, person, journey)
    terms = terms_sent(JourneyTerms, sent)
    checked, errors = checked_terms(JourneyTerms, terms, page_language(request))
    is_json = "terms_json" in dict(sent)
    if checked is None:
        return draft_page(request, session, kept, terms=terms, errors=errors, as_json=is_json)
    try:
        with session.begin_nested():
            managed.draft(session, person, kept, checked)
    except DomainError as error:
        return draft_page(request, session, kept, terms=terms, refusal=error, as_json=is_json)
    return back_to(kept.slug, "draft_saved")


@router.post("/journeys/{journey}/draft/edit", dependencies=[OwnForm])
def edit_draft(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, journey: KeptJourney, sent: Sent
) -> Response:
    """Return the form with a part more or less, or of another kind; nothing is written."""
    kept = managed.journey_of(session, person, journey)
    terms = terms_sent(JourneyTerms, sent)
    return draft_page(request, session, kept, terms=terms, new=change_parts(terms, act_sent(sent)))


@router.post("/journeys/{journey}/draft/preview", dependencies=[OwnForm])
def show_preview(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, journey: KeptJourney, sent: Sent
) -> Response:
    """Return the messages of the terms as they are written, as shoppers read them, in both languages."""
    kept = managed.journey_of(session, person, journey)
    language = page_language(request)
    checked, errors = checked_terms(JourneyTerms, terms_sent(JourneyTerms, sent), language)
    messages = []
    if checked is not None:
        try:
            managed.check(session, kept, checked)
        except DomainError as error:
            errors = refused(error, language)
        both = [managed.previewed(session, kept, checked, one).messages for one in LANGUAGES]
        messages = list(zip(*both, strict=True))
    return page(request, "_journey_preview.html", messages=messages, errors=errors, languages_shown=LANGUAGES)

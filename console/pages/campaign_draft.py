"""A campaign's draft: a form made of the schema of its terms, beside what a made-up receipt would earn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError, field_validator
from sqlmodel import Session, select

from console.drafts import act_sent, checked_terms, editor, refused, terms_sent
from console.forms import Sent
from console.pages.campaigns import KeptCampaign, back_to, brands_of, campaign_page
from console.render import PREFIX, page, page_language
from console.sign_in import ManagerOrAdmin, OwnForm
from console.terms_form import Json, change_parts, form_of, schema_of
from domain.campaigns import managed
from domain.campaigns.example import Example, ExampleLine, goods_for, try_on_example
from domain.campaigns.terms import Terms
from domain.campaigns.versions import draft_of, published_of
from domain.errors import DomainError
from infra import clock
from infra.web import ReadOnly, UnitOfWork
from schemas.base import Body, PrintedTime, ShortText
from schemas.campaigns import Campaign
from schemas.catalog import Retailer
from schemas.people import StaffMember

router = APIRouter()

LINES_MAX = 3
UNITS_MAX = 1000
AMOUNT_MAX = 10**9
USUAL_AMOUNT = 100_000
USUAL_DAYS = 30
_PRINTED: Final = TypeAdapter[datetime](PrintedTime)


class PublishForm(Body):
    """When a draft is to be live, by the tills' clock; now where nothing is said."""

    csrf: ShortText = ""
    at: PrintedTime | None = None

    @field_validator("at", mode="before")
    @classmethod
    def _empty_is_now(cls, given: object) -> object:
        return given or None


@router.get("/campaigns/{campaign}/draft")
def show_draft(
    request: Request,
    session: ReadOnly,
    person: ManagerOrAdmin,
    campaign: KeptCampaign,
    as_json: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
) -> Response:
    """Show the form of a campaign's draft: of what is live where there is no draft yet."""
    kept = managed.campaign_of(session, person, campaign)
    return draft_page(request, session, person, kept, as_json=as_json)


def draft_page(  # noqa: PLR0913 - what a page can be opened with
    request: Request,
    session: Session,
    person: StaffMember,
    kept: Campaign,
    *,
    terms: Json | None = None,
    errors: Mapping[str, str] | None = None,
    refusal: DomainError | None = None,
    new: str = "",
    as_json: bool = False,
) -> Response:
    """Return the editor of a draft, whole or, where a part of it asks, its form alone.

    Args:
        request: The request.
        session: An open session.
        person: Who edits.
        kept: The campaign.
        terms: What was sent; what is kept where nothing was.
        errors: What is refused of it, in words, by path.
        refusal: What the rules refuse of it.
        new: Path of the part that was added.
        as_json: Whether to write it as JSON, as those do whose form would have too many fields.
    """
    terms = _kept_terms(session, kept) if terms is None else terms
    told = dict(errors or {}) | refused(refusal, page_language(request))
    return editor(
        request,
        "campaign_draft.html",
        terms,
        form_of(schema_of(Terms), terms, told, _known(session, person), new),
        errors=told,
        refusal=refusal,
        as_json=as_json,
        campaign=kept,
        draft_url=f"{PREFIX}/campaigns/{kept.slug}/draft",
        has_draft=draft_of(session, kept.id) is not None,
        example=_example_fields(session, terms),
    )


def _kept_terms(session: Session, kept: Campaign) -> Json:
    if (draft := draft_of(session, kept.id)) is not None:
        return dict(draft.terms)
    if (standing := published_of(session, kept)) is not None:
        return dict(standing.version.terms)
    today = clock.till_today()
    brand = managed.shown(session, kept).brand
    return {
        "starts_on": str(today),
        "ends_on": str(today + timedelta(days=USUAL_DAYS)),
        "brands": [brand] if brand else [],
        "rules": [{"name": "points", "give": [{"kind": "points_per_amount", "points": 1, "minor": 10_000}]}],
    }


def _known(session: Session, person: StaffMember) -> dict[str, list[tuple[str, str]]]:
    brands = brands_of(session, person)
    return {"brands": brands, "currency": brands, "retailers": _retailers(session)}


def _retailers(session: Session) -> list[tuple[str, str]]:
    rows = session.exec(select(Retailer.slug, Retailer.name).order_by(Retailer.name)).all()
    return [(slug, name) for slug, name in rows]


def _example_fields(session: Session, terms: Json) -> dict[str, Any]:
    brands = [one for one in terms.get("brands") or () if isinstance(one, str)]
    return {
        "goods": goods_for(session, brands),
        "retailers": _retailers(session),
        "at": clock.till_now().strftime("%Y-%m-%dT%H:%M"),
        "lines": range(LINES_MAX),
        "amount": USUAL_AMOUNT,
    }


@router.post("/campaigns/{campaign}/draft", dependencies=[OwnForm])
def save_draft(
    request: Request, session: UnitOfWork, person: ManagerOrAdmin, campaign: KeptCampaign, sent: Sent
) -> Response:
    """Write the draft; what is refused is shown at its field, and nothing is written."""
    kept = managed.campaign_of(session, person, campaign)
    terms = terms_sent(Terms, sent)
    checked, errors = checked_terms(Terms, terms, page_language(request))
    is_json = "terms_json" in dict(sent)
    if checked is None:
        return draft_page(request, session, person, kept, terms=terms, errors=errors, as_json=is_json)
    try:
        with session.begin_nested():
            managed.draft(session, person, kept, checked)
    except DomainError as error:
        return draft_page(request, session, person, kept, terms=terms, refusal=error, as_json=is_json)
    return back_to(kept.slug, "draft_saved")


@router.post("/campaigns/{campaign}/draft/edit", dependencies=[OwnForm])
def edit_draft(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, campaign: KeptCampaign, sent: Sent
) -> Response:
    """Return the form with a part more or less, or of another kind; nothing is written."""
    kept = managed.campaign_of(session, person, campaign)
    terms = terms_sent(Terms, sent)
    return draft_page(request, session, person, kept, terms=terms, new=change_parts(terms, act_sent(sent)))


@router.post("/campaigns/{campaign}/draft/example", dependencies=[OwnForm])
def show_example(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, campaign: KeptCampaign, sent: Sent
) -> Response:
    """Return what a made-up receipt would earn by the terms as they are written, in words."""
    kept = managed.campaign_of(session, person, campaign)
    language = page_language(request)
    checked, errors = checked_terms(Terms, terms_sent(Terms, sent), language)
    example = _example(sent)
    told = None
    if checked is not None:
        try:
            told = try_on_example(session, kept, checked, example, language)
        except DomainError as error:
            errors = refused(error, language)
    names = {slug: f"{name} · {brand}" for slug, name, brand in goods_for(session, _brands(checked))}
    return page(request, "_example.html", told=told, errors=errors, example=example, names=names)


def _brands(terms: Terms | None) -> Sequence[str]:
    return terms.brands if terms else ()


def _example(sent: Sequence[tuple[str, Any]]) -> Example:
    given = {name: value for name, value in sent if isinstance(value, str)}
    lines = []
    for place in range(LINES_MAX):
        product = given.get(f"example product {place}", "")
        if product:
            units = _bounded(given.get(f"example units {place}", ""), UNITS_MAX)
            amount = _bounded(given.get(f"example amount {place}", ""), AMOUNT_MAX)
            lines.append(ExampleLine(product[:200].replace("\0", " "), units, amount))
    try:
        at = _PRINTED.validate_python(given.get("example at", ""))
    except ValidationError:
        at = clock.till_now()
    retailer = given.get("example retailer", "")[:60].replace("\0", " ")
    tier = given.get("example tier", "")[:60]
    return Example(lines, retailer or None, at, is_first="example first" in given, tier=tier)


def _bounded(text: str, most: int) -> int:
    digits = text.replace(".", "").replace(",", "").strip()
    return min(most, int(digits)) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else 1  # noqa: PLR2004 - no number here is longer


@router.post("/campaigns/{campaign}/publish", dependencies=[OwnForm])
def publish(
    request: Request,
    session: UnitOfWork,
    person: ManagerOrAdmin,
    campaign: KeptCampaign,
    form: Annotated[PublishForm, Form()],
) -> Response:
    """Let the draft be live; what keeps it from that is shown at its field."""
    kept = managed.campaign_of(session, person, campaign)
    at = form.at.replace(tzinfo=clock.TILL_ZONE) if form.at else None
    try:
        with session.begin_nested():
            managed.publish(session, person, kept, at)
    except DomainError as error:
        if error.values.get("field"):
            return draft_page(request, session, person, kept, refusal=error)
        return campaign_page(request, session, kept, refusal=error)
    return back_to(kept.slug, "campaign_published")

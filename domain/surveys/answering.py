"""What shoppers are asked and answer: one tap, one answer. Who took back their consent is asked nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.catalog.brands import brand_id_of
from domain.errors import NotFoundError
from domain.events.outbox import NewEvent, record
from domain.privacy import consents
from domain.surveys.errors import ScoreOutOfRangeError, SurveyOverError
from infra import clock
from infra.words import Language, say
from schemas.base import table_of
from schemas.campaigns import Campaign
from schemas.catalog import Brand
from schemas.surveys import (
    AskState,
    BrandSurvey,
    BrandSurveys,
    Survey,
    SurveyAsk,
    SurveyKind,
    SurveyTerms,
    SurveyView,
)

RANGES: Final[dict[SurveyKind, tuple[int, int]]] = {
    "nps": (0, 10),
    "csat": (1, 5),
    "receipt": (1, 5),
    "offer": (1, 5),
}
OPEN: Final[tuple[AskState, ...]] = ("asked", "shown")
# Who tapped beside the star that they meant can still tap another; later nobody rewrites what was said.
MENDED: Final = timedelta(minutes=10)


def pending(session: Session, shopper_id: UUID, language: Language) -> list[SurveyView]:
    """Return the questions that wait for a shopper's answer, the newest first."""
    rows = session.exec(
        select(SurveyAsk, Survey, Brand.name, Campaign.slug)
        .join(Survey, col(Survey.id) == SurveyAsk.survey_id)
        .join(Brand, col(Brand.id) == Survey.brand_id)
        .outerjoin(Campaign, col(Campaign.id) == SurveyAsk.campaign_id)
        .where(
            SurveyAsk.shopper_id == shopper_id,
            col(SurveyAsk.state).in_(OPEN),
            col(SurveyAsk.until_at) > clock.now(),
        )
        .order_by(col(SurveyAsk.asked_at).desc())
    ).all()
    return [
        _view(ask, survey.kind, brand, offer, language)
        for ask, survey, brand, offer in rows
        if consents.given(session, shopper_id, "surveys", brand_id=survey.brand_id)
    ]


def note_shown(session: Session, shopper_id: UUID, ask_id: UUID, language: Language) -> SurveyView:
    """Note that a shopper saw a question. What was answered since stays so.

    Raises:
        NotFoundError: It is no question to them.
    """
    ask, survey, brand, offer = _locked(session, shopper_id, ask_id)
    ask.shown_at = ask.shown_at or clock.now()
    if ask.state == "asked":
        ask.state = "shown"
    return _kept(session, ask, survey.kind, (brand, offer), language)


def answer(session: Session, shopper_id: UUID, ask_id: UUID, score: int, language: Language) -> SurveyView:
    """Keep a shopper's answer; the same one again changes nothing, another one mends it for ten minutes.

    Raises:
        NotFoundError: It is no question to them.
        ScoreOutOfRangeError: The question takes no such number.
        SurveyOverError: It was answered otherwise long ago, put away, or waited too long.
    """
    ask, survey, brand, offer = _locked(session, shopper_id, ask_id)
    least, most = RANGES[survey.kind]  # type: ignore[index] # a CHECK keeps the kinds
    if not least <= score <= most:
        raise ScoreOutOfRangeError(least=least, most=most)
    if (ask.state, ask.score) != ("answered", score):
        if not _is_mended(ask):
            _end(ask, "answered")
        ask.score = score
        # That they answered, and not what: events go to other systems. One that was mended is told again.
        data = {"brands": {str(survey.brand_id): 0}, "kind": survey.kind}
        now = clock.now()
        key = f"answered:{ask.id}:{now.isoformat()}"
        record(session, [NewEvent(key, "survey.answered", ask.id, now, shopper_id, data)])
    return _kept(session, ask, survey.kind, (brand, offer), language)


def skip(session: Session, shopper_id: UUID, ask_id: UUID, language: Language) -> SurveyView:
    """Put a question away for good; again it changes nothing.

    Raises:
        NotFoundError: It is no question to them.
        SurveyOverError: It was answered, or waited too long.
    """
    ask, survey, brand, offer = _locked(session, shopper_id, ask_id)
    if ask.state != "skipped":
        _end(ask, "skipped")
    return _kept(session, ask, survey.kind, (brand, offer), language)


def surveys_of(session: Session, brand: str) -> BrandSurveys:
    """Return what a brand asks, by kind.

    Raises:
        NotFoundError: There is no such brand.
    """
    rows = session.exec(
        select(Survey).where(Survey.brand_id == brand_id_of(session, brand)).order_by(col(Survey.kind))
    ).all()
    return BrandSurveys(surveys=[_brand_survey(row) for row in rows])


def set_terms(session: Session, brand: str, kind: SurveyKind, terms: SurveyTerms) -> BrandSurvey:
    """Say whom a brand asks from now on.

    Raises:
        NotFoundError: There is no such brand.
    """
    brand_id = brand_id_of(session, brand, held=True)
    survey = session.exec(
        select(Survey).where(Survey.brand_id == brand_id, Survey.kind == kind)
    ).one_or_none()
    if survey is None:
        survey = Survey(brand_id=brand_id, kind=kind, set_at=clock.now(), **terms.model_dump())
    survey.one_in, survey.asking, survey.set_at = terms.one_in, terms.asking, clock.now()
    session.add(survey)
    session.flush()
    return _brand_survey(survey)


def _brand_survey(survey: Survey) -> BrandSurvey:
    kind: Any = survey.kind
    return BrandSurvey(kind=kind, one_in=survey.one_in, asking=survey.asking)


def _locked(session: Session, shopper_id: UUID, ask_id: UUID) -> tuple[SurveyAsk, Survey, str, str | None]:
    row = session.exec(
        select(SurveyAsk, Survey, Brand.name, Campaign.slug)
        .join(Survey, col(Survey.id) == SurveyAsk.survey_id)
        .join(Brand, col(Brand.id) == Survey.brand_id)
        .outerjoin(Campaign, col(Campaign.id) == SurveyAsk.campaign_id)
        .where(SurveyAsk.id == ask_id, SurveyAsk.shopper_id == shopper_id)
        .with_for_update(of=table_of(SurveyAsk))
    ).one_or_none()
    if row is None or not consents.given(session, shopper_id, "surveys", brand_id=row[1].brand_id):
        raise NotFoundError
    return row


def _end(ask: SurveyAsk, state: AskState) -> None:
    now = clock.now()
    if ask.state not in OPEN or ask.until_at <= now:
        raise SurveyOverError
    ask.state, ask.ended_at, ask.shown_at = state, now, ask.shown_at or now


def _is_mended(ask: SurveyAsk) -> bool:
    return ask.state == "answered" and ask.ended_at is not None and clock.now() - ask.ended_at <= MENDED


def _kept(
    session: Session, ask: SurveyAsk, kind: str, named: tuple[str, str | None], language: Language
) -> SurveyView:
    session.add(ask)
    session.flush()
    return _view(ask, kind, *named, language)


def _view(ask: SurveyAsk, kind: Any, brand: str, offer: str | None, language: Language) -> SurveyView:
    least, most = RANGES[kind]
    state: Any = ask.state
    return SurveyView(
        id=ask.id,
        kind=kind,
        brand=brand,
        receipt_id=ask.receipt_id,
        offer=offer,
        question=say("survey", f"{kind}_question", language, {"brand": brand}),
        lowest=least,
        lowest_means=say("survey", f"{kind}_lowest", language),
        highest=most,
        highest_means=say("survey", f"{kind}_highest", language),
        state=state,
        until_at=ask.until_at,
    )

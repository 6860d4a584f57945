"""Surveys: one tap of a shopper, and what a brand asks and is told."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.auth import CallerLanguage, CurrentBrand, CurrentShopper, CurrentStaff
from api.contract import refusals
from domain.insights import surveys
from domain.people.audit import record_act
from domain.surveys import answering
from domain.surveys.errors import ScoreOutOfRangeError, SurveyOverError
from infra.web import ReadOnly, UnitOfWork
from schemas.surveys import (
    BrandSurvey,
    BrandSurveys,
    SurveyAnswer,
    SurveyKind,
    SurveyList,
    SurveyResults,
    SurveyTerms,
    SurveyView,
)

router = APIRouter(prefix="/v1", tags=["surveys"])


@router.get("/me/surveys")
def list_surveys(session: ReadOnly, shopper: CurrentShopper, language: CallerLanguage) -> SurveyList:
    """Return what the shopper is asked and has not answered: for most nothing, else one question."""
    return SurveyList(surveys=answering.pending(session, shopper.id, language))


@router.post("/me/surveys/{ask_id}/shown")
def note_survey_shown(
    session: UnitOfWork, shopper: CurrentShopper, language: CallerLanguage, ask_id: UUID
) -> SurveyView:
    """Say that the shopper saw the question. May be said again."""
    return answering.note_shown(session, shopper.id, ask_id, language)


@router.post("/me/surveys/{ask_id}/answer", responses=refusals(ScoreOutOfRangeError, SurveyOverError))
def answer_survey(
    session: UnitOfWork, shopper: CurrentShopper, language: CallerLanguage, ask_id: UUID, given: SurveyAnswer
) -> SurveyView:
    """Answer with one number, once; the same number again answers as before."""
    return answering.answer(session, shopper.id, ask_id, given.score, language)


@router.post("/me/surveys/{ask_id}/skip", responses=refusals(SurveyOverError))
def skip_survey(
    session: UnitOfWork, shopper: CurrentShopper, language: CallerLanguage, ask_id: UUID
) -> SurveyView:
    """Put the question away for good. May be said again."""
    return answering.skip(session, shopper.id, ask_id, language)


@router.get("/brands/{brand}/surveys")
def list_brand_surveys(session: ReadOnly, brand: CurrentBrand) -> BrandSurveys:
    """Return what the brand asks, and whom."""
    return answering.surveys_of(session, brand)


@router.put("/brands/{brand}/surveys/{survey}")
def set_survey_terms(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, survey: SurveyKind, terms: SurveyTerms
) -> BrandSurvey:
    """Ask, or ask no more. Shoppers are drawn by lot, each asked once in 90 days at most."""
    found = answering.set_terms(session, brand, survey, terms)
    record_act(session, staff.id, "survey_set", subject=f"{brand}/{survey}", details=terms.model_dump())
    return found


@router.get("/brands/{brand}/surveys/{survey}/results")
def show_survey_results(session: ReadOnly, brand: CurrentBrand, survey: SurveyKind) -> SurveyResults:
    """Return scores by quarter with their intervals and response rates, and what goes with the answers.

    A trend is named only where a difference is more than chance. What goes with an answer is not
    caused by it.
    """
    return surveys.results(session, brand, survey)

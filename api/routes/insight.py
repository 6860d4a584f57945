"""Brand managers: every measure of a brand as a table, with its definition and what is withheld."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.auth import CallerLanguage, CurrentBrand, CurrentStaff
from api.contract import refusals
from domain.errors import UnknownFilterValueError
from domain.insights.errors import (
    InsightAwayError,
    InsightTooLargeError,
    ParameterMissingError,
    ParameterNotTakenError,
    PeriodNotBegunError,
    PeriodsDifferError,
    TooManyFiltersError,
    UnknownMeasureError,
    UnknownPeriodError,
)
from domain.insights.measures import answers
from infra.columnar import connect
from infra.columnar.store import ColumnarAwayError, Store
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.insight import InsightAnswer, InsightMeasures, InsightQuery

router = APIRouter(prefix="/v1/brands/{brand}/insight", tags=["brands"])


def insight_store() -> Store:
    """Return the store that questions go to.

    Raises:
        InsightAwayError: There is none here, or it does not answer.
    """
    try:
        return connect.store()
    except ColumnarAwayError as error:
        raise InsightAwayError from error


@router.get("")
def list_measures(session: ReadOnly, brand: CurrentBrand, language: CallerLanguage) -> InsightMeasures:
    """Return every measure: what it means, its formula, its columns, and what it can be asked with."""
    return answers.all_measures(session, brand, language)


@router.get(
    "/{measure}",
    responses=refusals(
        UnknownMeasureError,
        UnknownPeriodError,
        PeriodNotBegunError,
        PeriodsDifferError,
        UnknownFilterValueError,
        TooManyFiltersError,
        ParameterNotTakenError,
        ParameterMissingError,
        InsightTooLargeError,
        InsightAwayError,
    ),
)
def ask_measure(
    session: UnitOfWork,
    store: Annotated[Store, Depends(insight_store)],
    staff: CurrentStaff,
    brand: CurrentBrand,
    measure: ShortText,
    query: Annotated[InsightQuery, Query()],
    language: CallerLanguage,
) -> InsightAnswer:
    """Return one measure of the brand over a period of the grid.

    Only shoppers who agreed that the brand may know are in it. Rows about too few of them are withheld, with
    the reason, and so is what would give those away; `safer` is the nearest question that withholds less.
    Every answer is held against those given before, and noted with who asked.
    """
    return answers.answer(session, store, staff.id, brand, measure, query, language)

"""Brand managers: every measure of a brand as a table, with its definition and what is withheld."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.auth import CallerLanguage
from api.contract import refusals
from api.insight_access import InsightReader
from domain.errors import UnknownFilterValueError
from domain.insights.brand_keys import note_use
from domain.insights.errors import (
    InsightAwayError,
    InsightTooLargeError,
    OutsideInvitationError,
    ParameterMissingError,
    ParameterNotTakenError,
    PeriodNotBegunError,
    PeriodsDifferError,
    TooManyFiltersError,
    UnknownMeasureError,
    UnknownPeriodError,
)
from domain.insights.measures import answers
from domain.insights.measures.registry import measure_named
from infra.columnar.reach import insight_store
from infra.columnar.store import Store
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.insight import InsightAnswer, InsightMeasures, InsightQuery

router = APIRouter(prefix="/v1/brands/{brand}/insight", tags=["brands"])


@router.get("")
def list_measures(session: ReadOnly, reader: InsightReader, language: CallerLanguage) -> InsightMeasures:
    """Return every measure: what it means, its formula, its columns, and what it can be asked with."""
    offered = reader.within.offers if reader.within else None
    return answers.all_measures(session, reader.brand, language, offered)


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
        OutsideInvitationError,
    ),
)
def ask_measure(
    session: UnitOfWork,
    store: Annotated[Store, Depends(insight_store)],
    reader: InsightReader,
    measure: ShortText,
    query: Annotated[InsightQuery, Query()],
    language: CallerLanguage,
) -> InsightAnswer:
    """Return one measure of the brand over a period of the grid.

    Only shoppers who agreed that the brand may know are in it. Rows about too few of them are withheld, with
    the reason, and so is what would give those away; `safer` is the nearest question that withholds less.
    Every answer is held against those given before, and noted with who asked.
    """
    if reader.asker.key_id is not None:
        note_use(session, reader.asker.key_id)
    if reader.within is not None:
        query = reader.within.narrowed(measure_named(measure), query)
    answer = answers.answer(session, store, reader.asker, reader.brand, measure, query, language)
    return reader.within.own(answer) if reader.within else answer

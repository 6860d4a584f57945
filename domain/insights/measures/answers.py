"""A question about a brand, answered: figures, definition, what is withheld and what to ask instead."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

import structlog
from sqlmodel import Session

from domain.catalog.brands import brand_id_of
from domain.insights.errors import InsightAwayError, InsightTooLargeError, ParameterNotTakenError
from domain.insights.guard.cells import NOTHING
from domain.insights.guard.safer import safer_question
from domain.insights.measures.measure import Asked, Measure, Row, Table
from domain.insights.measures.over_cells import scope_coord, told_cells
from domain.insights.measures.question import Question, question_of
from domain.insights.measures.registry import MEASURES, definition, measure_named
from domain.insights.removed import Removed, removed
from domain.insights.store.marks import Freshness, freshness
from domain.money import major
from infra import clock
from infra.columnar.store import ColumnarAwayError, ColumnarBusyError, ColumnarLimitError, Store
from infra.settings import settings
from infra.words import Language, say
from schemas.insight import (
    InsightAccess,
    InsightAnswer,
    InsightFreshness,
    InsightMeasures,
    InsightQuery,
    InsightRemoved,
    InsightRow,
)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a member of staff, or a key of the brand's."""

    staff_id: UUID | None = None
    key_id: UUID | None = None


def all_measures(
    session: Session, brand: str, language: Language, offered: Callable[[Measure], bool] | None = None
) -> InsightMeasures:
    """Return every measure that can be asked of a brand, or those of them that are offered.

    Raises:
        NotFoundError: There is no such brand.
    """
    brand_id_of(session, brand)
    return InsightMeasures(
        brand=brand,
        measures=[definition(one, language) for one in MEASURES.values() if offered is None or offered(one)],
    )


def answer(
    session: Session,
    store: Store,
    asker: Asker,
    brand: str,
    name: str,
    asked: InsightQuery,
    language: Language,
) -> InsightAnswer:
    """Return one measure of a brand, and note who asked.

    Raises:
        DomainError: There is no such brand or measure, or it can't be asked so; the store is away.
    """
    measure = measure_named(name)
    if asked.by is not None and asked.by not in measure.splits:
        raise ParameterNotTakenError(field="by")
    began = time.monotonic()
    try:
        question = question_of(session, store, brand, asked, measure.takes, measure.needs)
        shoppers_min = settings().group_shoppers_min
        table = _guarded(measure, Asked(session, store, question, shoppers_min))
        fresh = freshness(store)
    except (ColumnarAwayError, ColumnarBusyError) as error:
        raise InsightAwayError from error
    except ColumnarLimitError as error:
        raise InsightTooLargeError from error
    milliseconds = int(1000 * (time.monotonic() - began))
    gone = removed(session, question, _span(question, table), shoppers_min)
    answered = _answer(question, measure, table, fresh, gone, language)
    session.add(
        InsightAccess(
            staff_id=asker.staff_id,
            key_id=asker.key_id,
            brand=brand,
            measure=name,
            asked=asked.model_dump(mode="json", exclude_defaults=True),
            rows=len(answered.rows),
            withheld=answered.withheld,
            milliseconds=milliseconds,
            asked_at=clock.now(),
        )
    )
    _log.info(
        "insight_answered", brand=brand, measure=name, milliseconds=milliseconds, withheld=answered.withheld
    )
    return answered


def _guarded(measure: Measure, asked: Asked) -> Table:
    """Return a measure's table; none of it where the purchases it shares out may not be told of."""
    if measure.guards_itself:
        return measure.answer(asked)
    found = told_cells(asked, [asked.question.period])
    coord = scope_coord(asked, asked.question.period)
    if reason := found.reason(coord):
        return Table([Row(dict.fromkeys(name for name, _ in measure.columns), reason)])
    cell = found.cells.get(coord, NOTHING)
    return replace(measure.answer(asked), lines_used=cell.lines)


def _answer(
    question: Question,
    measure: Measure,
    table: Table,
    fresh: Freshness,
    gone: Removed,
    language: Language,
) -> InsightAnswer:
    withheld = sum(row.reason is not None for row in table.rows)
    hidden = withheld or (table.totals is not None and table.totals.reason)
    verdict = table.verdict
    first_day, last_day = _span(question, table)
    return InsightAnswer(
        brand=question.brand,
        definition=definition(measure, language),
        period=question.period.name,
        first_day=first_day,
        last_day=last_day,
        compared=question.compared.name if measure.compares else None,
        currency=question.currency,
        rows=[_row(row) for row in table.rows],
        totals=None if table.totals is None else _row(table.totals),
        notes=dict(table.notes),
        verdict=None if verdict is None else say("insight", f"verdict_{verdict}", language, _shown(table)),
        withheld=withheld,
        shoppers_min=settings().group_shoppers_min,
        safer=safer_question(question, measure.takes, language)
        if hidden and not measure.is_of_campaign
        else None,
        rows_used=table.lines_used,
        removed=InsightRemoved(
            lines=gone.lines,
            paid=major(gone.paid_minor, question.currency),
            withheld="too_few_shoppers" if gone.lines is None else None,
        ),
        freshness=InsightFreshness(as_of=_aware(fresh.as_of), behind=fresh.behind),
    )


def _span(question: Question, table: Table) -> tuple[date, date]:
    return table.span or (question.period.first, question.period.last)


def _row(row: Row) -> InsightRow:
    return InsightRow(values=dict(row.values), withheld=row.reason, as_of=row.as_of)


def _shown(table: Table) -> dict[str, str]:
    """Return the single figures as words are filled with them: shares in percent, with one decimal."""
    found = {}
    for name, value in table.notes.items():
        if isinstance(value, float):
            found[name] = f"{100 * value:.1f} %" if name.endswith(("_share", "_rate")) else f"{value:,.1f}"
        else:
            found[name] = "…" if value is None else f"{value:,}" if isinstance(value, int) else value
    return found


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)

"""What an export holds: a file a measure, and one that says what each column is and what figures rest on."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO, Final

from sqlmodel import Session

from domain.errors import DomainError
from domain.insights.errors import InsightAwayError
from domain.insights.exports.asking import SEGMENT
from domain.insights.exports.files import EXTENSIONS, Value, table_file
from domain.insights.measures import answers
from domain.insights.measures.answers import Asker
from domain.insights.measures.registry import measure_named
from domain.people.shoppers import pseudonym
from domain.segments import saved
from domain.segments.errors import SegmentTooSmallError
from domain.segments.members import reachable
from infra.columnar.store import ColumnarError, Store
from infra.words import Language, say
from schemas.exports import ExportFormat, InsightExport
from schemas.insight import InsightAnswer, InsightQuery, Unit

_DICTIONARY: Final[tuple[tuple[str, Unit], ...]] = tuple(
    (name, "text")
    for name in (
        "measure",
        "column",
        "label",
        "unit",
        "means",
        "formula",
        "period",
        "shoppers_min",
        "consent",
        "as_of",
        "rows_used",
        "rows_removed",
        "withheld",
    )
)


def write(session: Session, store: Store, export: InsightExport, file: IO[bytes]) -> Iterator[int]:
    """Write an export as a ZIP; yield how many measures are in it, after each.

    Every figure is asked for now: who withdrew since is in none, and what is too small now is withheld.

    Raises:
        DomainError: A question can't be asked; the store is away.
    """
    written_as: ExportFormat = export.format  # type: ignore[assignment] # the table says so
    if export.measures == [SEGMENT]:
        yield from _write_segment(session, store, export, file)
        return
    language: Language = "en" if export.language == "en" else "vi"
    explained: list[list[Value]] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, name in enumerate(export.measures, start=1):
            asked = _asked(export, name)
            try:
                answer = answers.answer(
                    session, store, Asker(export.staff_id), export.brand, name, asked, language
                )
                content = _table(store, answer, written_as)
            except ColumnarError as error:
                raise InsightAwayError from error
            except DomainError as error:
                # One of many may not be askable so, a week of affinity; one asked for alone must be.
                if len(export.measures) == 1 or error.kind == "away":
                    raise
                explained.append([name, None, None, None, say("problem", error.code, language, error.values)])
                continue
            archive.writestr(f"{name}.{EXTENSIONS[written_as]}", content)
            explained += _explained(answer, language)
            yield number
        rows = [[*row, *[None] * (len(_DICTIONARY) - len(row))] for row in explained]
        # Words for people, so a spreadsheet in every case.
        kind: ExportFormat = "csv" if written_as == "parquet" else written_as
        dictionary = table_file(store, kind, _DICTIONARY, rows)
        archive.writestr(f"dictionary.{EXTENSIONS[kind]}", dictionary)


def _write_segment(session: Session, store: Store, export: InsightExport, file: IO[bytes]) -> Iterator[int]:
    """Write who of a segment may be approached now, under the names by which the brand knows their purchases.

    Raises:
        NotFoundError: The segment is gone.
        SegmentTooSmallError: Too few are left to be taken along.
    """
    segment = saved.one(session, export.brand, str(export.asked["segment"]))
    members = reachable(session, segment)
    if len(members) < saved.EXPORTED_MIN:
        raise SegmentTooSmallError(least=saved.EXPORTED_MIN)
    # In an order that says nothing of when somebody joined.
    names = sorted(pseudonym(shopper_id, f"brand:{export.brand}") for shopper_id in members)
    written_as: ExportFormat = export.format  # type: ignore[assignment] # the table says so
    content = table_file(store, written_as, (("shopper", "text"),), [[name] for name in names])
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"segment-{segment.slug}.{EXTENSIONS[written_as]}", content)
    yield 1


def _asked(export: InsightExport, name: str) -> InsightQuery:
    """Return the question as one measure takes it: what it has no use for is left out."""
    takes = measure_named(name).takes | {"period", "currency"}
    given = {key: value for key, value in export.asked.items() if key in takes}
    if given.get("by") not in {None, *measure_named(name).splits}:
        del given["by"]
    return InsightQuery.model_validate(given)


def _table(store: Store, answer: InsightAnswer, written_as: ExportFormat) -> bytes:
    columns: list[tuple[str, Unit]] = [(one.name, one.unit) for one in answer.definition.columns]
    told = [*answer.rows, *([answer.totals] if answer.totals and len(answer.rows) > 1 else [])]
    rows: list[list[Value]] = [
        [*(row.values.get(name) for name, _ in columns), row.withheld, int(row is answer.totals)]
        for row in told
    ]
    return table_file(store, written_as, [*columns, ("withheld", "text"), ("is_total", "count")], rows)


def _explained(answer: InsightAnswer, language: Language) -> list[list[Value]]:
    fresh = answer.freshness.as_of
    consent = say("insight", "consent_basis", language)
    return [
        [
            answer.definition.name,
            column.name,
            column.label,
            column.unit,
            answer.definition.means,
            answer.definition.formula,
            answer.period,
            str(answer.shoppers_min),
            consent,
            fresh.isoformat() if fresh else None,
            None if answer.rows_used is None else str(answer.rows_used),
            None if answer.removed.lines is None else str(answer.removed.lines),
            str(answer.withheld),
        ]
        for column in answer.definition.columns
    ]

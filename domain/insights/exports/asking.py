"""Asking for files of figures, once or for every whole period, and fetching them for a week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select, update

from domain.errors import NotFoundError
from domain.insights.errors import TooManyExportsAskedError
from domain.insights.guard import grid
from domain.insights.measures.registry import MEASURES, measure_named
from domain.people.audit import record_act
from domain.people.staff import keeps_brand
from domain.privacy.errors import ExportNotReadyError
from domain.segments import saved
from domain.segments.errors import SegmentTooSmallError
from infra import clock
from infra.db import lock_key
from infra.words import Language
from schemas.exports import ExportDownload, ExportEvery, ExportFormat, ExportSchedule, InsightExport
from schemas.insight import InsightQuery
from schemas.people import StaffMember

KEPT: Final = timedelta(days=7)
# Longer than a job may take, so that it is over.
RING_AGAIN: Final = timedelta(minutes=15)
# Of a brand at once: files that wait, and schedules.
OPEN_MAX: Final = 10
LISTED_MAX: Final = 30
PART_BYTES: Final = 4_000_000
ALL: Final = "all"
# Stands for a measure where a file is of who is in a segment.
SEGMENT: Final = "segment"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written: a measure by name or `all`, asked how, in which format and language."""

    measure: str
    asked: InsightQuery
    format: ExportFormat
    language: Language

    @property
    def measures(self) -> list[str]:
        """Return the measures by name; all are those that need nothing chosen.

        Raises:
            UnknownMeasureError: There is none of that name.
        """
        if self.measure == ALL:
            return [name for name, measure in MEASURES.items() if not measure.needs]
        return [measure_named(self.measure).name]


def ask(session: Session, staff_id: UUID, brand: str, wanted: Wanted) -> InsightExport:
    """Ask for a file.

    Raises:
        TooManyExportsAskedError: As many of the brand wait as may.
        UnknownMeasureError: There is none of that name.
    """
    return _ask(session, staff_id, brand, wanted, wanted.measures, asked_by(wanted))


def ask_segment(
    session: Session, staff_id: UUID, brand: str, segment: str, form: ExportFormat, language: Language
) -> InsightExport:
    """Ask for a file of who is in a segment, under the brand's pseudonyms.

    Raises:
        NotFoundError: The brand has no such segment.
        SegmentTooSmallError: Too few are in it to be taken along.
        TooManyExportsAskedError: As many of the brand wait as may.
    """
    if not saved.view(saved.one(session, brand, segment)).may_be_exported:
        raise SegmentTooSmallError(least=saved.EXPORTED_MIN)
    wanted = Wanted(SEGMENT, InsightQuery(), form, language)
    return _ask(session, staff_id, brand, wanted, [SEGMENT], {"segment": segment})


def asked_by(wanted: Wanted) -> dict[str, object]:
    """Return a question as it is kept."""
    return wanted.asked.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def _ask(
    session: Session,
    staff_id: UUID,
    brand: str,
    wanted: Wanted,
    measures: list[str],
    asked: dict[str, object],
) -> InsightExport:
    lock_key(session, f"insight_export:{brand}")
    waiting = select(func.count()).where(InsightExport.brand == brand, *_open())
    if session.exec(waiting).one() >= OPEN_MAX:
        raise TooManyExportsAskedError(most=OPEN_MAX)
    export = _export(staff_id, brand, measures, asked, wanted)
    session.add(export)
    session.flush()
    details = {"asked": asked | {"measure": wanted.measure, "format": wanted.format}}
    record_act(session, staff_id, "exported", subject=brand, details=details)
    return export


def schedule(session: Session, staff_id: UUID, brand: str, wanted: Wanted, every: ExportEvery) -> None:
    """Have a file written for every whole period of a kind from now on.

    Raises:
        TooManyExportsAskedError: The brand has as many schedules as may be.
        UnknownMeasureError: There is none of that name.
    """
    lock_key(session, f"insight_export:{brand}")
    standing = select(func.count()).where(
        ExportSchedule.brand == brand, col(ExportSchedule.ended_at).is_(None)
    )
    if session.exec(standing).one() >= OPEN_MAX:
        raise TooManyExportsAskedError(most=OPEN_MAX)
    asked = asked_by(wanted)
    session.add(
        ExportSchedule(
            staff_id=staff_id,
            brand=brand,
            measures=wanted.measures,
            asked={name: value for name, value in asked.items() if name not in {"period", "compare"}},
            format=wanted.format,
            language=wanted.language,
            every=every,
            next_on=_next_on(every, clock.till_today()),
            created_at=clock.now(),
        )
    )
    record_act(session, staff_id, "export_scheduled", subject=brand, details={"every": every})


def end_schedule(session: Session, staff_id: UUID, brand: str, schedule_id: UUID) -> None:
    """End a schedule; its files stay until they expire.

    Raises:
        NotFoundError: There is none of the brand that stands.
    """
    found = session.get(ExportSchedule, schedule_id)
    if found is None or found.brand != brand or found.ended_at is not None:
        raise NotFoundError
    found.ended_at = clock.now()
    record_act(session, staff_id, "export_ended", subject=brand, details={"every": found.every})


def ask_scheduled(session: Session, limit: int) -> list[UUID]:
    """Ask for the files of schedules that are due; return which. Safe to run twice, even at once."""
    today = clock.till_today()
    due = (
        select(ExportSchedule)
        .where(col(ExportSchedule.ended_at).is_(None), ExportSchedule.next_on <= today)
        .order_by(col(ExportSchedule.next_on))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    asked = []
    for one in session.exec(due).all():
        every: ExportEvery = one.every  # type: ignore[assignment] # the table says so
        period = grid.before(grid.containing(every, today))
        written_as: ExportFormat = one.format  # type: ignore[assignment] # the table says so
        language: Language = "en" if one.language == "en" else "vi"
        wanted = Wanted(ALL, InsightQuery(), written_as, language)
        export = _export(one.staff_id, one.brand, one.measures, one.asked | {"period": period.name}, wanted)
        export.schedule_id = one.id
        session.add(export)
        one.next_on = _next_on(every, today)
        asked.append(export.id)
    session.flush()
    return asked


def exports_of(session: Session, brand: str) -> list[tuple[InsightExport, str, list[tuple[str, datetime]]]]:
    """Return a brand's files of late: each with who asked and who fetched it when, the newest first."""
    newest = (
        select(InsightExport, StaffMember.email)
        .join(StaffMember, col(StaffMember.id) == col(InsightExport.staff_id))
        .where(InsightExport.brand == brand)
        .order_by(col(InsightExport.asked_at).desc())
        .limit(LISTED_MAX)
    )
    found = session.exec(newest).all()
    fetched = session.exec(
        select(ExportDownload.export_id, StaffMember.email, ExportDownload.at)
        .join(StaffMember, col(StaffMember.id) == col(ExportDownload.staff_id))
        .where(col(ExportDownload.export_id).in_([export.id for export, _ in found]))
        .order_by(col(ExportDownload.at))
    ).all()
    return [(one, by, [(who, at) for which, who, at in fetched if which == one.id]) for one, by in found]


def schedules_of(session: Session, brand: str) -> Sequence[ExportSchedule]:
    """Return a brand's schedules that stand, the oldest first."""
    standing = (ExportSchedule.brand == brand, col(ExportSchedule.ended_at).is_(None))
    return session.exec(
        select(ExportSchedule).where(*standing).order_by(col(ExportSchedule.created_at))
    ).all()


def state_of(export: InsightExport) -> str:
    """Return how a file stands: `waiting`, `ready`, `failed` or `expired`."""
    if export.failed:
        return "failed"
    if export.expires_at is None:
        return "waiting"
    return "expired" if export.expires_at <= clock.now() else "ready"


def fetch(session: Session, staff_id: UUID, brand: str, export_id: UUID) -> list[str]:
    """Note that a file is fetched; return the names of its objects, in order.

    Raises:
        NotFoundError: There is none of the brand.
        ExportNotReadyError: It is not written, or has expired.
    """
    export = session.get(InsightExport, export_id)
    if export is None or export.brand != brand:
        raise NotFoundError
    if state_of(export) != "ready":
        raise ExportNotReadyError
    session.add(ExportDownload(export_id=export.id, staff_id=staff_id, at=clock.now()))
    return [part_name(export.id, number) for number in range(-(-export.size_bytes // PART_BYTES))]


def part_name(export_id: UUID, number: int) -> str:
    """Return the name of one object of a file."""
    return f"{export_id.hex}/{number:05}"


def may_still(session: Session, export: InsightExport) -> bool:
    """Say whether who asked may still see the brand's figures."""
    staff = session.get(StaffMember, export.staff_id)
    if staff is None or staff.ended_at is not None:
        return False
    return keeps_brand(staff, export.brand)


def to_ring(session: Session, limit: int) -> list[UUID]:
    """Return files whose job was lost, and note that they are rung for."""
    now = clock.now()
    lost = select(InsightExport.id).where(*_open(), col(InsightExport.rung_at) <= now - RING_AGAIN)
    found = list(session.exec(lost.limit(limit).with_for_update(skip_locked=True)).all())
    session.execute(update(InsightExport).where(col(InsightExport.id).in_(found)).values(rung_at=now))
    return found


def expired(session: Session, limit: int) -> list[UUID]:
    """Return files that are to be removed."""
    over = (col(InsightExport.expires_at) <= clock.now(), col(InsightExport.size_bytes) > 0)
    return list(session.exec(select(InsightExport.id).where(*over).limit(limit)).all())


def _open() -> tuple[ColumnElement[bool], ...]:
    return (col(InsightExport.written_at).is_(None), col(InsightExport.failed).is_(None))


def _export(
    staff_id: UUID, brand: str, measures: list[str], asked: dict[str, object], wanted: Wanted
) -> InsightExport:
    now = clock.now()
    return InsightExport(
        staff_id=staff_id,
        brand=brand,
        measures=measures,
        asked=asked,
        format=wanted.format,
        language=wanted.language,
        asked_at=now,
        rung_at=now,
        total=len(measures),
    )


def _next_on(every: ExportEvery, today: date) -> date:
    """Return the day after the period that runs: by then it is whole."""
    return grid.containing(every, today).last + timedelta(days=1)

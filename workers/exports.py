"""Jobs that write files of brands' figures, and look after those that are lost or have expired."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from uuid import UUID

import structlog
from sqlmodel import Session

from domain.errors import DomainError
from domain.insights.exports import asking, content
from infra import clock, db, queue, storage
from infra.columnar.reach import insight_store
from infra.columnar.store import Store
from infra.db import only_one, transaction
from infra.faults import AWAY
from schemas.exports import InsightExport
from workers.chores import BATCH_MAX, chore

_log = structlog.get_logger()


@chore
def look_after_insight_exports() -> Iterator[int]:
    """Ask for files of schedules that are due, ring for those whose job was lost, remove what has expired."""
    with Session(db.engine()) as session:
        over = asking.expired(session, BATCH_MAX)
    for export_id in over:
        for name in list(storage.objects_of(export_id)):
            storage.remove(name)
        # An object goes before its row says so: a row that says too little is looked at again.
        with transaction() as session:
            session.get_one(InsightExport, export_id).size_bytes = 0
        yield 1
    with transaction() as session:
        wanted = [*asking.ask_scheduled(session, BATCH_MAX), *asking.to_ring(session, BATCH_MAX)]
    for export_id in wanted:
        queue.ring_insight_export(str(export_id))
        yield 1


def write_insight_export(export_id: str, store: Store | None = None) -> None:
    """Write a file out of a store, ours by default. Safe to run twice, even at once.

    A service that is away puts it off: the row stays as it is, and a chore rings again.
    """
    with only_one(f"insight_export:{export_id}") as alone:
        if not alone:
            return
        try:
            _write(UUID(export_id), store or insight_store())
        except AWAY as error:
            _log.warning("insight_export_put_off", export_id=export_id, error=type(error).__name__)
        except DomainError as error:
            if error.kind == "away":
                _log.warning("insight_export_put_off", export_id=export_id, error=error.code)
                return
            _fail(UUID(export_id), error.code)


def _write(export_id: UUID, store: Store) -> None:
    with Session(db.engine()) as session:
        export = session.get(InsightExport, export_id)
        if export is None or export.written_at is not None or export.failed is not None:
            return
        may_still = asking.may_still(session, export)
    if not may_still:
        # Rights may have gone since it was asked for, a schedule's most of all.
        _fail(export_id, "not_found")
        return
    with tempfile.TemporaryFile() as file:
        with transaction() as session:
            for done in content.write(session, store, session.get_one(InsightExport, export_id), file):
                _note_progress(export_id, done)
        size = file.tell()
        file.seek(0)
        number = 0
        while part := file.read(asking.PART_BYTES):
            storage.put_object(asking.part_name(export_id, number), part)
            number += 1
    with transaction() as session:
        export = session.get_one(InsightExport, export_id)
        export.written_at = clock.now()
        export.expires_at = export.written_at + asking.KEPT
        export.size_bytes = size
        export.done = export.total
    _log.info("insight_export_written", export_id=str(export_id), size_bytes=size)


def _note_progress(export_id: UUID, done: int) -> None:
    with transaction() as session:
        session.get_one(InsightExport, export_id).done = done


def _fail(export_id: UUID, code: str) -> None:
    with transaction() as session:
        session.get_one(InsightExport, export_id).failed = code
    _log.warning("insight_export_failed", export_id=str(export_id), code=code)

"""Jobs about personal data: being forgotten, copies of all that is held, what is kept past its time."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO, Final, cast
from uuid import UUID

import structlog
from sqlmodel import Session

from domain.insights.store import forgetting
from domain.insights.store.tables import Layout
from domain.privacy import erasure, export, retention
from domain.receipts import resumable
from infra import clock, db, queue, storage
from infra.columnar import connect
from infra.db import only_one, transaction
from infra.faults import AWAY
from schemas.privacy import PrivacyRequest
from schemas.uploads import ResumableUpload
from workers.chores import BATCH_MAX, chore

PICTURES_PER_NOTE: Final = 20
_log = structlog.get_logger()


@chore
def erase_shoppers() -> Iterator[int]:
    """Remove what is left of shoppers who asked to be forgotten, a table's batch a transaction."""
    with Session(db.engine()) as session:
        asked = erasure.erasures_to_do(session, clock.now())
    for request_id, shopper_id in asked:
        while True:
            with transaction() as session:
                removed = erasure.erase_some(session, shopper_id, BATCH_MAX)
                if removed is not None:
                    erasure.note_erased(session, request_id, *removed)
            if removed is None:
                break
            yield removed[1]
        # After the rows, so that a store that is away keeps nobody's words; names come from the store.
        for name in list(storage.objects_of(shopper_id)):
            storage.remove(name)
            with transaction() as session:
                erasure.note_erased(session, request_id, "objects", 1)
            yield 1
        # Nobody is forgotten while the columnar store can't say so: the request stays open, and overdue is
        # seen.
        if not connect.is_off():
            count = forgetting.forget(connect.store(), Layout(connect.cluster()), shopper_id)
            if count:
                with transaction() as session:
                    erasure.note_erased(session, request_id, "insight store", count)
                yield count
        with transaction() as session:
            ended = erasure.note_emptied(session, request_id)
        _log.info("shopper_erased" if ended else "shopper_emptied", request_id=str(request_id))
        yield 1


@chore
def remove_old_pictures() -> Iterator[int]:
    """Remove pictures that are older than settings allow; what they were known by stays."""
    count = 1
    while count:
        with Session(db.engine()) as session:
            pages = retention.pictures_to_remove(session, clock.now(), BATCH_MAX)
            shown = retention.also_needed(session, pages) if pages else set()
        # An object goes before its row says so: a row that says too little is looked at again.
        for name in {name for _, _, name in pages} - shown:
            storage.remove(name)
        with transaction() as session:
            retention.note_removed(session, pages, clock.now())
        count = len(pages)
        yield count


@chore
def look_after_exports() -> Iterator[int]:
    """Ring for exports whose job was lost; remove files that have expired."""
    with Session(db.engine()) as session:
        expired = export.expired_exports(session, clock.now(), BATCH_MAX)
    for request in expired:
        remove_file(request)
        with transaction() as session:
            session.get_one(PrivacyRequest, request.id).size_bytes = 0
        yield 1
    with transaction() as session:
        lost = export.exports_to_ring(session, clock.now(), BATCH_MAX)
    for request_id in lost:
        queue.ring_export(str(request_id))
        yield 1


@chore
def forget_uploads() -> Iterator[int]:
    """Remove what is kept of uploads that are over, then their rows."""
    while batch := forget_some_uploads():
        yield len(batch)


def forget_some_uploads() -> list[ResumableUpload]:
    """Do it for a batch of them; return which, none where none is left.

    Raises:
        StoreAwayError: The store did not answer; the rows stay.
    """
    with Session(db.engine()) as session:
        ended = resumable.over(session, clock.now(), BATCH_MAX)
    for upload in ended:
        resumable.remove_objects(upload)
    with transaction() as session:
        resumable.forget(session, ended)
    return ended


def remove_file(request: PrivacyRequest) -> None:
    """Remove an export's objects, those of a try that broke off as well."""
    for name in list(storage.objects_of(request.shopper_id)):
        if name.startswith(export.part_prefix(request)):
            storage.remove(name)


def write_export(request_id: str) -> None:
    """Write the file of an export. Safe to run twice, even at once; a service that is away puts it off."""
    with only_one(f"export:{request_id}") as alone:
        if not alone:
            return
        try:
            _write_export(UUID(request_id))
        except AWAY as error:
            _log.warning("export_put_off", request_id=request_id, error=type(error).__name__)


def _write_export(request_id: UUID) -> None:
    with Session(db.engine()) as session:
        request = export.to_write(session, request_id)
        if request is None:
            return
        pictures = export.pictures_of(session, request.shopper_id)
    sink = export.PartsSink(lambda number, part: storage.put_object(export.part_name(request, number), part))
    # A file that is written from its start to its end, and never sought in.
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_DEFLATED) as archive:
        with Session(db.engine()) as session:
            export.write_rows(session, archive, request.shopper_id)
        for number, (name, kept_as) in enumerate(pictures):
            if number % PICTURES_PER_NOTE == 0:
                with transaction() as session:
                    export.note_progress(session, request_id, number, len(pictures))
            try:
                photo = storage.get_photo(kept_as)
            except (storage.PhotoMissingError, storage.PhotoChangedError):
                _log.warning("photo_not_exported", request_id=str(request_id))
                continue
            # Pictures are compressed already.
            archive.writestr(zipfile.ZipInfo(name), photo, zipfile.ZIP_STORED)
    sink.close()
    with transaction() as session:
        whole = export.note_written(session, request_id, sink.size)
    if not whole:
        remove_file(request)
        return
    _log.info("export_written", request_id=str(request_id), size_bytes=sink.size)

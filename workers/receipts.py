"""The job that reads one receipt and settles it."""

from __future__ import annotations

import time
from functools import cache
from typing import Final
from uuid import UUID

import structlog
from sqlmodel import Session

from domain import settlement
from domain.errors import DomainError
from domain.receipts import rows, unread
from infra import db, storage, tracing
from infra.db import transaction
from infra.faults import AWAY
from infra.metrics import count_settled, stage
from infra.settings import settings
from ocr.engines.base import Engine
from ocr.engines.factory import make_engine
from ocr.reader import read_receipt
from ocr.tagger.model import own_tagger
from ocr.types import Reading

# What was read is kept through a restart of the database rather than read again.
SETTLE_SECONDS: Final = 45.0
SETTLE_PAUSE_SECONDS: Final = 0.5
_log = structlog.get_logger()


@cache
def engine() -> Engine:
    """Return the text engine of this process, its models loaded. Forked children inherit it."""
    return make_engine(settings().ocr_engine, tessdata=settings().tessdata_dir)


def read_and_settle(receipt_id: str) -> None:
    """Read a receipt's pages and settle it. Safe to run twice, even at once.

    A refusal of the domain (the receipt was erased) ends the job. So does a service that is away: the
    receipt still waits, and is rung for again. Only what happens inside reading counts as an attempt.
    """
    with structlog.contextvars.bound_contextvars(receipt_id=receipt_id):
        try:
            with tracing.step(UUID(receipt_id), "read_and_settle"):
                _read_and_settle(UUID(receipt_id))
        except DomainError as error:
            _log.info("job_refused", code=error.code)
        except AWAY as error:
            _log.warning("job_put_off", error=type(error).__name__)


def _read_and_settle(receipt_id: UUID) -> None:
    with Session(db.engine()) as session:
        pages = rows.pages_to_read(session, receipt_id)
    if pages is None:
        return
    with stage("fetch"):
        photos = _photos(receipt_id, pages)
    if photos is None:
        return
    with transaction() as session:
        begun = rows.begin_reading(session, receipt_id)
    if not begun:
        return
    with stage("read"):
        reading = read_receipt(photos, engine())
    with stage("settle"):
        ended = _settle(receipt_id, reading)
    if ended is not None:
        count_settled(ended, engine().name, "tagger" if own_tagger() else "guesses")


def _photos(receipt_id: UUID, pages: list[str]) -> list[bytes] | None:
    """Return a receipt's photographs; None where they are not to be had, now or ever, which is then noted."""
    gone: unread.UnreadCode | None = None
    try:
        return [storage.get_photo(sha256) for sha256 in pages]
    except storage.PhotoChangedError:
        gone = "photo_changed"
    except storage.PhotoMissingError:
        gone = "photo_missing" if _is_gone(receipt_id) else None
    except storage.StoreAwayError:
        pass
    with transaction() as session:
        if gone is None:
            rows.postpone(session, receipt_id)
        else:
            unread.end_unread(session, rows.locked(session, receipt_id), gone)
    _log.warning("photo_not_had", code=gone or "store_away")
    return None


def _is_gone(receipt_id: UUID) -> bool:
    """Say whether the store, asked for other photographs, is itself and has only lost this one."""
    with Session(db.engine()) as session:
        known = unread.photos_kept_before(session, receipt_id)
    try:
        return any(storage.has_photo(sha256) for sha256 in known)
    except storage.StoreAwayError:
        return False


def _settle(receipt_id: UUID, reading: Reading) -> str | None:
    """Settle, through a database that is away for a while."""
    end = time.monotonic() + SETTLE_SECONDS
    pause = SETTLE_PAUSE_SECONDS
    while True:
        try:
            with transaction() as session:
                return settlement.settle_receipt(session, receipt_id, reading)
        except AWAY as error:
            if time.monotonic() + pause >= end:
                raise
            _log.warning("settling_put_off", error=type(error).__name__)
        time.sleep(pause)
        pause *= 2

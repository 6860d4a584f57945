"""The job that reads one receipt and settles it."""

from __future__ import annotations

from functools import cache
from uuid import UUID

import structlog

from domain import settlement
from domain.errors import DomainError
from domain.receipts import rows
from infra import storage
from infra.db import transaction
from infra.metrics import count_settled, stage
from infra.settings import settings
from ocr.engines.base import Engine
from ocr.engines.factory import make_engine
from ocr.reader import read_receipt

_log = structlog.get_logger()


@cache
def engine() -> Engine:
    """Return the text engine of this process, its models loaded. Forked children inherit it."""
    return make_engine(settings().ocr_engine, tessdata=settings().tessdata_dir)


def read_and_settle(receipt_id: str) -> None:
    """Read a receipt's pages and settle it. Safe to run twice, even at once.

    A refusal of the domain (the receipt was erased) ends the job; anything else is retried.
    """
    with structlog.contextvars.bound_contextvars(receipt_id=receipt_id):
        try:
            _read_and_settle(UUID(receipt_id))
        except DomainError as error:
            _log.info("job_refused", code=error.code)


def _read_and_settle(receipt_id: UUID) -> None:
    with transaction() as session:
        images = rows.images_to_read(session, receipt_id)
    if images is None:
        return
    with stage("fetch"):
        photos = [storage.get_photo(sha256) for sha256 in images]
    with stage("read"):
        reading = read_receipt(photos, engine())
    with stage("settle"), transaction() as session:
        ended = settlement.settle_receipt(session, receipt_id, reading)
    if ended is not None:
        count_settled(ended, engine().name)

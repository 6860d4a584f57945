"""Taking in an upload, and handing it to whoever reads: one row, its pages, its turn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.origins.links import count_upload, note_upload
from domain.receipts.errors import IdempotencyKeyReusedError, NoPagesError, TooManyPagesError
from domain.receipts.photos import check_photo
from infra import clock, storage
from infra.settings import settings
from infra.windows import RedisWindows
from schemas.base import new_id
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptPage


@dataclass(frozen=True, slots=True)
class Accepted:
    """A receipt that was taken in. `replayed` says that the key had brought it before."""

    receipt: Receipt
    pages: int
    replayed: bool


def accept_receipt(
    session: Session,
    shopper_id: UUID,
    photos: Sequence[bytes],
    *,
    captured_at: datetime | None = None,
    idempotency_key: str | None = None,
    origin: Origin | None = None,
) -> Accepted:
    """Check the pages, keep them, and note that there is a receipt to read.

    Photographs are kept before the row: an orphan file is harmless, an orphan row is not.

    Raises:
        DomainError: The pages are refused, or the key was used for another upload.
    """
    if not photos:
        raise NoPagesError
    if len(photos) > settings().upload_pages_max:
        raise TooManyPagesError(pages_max=settings().upload_pages_max)
    facts = [check_photo(photo) for photo in photos]
    hashes = [storage.photo_hash(photo) for photo in photos]
    request = "|".join([*hashes, captured_at.isoformat() if captured_at else ""])
    request_hash = hashlib.sha256(request.encode()).hexdigest()
    if standing := _standing(session, shopper_id, idempotency_key, request_hash):
        return Accepted(standing, len(photos), replayed=True)
    for photo in photos:
        storage.put_photo(photo)
    now = clock.now()
    receipt_id = session.execute(
        insert(Receipt)
        .values(
            id=new_id(),
            shopper_id=shopper_id,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            status="received",
            reasons=[],
            received_at=now,
            captured_at=captured_at,
            rung_at=now,
            attempts=0,
        )
        .on_conflict_do_nothing(index_elements=["shopper_id", "idempotency_key"])
        .returning(col(Receipt.id))
    ).scalar_one_or_none()
    if receipt_id is None:
        standing = _standing(session, shopper_id, idempotency_key, request_hash)
        if standing is None:
            raise NotFoundError
        return Accepted(standing, len(photos), replayed=True)
    session.add_all(
        ReceiptPage(
            receipt_id=receipt_id,
            position=position,
            sha256=sha256,
            media_type=page.media_type,
            width=page.width,
            height=page.height,
            size_bytes=page.size_bytes,
        )
        for position, (sha256, page) in enumerate(zip(hashes, facts, strict=True))
    )
    session.flush()
    receipt = session.get_one(Receipt, receipt_id)
    if origin is not None:
        shopper = session.get_one(Shopper, shopper_id)
        note_upload(session, receipt, origin, count_upload(RedisWindows(), shopper, origin, now))
    return Accepted(receipt, len(photos), replayed=False)


def _standing(session: Session, shopper_id: UUID, key: str | None, request_hash: str) -> Receipt | None:
    """Return the receipt that this key brought before, if any.

    Raises:
        IdempotencyKeyReusedError: It was another upload.
    """
    if key is None:
        return None
    receipt = session.exec(
        select(Receipt).where(Receipt.shopper_id == shopper_id, Receipt.idempotency_key == key)
    ).first()
    if receipt is not None and receipt.request_hash != request_hash:
        raise IdempotencyKeyReusedError
    return receipt

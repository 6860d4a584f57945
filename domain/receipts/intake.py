"""Taking in an upload: look at it, ask whether it came before, keep its pages, then note its row.

Four steps, because keeping photographs takes as long as the object store does: whoever calls them opens a
transaction for the second and another for the last, and none for what lies between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.origins.links import note_upload
from domain.receipts.errors import IdempotencyKeyReusedError, NoPagesError, TooManyPagesError
from domain.receipts.photos import PhotoFacts, check_photos
from domain.receipts.stripping import without_metadata
from infra import clock, storage
from infra.settings import settings
from schemas.base import new_id
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptPage


@dataclass(frozen=True, slots=True)
class Upload:
    """Pages that may be a receipt's, looked at and not kept yet. `request_hash` tells them from others.

    `photos` are without metadata; `hashes` are of what arrived.
    """

    photos: tuple[bytes, ...]
    facts: tuple[PhotoFacts, ...]
    hashes: tuple[str, ...]
    captured_at: datetime | None
    request_hash: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A receipt that was taken in. `replayed` says that the key had brought it before."""

    receipt: Receipt
    pages: int
    replayed: bool


def look_at_upload(photos: Sequence[bytes], captured_at: datetime | None = None) -> Upload:
    """Check the pages of an upload. Needs nothing but their bytes.

    Raises:
        DomainError: They are refused.
    """
    if not photos:
        raise NoPagesError
    if len(photos) > settings().upload_pages_max:
        raise TooManyPagesError(pages_max=settings().upload_pages_max)
    facts = check_photos(photos)
    hashes = [storage.photo_hash(photo) for photo in photos]
    request = "|".join([*hashes, captured_at.isoformat() if captured_at else ""])
    request_hash = hashlib.sha256(request.encode()).hexdigest()
    plain = [without_metadata(photo, page.media_type) for photo, page in zip(photos, facts, strict=True)]
    return Upload(tuple(plain), tuple(facts), tuple(hashes), captured_at, request_hash)


def accepted_before(
    session: Session, shopper_id: UUID, upload: Upload, idempotency_key: str | None
) -> Accepted | None:
    """Return the receipt that this key brought before, if any.

    Raises:
        IdempotencyKeyReusedError: It was another upload.
    """
    if idempotency_key is None:
        return None
    receipt = session.exec(
        select(Receipt).where(Receipt.shopper_id == shopper_id, Receipt.idempotency_key == idempotency_key)
    ).first()
    if receipt is None:
        return None
    if receipt.request_hash != upload.request_hash:
        raise IdempotencyKeyReusedError
    return Accepted(receipt, len(upload.photos), replayed=True)


def keep_photos(upload: Upload, shopper_id: UUID) -> None:
    """Keep an upload's pages, before there is a row: an orphan file is harmless, an orphan row is not.

    They lie with all that is kept of their shopper, and go with it.

    Raises:
        StoreAwayError: They are not kept.
    """
    for photo in upload.photos:
        storage.put_photo(photo, shopper_id)


def accept_receipt(
    session: Session,
    shopper_id: UUID,
    upload: Upload,
    *,
    idempotency_key: str | None = None,
    origin: Origin | None = None,
    counts: Mapping[str, int] | None = None,
) -> Accepted:
    """Note that there is a receipt to read, whose pages are kept.

    Args:
        session: The transaction that takes it in.
        shopper_id: Whose it is.
        upload: Its pages.
        idempotency_key: What the app calls this upload.
        origin: Where it comes from, if that is known.
        counts: What the sliding windows held when it came (`count_upload`).

    Raises:
        IdempotencyKeyReusedError: The same key brought another upload meanwhile.
        NotFoundError: The shopper asked to be forgotten meanwhile.
    """
    now = clock.now()
    hold_shopper(session, shopper_id)
    receipt_id = session.execute(
        insert(Receipt)
        .values(
            id=new_id(),
            shopper_id=shopper_id,
            idempotency_key=idempotency_key,
            request_hash=upload.request_hash,
            status="received",
            reasons=[],
            received_at=now,
            captured_at=upload.captured_at,
            rung_at=now,
            attempts=0,
            postponed=0,
        )
        .on_conflict_do_nothing(index_elements=["shopper_id", "idempotency_key"])
        .returning(col(Receipt.id))
    ).scalar_one_or_none()
    if receipt_id is None:
        # Sent twice at once: the other request was first.
        standing = accepted_before(session, shopper_id, upload, idempotency_key)
        if standing is None:
            raise NotFoundError
        return standing
    session.add_all(
        ReceiptPage(
            receipt_id=receipt_id,
            position=position,
            sha256=sha256,
            object_name=storage.object_name(storage.photo_hash(photo), shopper_id),
            media_type=page.media_type,
            width=page.width,
            height=page.height,
            size_bytes=page.size_bytes,
        )
        for position, (photo, sha256, page) in enumerate(
            zip(upload.photos, upload.hashes, upload.facts, strict=True)
        )
    )
    session.flush()
    receipt = session.get_one(Receipt, receipt_id)
    if origin is not None:
        note_upload(session, receipt, origin, counts or {})
    return Accepted(receipt, len(upload.photos), replayed=False)


def hold_shopper(session: Session, shopper_id: UUID) -> None:
    """Keep a shopper until this receipt stands, so that erasure, which begins with their row, finds it."""
    standing = select(Shopper.erased_at).where(Shopper.id == shopper_id)
    if session.exec(standing.with_for_update(read=True, key_share=True)).one() is not None:
        raise NotFoundError

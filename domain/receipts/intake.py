"""Taking in an upload: look at it, ask whether it came before, keep its pages, then note its row.

Four steps, because keeping photographs takes as long as the object store does: whoever calls them opens a
transaction for the second and another for the last, and none for what lies between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, select

from domain.errors import NotFoundError
from domain.origins.links import note_upload
from domain.receipts.errors import IdempotencyKeyReusedError, NoPagesError, TooManyPagesError
from domain.receipts.photos import PhotoFacts, check_photos
from domain.receipts.stripping import without_metadata
from infra import clock, storage
from infra.settings import settings
from infra.statements import Statement
from schemas.base import new_id
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.receipts import Receipt


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
    found = _BEFORE.rows(session, {"shopper": shopper_id, "key": idempotency_key})
    if not found:
        return None
    receipt = session.get_one(Receipt, found[0][0])
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
    receipt = Receipt(
        id=new_id(),
        shopper_id=shopper_id,
        idempotency_key=idempotency_key,
        request_hash=upload.request_hash,
        received_at=(now := clock.now()),
        captured_at=upload.captured_at,
        rung_at=now,
    )
    names = [storage.object_name(storage.photo_hash(photo), shopper_id) for photo in upload.photos]
    asked = {
        **receipt.model_dump(include=_RECEIPT_SAID),
        "sha256s": list(upload.hashes),
        "names": names,
        **{
            f"{fact}s": [getattr(page, fact) for page in upload.facts]
            for fact in ("media_type", "width", "height", "size_bytes")
        },
    }
    [(standing_shoppers, taken)] = _TAKE_IN.rows(session, asked)
    if not standing_shoppers:
        raise NotFoundError
    if taken is None:
        # Sent twice at once: the other request was first.
        standing = accepted_before(session, shopper_id, upload, idempotency_key)
        if standing is None:
            raise NotFoundError
        return standing
    if origin is not None:
        note_upload(session, receipt, origin, counts or {})
    return Accepted(receipt, len(upload.photos), replayed=False)


def hold_shopper(session: Session, shopper_id: UUID) -> None:
    """Keep a shopper until this receipt stands, so that erasure, which begins with their row, finds it."""
    standing = select(Shopper.erased_at).where(Shopper.id == shopper_id)
    if session.exec(standing.with_for_update(read=True, key_share=True)).one() is not None:
        raise NotFoundError


# Asked by every upload and seldom answered.
_BEFORE: Final = Statement("SELECT id FROM receipt WHERE shopper_id = :shopper AND idempotency_key = :key")
_RECEIPT_SAID: Final = {
    "id",
    "shopper_id",
    "idempotency_key",
    "request_hash",
    "received_at",
    "captured_at",
}
# Row and pages at once: each statement of its own costs the API half a millisecond. The shopper is kept until
# the receipt stands, so that erasure, which begins with their row, finds it.
_TAKE_IN: Final = Statement("""
    WITH standing AS (
        SELECT id FROM shopper WHERE id = :shopper_id AND erased_at IS NULL FOR KEY SHARE
    ), taken AS (
        INSERT INTO receipt (
            id, shopper_id, idempotency_key, request_hash, status, reasons, received_at, captured_at, rung_at,
            attempts, postponed
        )
        SELECT :id, id, CAST(:idempotency_key AS text), :request_hash, 'received', '[]', :received_at,
            CAST(:captured_at AS timestamptz), :received_at, 0, 0
        FROM standing
        ON CONFLICT (shopper_id, idempotency_key) DO NOTHING
        RETURNING id
    ), pages AS (
        INSERT INTO receipt_page (
            receipt_id, position, sha256, object_name, media_type, width, height, size_bytes
        )
        SELECT taken.id, page.place - 1, page.sha256, page.name, page.kind, page.width, page.height, page.size
        FROM taken, unnest(
            CAST(:sha256s AS text[]), CAST(:names AS text[]), CAST(:media_types AS text[]),
            CAST(:widths AS int[]), CAST(:heights AS int[]), CAST(:size_bytess AS int[])
        ) WITH ORDINALITY AS page (sha256, name, kind, width, height, size, place)
    )
    SELECT (SELECT count(*) FROM standing), (SELECT id FROM taken)
""")

"""Uploads that go on after a cut: what has come is kept part by part, the last part makes the receipt.

A part is an object before the row says so, under a name that is its own: whoever writes at an offset where
another has written meanwhile replaces nothing, and the row takes one of them. The last part is kept nowhere
but in the receipt: its row and the receipt's come in one transaction, so that no upload is whole without one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import cast, delete, literal, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session, col, select

from domain.errors import InvalidValueError, NotFoundError
from domain.receipts.errors import (
    EmptyImageError,
    IdempotencyKeyReusedError,
    ImageTooLargeError,
    TooManyPagesError,
    TooManyPartsError,
    TooManyUploadsError,
    UploadOffsetError,
)
from domain.receipts.intake import hold_shopper
from infra import clock, storage
from infra.db import lock_key
from infra.settings import settings
from schemas.uploads import ResumableUpload

# What one shopper may have under way: a phone sends one receipt at a time, a queue a few.
OPEN_MAX: Final = 5
OPEN_BYTES_MAX: Final = 60_000_000
KEPT_FOR: Final = timedelta(hours=24)
# A phone on a bad line is cut every few hundred kB; a program that sends bytes one by one ends here.
PARTS_MAX: Final = 300
# Longer than whoever looked at an upload before it expired can take to put a part of it.
LATE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What a shopper means to send: `page_sizes` are the bytes of each page, in order."""

    page_sizes: tuple[int, ...]
    captured_at: datetime | None = None
    idempotency_key: str | None = None
    client_metadata: str = ""

    @property
    def length(self) -> int:
        """Return the bytes of all pages."""
        return sum(self.page_sizes)


def check_new(wanted: NewUpload, length: int) -> None:
    """Refuse an upload that could never be a receipt, before any of it is sent.

    Raises:
        EmptyImageError, TooManyPagesError, ImageTooLargeError: As their names say.
        InvalidValueError: Its pages have not its length.
    """
    if wanted.length != length:
        raise InvalidValueError(field="page_sizes")
    if min(wanted.page_sizes, default=0) < 1:
        raise EmptyImageError
    if len(wanted.page_sizes) > settings().upload_pages_max:
        raise TooManyPagesError(pages_max=settings().upload_pages_max)
    if max(wanted.page_sizes) > settings().upload_bytes_max:
        raise ImageTooLargeError(megabytes_max=settings().upload_bytes_max // 1_000_000)


def begin(session: Session, shopper_id: UUID, wanted: NewUpload) -> ResumableUpload:
    """Let a shopper send an upload in parts; the same key again returns the one that was begun.

    Raises:
        IdempotencyKeyReusedError: The key was used for another upload.
        TooManyUploadsError: As many are open as may be.
        NotFoundError: The shopper asked to be forgotten meanwhile.
    """
    hold_shopper(session, shopper_id)
    # Two that begin at once are counted one after the other.
    lock_key(session, f"uploads:{shopper_id}")
    now = clock.now()
    if wanted.idempotency_key is not None:
        standing = _of_key(session, shopper_id, wanted.idempotency_key)
        if standing is not None and standing.expires_at > now:
            told = (tuple(standing.page_sizes), standing.captured_at, standing.client_metadata)
            if told != (wanted.page_sizes, wanted.captured_at, wanted.client_metadata):
                raise IdempotencyKeyReusedError
            return standing
        if standing is not None:
            standing.idempotency_key = None
            session.flush()
    _check_room(session, shopper_id, wanted.length, now)
    upload = ResumableUpload(
        shopper_id=shopper_id,
        idempotency_key=wanted.idempotency_key,
        length=wanted.length,
        page_sizes=list(wanted.page_sizes),
        captured_at=wanted.captured_at,
        client_metadata=wanted.client_metadata,
        created_at=now,
        expires_at=now + KEPT_FOR,
    )
    session.add(upload)
    session.flush()
    return upload


def _of_key(session: Session, shopper_id: UUID, key: str) -> ResumableUpload | None:
    mine = (ResumableUpload.shopper_id == shopper_id, ResumableUpload.idempotency_key == key)
    return session.exec(select(ResumableUpload).where(*mine)).first()


def _check_room(session: Session, shopper_id: UUID, length: int, now: datetime) -> None:
    open_now = (
        col(ResumableUpload.shopper_id) == shopper_id,
        col(ResumableUpload.expires_at) > now,
        col(ResumableUpload.receipt_id).is_(None),
    )
    lengths = session.exec(select(ResumableUpload.length).where(*open_now)).all()
    if len(lengths) >= OPEN_MAX or sum(lengths) + length > OPEN_BYTES_MAX:
        raise TooManyUploadsError(uploads_max=OPEN_MAX, megabytes_max=OPEN_BYTES_MAX // 1_000_000)


def upload_of(session: Session, upload_id: UUID, shopper_id: UUID) -> ResumableUpload:
    """Return a shopper's upload.

    Raises:
        NotFoundError: There is none, it is another's, or it is over.
    """
    found = session.exec(
        select(ResumableUpload)
        .where(
            ResumableUpload.id == upload_id,
            ResumableUpload.shopper_id == shopper_id,
            col(ResumableUpload.expires_at) > clock.now(),
        )
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise NotFoundError
    return found


def upload_at(session: Session, upload_id: UUID, shopper_id: UUID, offset: int) -> ResumableUpload:
    """Return a shopper's upload for a part that begins at `offset`; also raises `UploadOffsetError`."""
    upload = upload_of(session, upload_id, shopper_id)
    if upload.offset != offset:
        raise UploadOffsetError
    return upload


def keep_part(upload: ResumableUpload, content: bytes) -> str:
    """Keep a part that does not end the upload, before its row says so; return how the row names it.

    Raises:
        TooManyPartsError: It has as many parts as may be.
        StoreAwayError: It is not kept.
    """
    if len(upload.parts) >= PARTS_MAX:
        raise TooManyPartsError(parts_max=PARTS_MAX)
    part = f"{upload.offset}-{secrets.token_hex(8)}"
    storage.put_object(_object_name(upload, part), content)
    return part


def drop_part(upload: ResumableUpload, part: str) -> None:
    """Remove a part that the row did not take. One that stays all the same goes when the upload does."""
    with suppress(storage.StoreAwayError):
        storage.remove(_object_name(upload, part))


def note_part(session: Session, upload: ResumableUpload, part: str, size: int) -> int:
    """Note that a part has come; return the upload's offset from here on.

    Raises:
        UploadOffsetError: Another part has come there meanwhile, or the upload is over.
    """
    offset = upload.offset + size
    parts = col(ResumableUpload.parts).op("||")(cast(literal([part], JSONB), JSONB))
    if not _change(session, upload, offset=offset, parts=parts):
        raise UploadOffsetError
    return offset


def pages_of_upload(upload: ResumableUpload, last: bytes) -> list[bytes] | None:
    """Return the pages of an upload whose last part has come; None where a part that was kept is gone.

    Raises:
        StoreAwayError: The store did not answer.
    """
    try:
        kept = [storage.get_object(_object_name(upload, part)) for part in upload.parts]
    except (storage.PhotoMissingError, storage.PhotoChangedError):
        return None
    whole = b"".join([*kept, last])
    if len(whole) != upload.length:
        return None
    pages, start = [], 0
    for size in upload.page_sizes:
        pages.append(whole[start : start + size])
        start += size
    return pages


def note_receipt(session: Session, upload: ResumableUpload, receipt_id: UUID) -> None:
    """Note, in the transaction that takes its receipt in, that an upload is whole.

    Raises:
        UploadOffsetError: Another request has ended it meanwhile.
    """
    if not _change(session, upload, offset=upload.length, receipt_id=receipt_id, parts=[]):
        raise UploadOffsetError


def drop_parts(upload: ResumableUpload) -> None:
    """Remove the parts of an upload whose receipt is kept; what stays goes when the upload does."""
    for part in upload.parts:
        drop_part(upload, part)


def give_up(session: Session, upload: ResumableUpload) -> bool:
    """End an upload that can be no receipt; say whether it was not ended, or whole, meanwhile."""
    return _change(session, upload, expires_at=clock.now(), idempotency_key=None)


def end(session: Session, upload_id: UUID, shopper_id: UUID) -> None:
    """End a shopper's upload, as they ask; a receipt that it became stays.

    Raises:
        NotFoundError: There is none, it is another's, or it is over.
    """
    upload = upload_of(session, upload_id, shopper_id)
    upload.expires_at, upload.idempotency_key = clock.now(), None


def _change(session: Session, upload: ResumableUpload, **values: object) -> bool:
    """Change an upload's row if nobody has since it was read; say whether it was."""
    changed = session.execute(
        update(ResumableUpload)
        .where(
            col(ResumableUpload.id) == upload.id,
            col(ResumableUpload.offset) == upload.offset,
            col(ResumableUpload.expires_at) > clock.now(),
            col(ResumableUpload.receipt_id).is_(None),
        )
        .values(values)
        .returning(col(ResumableUpload.id))
        # The row as it was read says what this request began with.
        .execution_options(synchronize_session=False)
    ).first()
    return changed is not None


def over(session: Session, now: datetime, limit: int) -> list[ResumableUpload]:
    """Return uploads that are over, and that no request can be at any more."""
    before = col(ResumableUpload.expires_at) < now - LATE
    return list(session.exec(select(ResumableUpload).where(before).limit(limit)).all())


def remove_objects(upload: ResumableUpload) -> None:
    """Remove all that is kept of an upload, also what its row never knew of.

    Raises:
        StoreAwayError: The store did not answer.
    """
    begins = _object_name(upload, "")
    for name in list(storage.objects_of(upload.shopper_id)):
        if name.startswith(begins):
            storage.remove(name)


def forget(session: Session, uploads: Sequence[ResumableUpload]) -> int:
    """Delete the rows of uploads of which nothing is kept; return how many there were."""
    ids = [upload.id for upload in uploads]
    gone = delete(ResumableUpload).where(col(ResumableUpload.id).in_(ids)).returning(col(ResumableUpload.id))
    return len(session.execute(gone).all())


def _object_name(upload: ResumableUpload, part: str) -> str:
    # Beside all that is kept of its shopper, so that forgetting them takes it along.
    return storage.object_name(f"upload-{upload.id.hex}-{part}", upload.shopper_id)

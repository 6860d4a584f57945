"""A copy of all that is held about a shopper, as a ZIP: a JSON file a table, and the pictures."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, select
from sqlmodel import Session, col

from domain.errors import NotFoundError
from domain.privacy.errors import ExportAskedBeforeError, ExportNotReadyError
from domain.privacy.held import HELD, Held, belongs, table
from infra import clock
from infra.db import lock_key
from infra.settings import settings
from schemas.people import Shopper
from schemas.privacy import ExportView, PrivacyRequest
from schemas.reasons import Reason
from schemas.receipts import Receipt, ReceiptPage

EVERY: Final = timedelta(days=1)
DUE: Final = timedelta(days=1)
# Longer than a job may take, so that it is over.
RING_AGAIN: Final = timedelta(minutes=15)
ROWS_PER_FETCH: Final = 500
# The file lies in objects of this size, so that no more of it is ever in memory.
PART_BYTES: Final = 4_000_000
EXTENSIONS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic"}
ABOUT: Final = """\
Bản sao mọi dữ liệu chúng tôi giữ về bạn, mỗi bảng một tệp JSON, và ảnh hóa đơn trong thư mục "pictures".
Không có ở đây: dấu hiệu dùng để phát hiện gian lận và ghi chú nội bộ của nhân viên.
Tiền tính theo đơn vị nhỏ nhất.

A copy of all that we hold about you, a JSON file a table, and your receipts' pictures under "pictures".
Not in here: signs by which fraud is found, and staff's own notes. Money is in minor units.
"""


class PartsSink:
    """What a ZIP is written to: full parts are put away, so that only one is in memory."""

    def __init__(self, put: Callable[[int, bytes], None]) -> None:
        self._put = put
        self._held = bytearray()
        self._parts = 0
        self.size = 0

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self._held += data
        self.size += len(data)
        while len(self._held) >= PART_BYTES:
            self._put_away(PART_BYTES)
        return len(data)

    def flush(self) -> None:
        """Do nothing: a part goes when it is full, the last one with `close`."""

    def close(self) -> None:
        """Put the last part away."""
        if self._held:
            self._put_away(len(self._held))

    def _put_away(self, size: int) -> None:
        self._put(self._parts, bytes(self._held[:size]))
        del self._held[:size]
        self._parts += 1


def ask_export(session: Session, shopper_id: UUID) -> PrivacyRequest:
    """Ask for a copy of all that is held.

    Raises:
        ExportAskedBeforeError: They did so within a day.
    """
    lock_key(session, f"export:{shopper_id}")
    now = clock.now()
    before = next(iter(_exports(session, shopper_id, 1)), None)
    if before is not None and now - before.asked_at < EVERY:
        wait = EVERY - (now - before.asked_at)
        raise ExportAskedBeforeError(retry_after_seconds=int(wait.total_seconds()) + 1)
    request = PrivacyRequest(
        shopper_id=shopper_id, kind="export", asked_at=now, due_at=now + DUE, rung_at=now
    )
    session.add(request)
    session.flush()
    return request


def exports_of_late(session: Session, shopper_id: UUID) -> list[ExportView]:
    """Return a shopper's exports, newest first, ten at most."""
    return [export_view(request) for request in _exports(session, shopper_id, 10)]


def _exports(session: Session, shopper_id: UUID, limit: int) -> list[PrivacyRequest]:
    mine = (col(PrivacyRequest.shopper_id) == shopper_id, col(PrivacyRequest.kind) == "export")
    newest = col(PrivacyRequest.asked_at).desc()
    return list(session.scalars(select(PrivacyRequest).where(*mine).order_by(newest).limit(limit)).all())


def export_view(request: PrivacyRequest) -> ExportView:
    """Return an export as its shopper sees it."""
    ready = request.done_at is not None
    expired = request.expires_at is not None and request.expires_at <= clock.now()
    return ExportView(
        id=request.id,
        state="expired" if expired else "ready" if ready else "waiting",
        asked_at=request.asked_at,
        due_at=request.due_at,
        progress=1.0 if ready else round(request.done / request.total, 2) if request.total else 0.0,
        expires_at=request.expires_at,
        size_bytes=request.size_bytes if ready else None,
        download=f"/v1/me/exports/{request.id}/file" if ready and not expired else None,
    )


def export_of(session: Session, request_id: UUID, shopper_id: UUID) -> PrivacyRequest:
    """Return a shopper's export.

    Raises:
        NotFoundError: There is none, or it is somebody else's.
    """
    request = session.get(PrivacyRequest, request_id)
    if request is None or request.shopper_id != shopper_id or request.kind != "export":
        raise NotFoundError
    return request


def ready_parts(request: PrivacyRequest) -> list[str]:
    """Return the names of the objects of an export's file, in order.

    Raises:
        ExportNotReadyError: It is not written yet, or has expired.
    """
    if export_view(request).download is None:
        raise ExportNotReadyError
    count = -(-request.size_bytes // PART_BYTES)
    return [part_name(request, number) for number in range(count)]


def part_name(request: PrivacyRequest, number: int) -> str:
    """Return the name of one object of an export's file; they lie with all that is the shopper's."""
    return f"{part_prefix(request)}{number:05}"


def part_prefix(request: PrivacyRequest) -> str:
    """Return how the names of an export's objects begin."""
    return f"{request.shopper_id.hex}/export-{request.id.hex}-"


def pictures_of(session: Session, shopper_id: UUID) -> list[tuple[str, str]]:
    """Return a shopper's pictures as (name in the ZIP, object's name)."""
    rows = session.execute(
        select(
            col(ReceiptPage.receipt_id),
            col(ReceiptPage.position),
            col(ReceiptPage.media_type),
            col(ReceiptPage.object_name),
        )
        .join(Receipt, col(Receipt.id) == ReceiptPage.receipt_id)
        .where(col(Receipt.shopper_id) == shopper_id, col(ReceiptPage.removed_at).is_(None))
        .order_by(col(ReceiptPage.receipt_id), col(ReceiptPage.position))
    ).all()
    return [
        (f"pictures/{receipt_id}-{position}.{EXTENSIONS.get(media_type, 'bin')}", name)
        for receipt_id, position, media_type, name in rows
    ]


def write_rows(session: Session, archive: zipfile.ZipFile, shopper_id: UUID) -> None:
    """Write every table that is told, a file each, its rows fetched while they are written."""
    archive.writestr("README.txt", ABOUT)
    for name, held in sorted(HELD.items()):
        if held.area is None:
            continue
        with archive.open(f"{held.area}/{name}.json", "w") as file:
            file.write(b"[")
            for number, row in enumerate(_rows(session, name, shopper_id)):
                told = json.dumps(_told(row, held), ensure_ascii=False, default=_plain)
                file.write((",\n" if number else "\n").encode() + told.encode())
            file.write(b"\n]\n")


def _rows(session: Session, name: str, shopper_id: UUID) -> Iterator[RowMapping]:
    one = table(name)
    ordered = select(one).where(belongs(name, shopper_id)).order_by(*one.primary_key.columns)
    with session.execute(ordered, execution_options={"yield_per": ROWS_PER_FETCH}) as rows:
        yield from rows.mappings()


def _told(row: RowMapping, held: Held) -> dict[str, Any]:
    told = {str(name): value for name, value in row.items() if name not in held.untold}
    for place in held.untold:
        name, _, key = place.partition(".")
        if key and isinstance(told.get(name), dict):
            told[name] = {inner: value for inner, value in told[name].items() if inner != key}
    return told


def _plain(value: object) -> object:
    """Return what JSON has no word for as text or number."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Reason):
        return value.stored()
    return value.value if isinstance(value, Enum) else str(value)


def exports_to_ring(session: Session, now: datetime, limit: int) -> list[UUID]:
    """Choose exports whose job seems lost, the earliest first; note them as rung for."""
    waiting = (
        col(PrivacyRequest.kind) == "export",
        col(PrivacyRequest.done_at).is_(None),
        col(PrivacyRequest.rung_at) < now - RING_AGAIN,
        _is_here(),
    )
    asked = col(PrivacyRequest.asked_at)
    lost = select(PrivacyRequest).where(*waiting).order_by(asked).limit(limit)
    requests = session.scalars(lost.with_for_update(skip_locked=True)).all()
    for request in requests:
        request.rung_at = now
    return [request.id for request in requests]


def _is_here() -> ColumnElement[bool]:
    """Return the condition that a request's shopper has not been erased."""
    here = select(col(Shopper.id)).where(
        col(Shopper.id) == PrivacyRequest.shopper_id, col(Shopper.erased_at).is_(None)
    )
    return here.exists()


def to_write(session: Session, request_id: UUID) -> PrivacyRequest | None:
    """Return an export that is to be written; None where it is written, or its shopper has been erased."""
    waiting = (col(PrivacyRequest.id) == request_id, col(PrivacyRequest.done_at).is_(None), _is_here())
    return session.scalars(select(PrivacyRequest).where(*waiting)).one_or_none()


def note_progress(session: Session, request_id: UUID, done: int, total: int) -> None:
    """Note how many of an export's pictures are in its file."""
    request = session.get_one(PrivacyRequest, request_id)
    request.done, request.total = done, total


def note_written(session: Session, request_id: UUID, size_bytes: int) -> bool:
    """Note that an export's file is whole; from now on it can be fetched for a while.

    Says whether it is: False where its shopper asked meanwhile to be forgotten, and it has to go.
    """
    request = session.get_one(PrivacyRequest, request_id, with_for_update=True, populate_existing=True)
    now = clock.now()
    if request.done_at is not None:
        return False
    request.done_at, request.size_bytes = now, size_bytes
    request.expires_at = now + timedelta(hours=settings().export_hours)
    return True


def expired_exports(session: Session, now: datetime, limit: int) -> list[PrivacyRequest]:
    """Return exports whose file is to go."""
    over = (col(PrivacyRequest.expires_at) <= now, col(PrivacyRequest.size_bytes) > 0)
    return list(session.scalars(select(PrivacyRequest).where(*over).limit(limit)).all())

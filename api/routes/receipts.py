"""Receipts: upload them, watch them, look at them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated, Any, cast
from uuid import UUID

import anyio
from fastapi import APIRouter, File, Form, Header, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from api.auth import CallerLanguage, CurrentShopper, CurrentStanding, ReceiptViewer
from api.contract import LOCATION, refusals
from api.errors import NotReadyError, UnsupportedMediaTypeError
from api.intake import take_in
from api.limits import HOUR_SECONDS, UploadTurn, limited, upload_turns
from api.origin import UploadSender
from api.routes.stream import STREAM_HEADERS
from api.streams import HEARTBEAT, HEARTBEAT_SECONDS, StreamEnded, Streams, streams_of
from domain.errors import InvalidCursorError, NotFoundError
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor, encode_cursor, page
from domain.privacy.errors import ConsentNeededError
from domain.receipts import display, intake, rows
from domain.receipts.errors import (
    AnimatedImageError,
    ConflictOfInterestError,
    EmptyImageError,
    IdempotencyKeyReusedError,
    ImageTooLargeError,
    ImageTooSmallError,
    NoPagesError,
    NotAnImageError,
    PdfNotAcceptedError,
    PhotoChangedError,
    TooManyPagesError,
    TruncatedImageError,
    UnsupportedImageError,
)
from domain.receipts.photos import check_photo, kept_photo
from domain.receipts.reasons import Audience, reason_view
from domain.receipts.stripping import without_metadata
from infra import queue
from infra.db import engine
from infra.settings import settings
from infra.web import ReadOnly, UnitOfWork
from infra.words import Language
from schemas.base import Moment, ShortText
from schemas.people import Shopper, StaffMember
from schemas.reasons import Reason
from schemas.receipts import (
    WAITING_STATUSES,
    PictureCheck,
    Receipt,
    ReceiptAccepted,
    ReceiptHistory,
    ReceiptView,
)

router = APIRouter(prefix="/v1/receipts", tags=["receipts"])

# What a page may be refused for before anything is read on it.
PICTURE_REFUSALS = (
    NotAnImageError,
    EmptyImageError,
    TruncatedImageError,
    PdfNotAcceptedError,
    AnimatedImageError,
    UnsupportedImageError,
    ImageTooLargeError,
    ImageTooSmallError,
)
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic")
BINARY = {"type": "string", "format": "binary"}

READING_LOOK_SECONDS = 2.0
ANSWER_PAUSE_SECONDS = 0.05
# What may still change by itself, or by a person whom the shopper waits for.
OPEN_STATUSES = (*WAITING_STATUSES, "in_review")


def multipart_only(request: Request) -> None:
    """Refuse a body that is not a form with files.

    Raises:
        UnsupportedMediaTypeError: It is something else.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMediaTypeError


@router.post(
    "",
    status_code=202,
    response_model=ReceiptAccepted,
    responses={
        202: {"headers": LOCATION},
        **refusals(
            NoPagesError,
            TooManyPagesError,
            IdempotencyKeyReusedError,
            ConsentNeededError,
            *PICTURE_REFUSALS,
            UnsupportedMediaTypeError,
        ),
    },
    dependencies=[limited("uploads", seconds=HOUR_SECONDS)],
)
def upload_receipt(  # noqa: PLR0913, PLR0917 - each is a part of the request that FastAPI fills in
    request: Request,
    response: Response,
    session: UnitOfWork,
    shopper: CurrentShopper,
    sender: UploadSender,
    _turn: UploadTurn,
    image: Annotated[
        list[UploadFile] | None, File(description="1 to 6 pages of one receipt, in order")
    ] = None,
    captured_at: Annotated[Moment | None, Form(description="When the photo was taken")] = None,
    idempotency_key: Annotated[ShortText | None, Header(min_length=1)] = None,
) -> ReceiptAccepted:
    """Take a receipt in.

    It is read soon after; `Location` says where to look. With an `Idempotency-Key` the same upload can be
    sent again after an answer that was lost: the first receipt is answered.
    """
    multipart_only(request)
    photos = [page.file.read(settings().upload_bytes_max + 1) for page in image or []]
    upload = intake.look_at_upload(photos, captured_at)
    accepted = take_in(session, shopper, sender, upload, idempotency_key)
    receipt = accepted.receipt
    if not accepted.replayed:
        request.state.receipt_id = receipt.id
    response.headers["Location"] = f"/v1/receipts/{receipt.id}"
    return ReceiptAccepted(
        id=receipt.id, status=receipt.status, received_at=receipt.received_at, pages=accepted.pages
    )


@router.post(
    "/check",
    dependencies=[limited("checks", seconds=HOUR_SECONDS)],
    responses=refusals(NoPagesError, *PICTURE_REFUSALS, UnsupportedMediaTypeError),
)
async def check_picture(
    request: Request,
    _shopper: CurrentShopper,
    language: CallerLanguage,
    image: Annotated[UploadFile | None, File(description="One page, as it would be uploaded")] = None,
) -> PictureCheck:
    """Say at once whether a picture can be read, and if not, what to do. Nothing of it is kept."""
    multipart_only(request)
    if image is None:
        raise NoPagesError
    photo = await image.read(settings().upload_bytes_max + 1)
    try:
        reasons = await _looked_at(photo)
    except queue.NoAnswerError as error:
        raise NotReadyError from error
    shown = [reason_view(Reason.from_stored(stored), "shopper", language) for stored in reasons]
    return PictureCheck(readable=all(reason.severity != "reject" for reason in shown), reasons=shown)


async def _looked_at(photo: bytes) -> list[dict[str, Any]]:
    """Have a worker look at a photo. Who waits for it holds no thread, however many do.

    Raises:
        NoAnswerError: No worker answered in time.
    """
    async with upload_turns():
        facts = await run_in_threadpool(check_photo, photo)
        plain = await run_in_threadpool(without_metadata, photo, facts.media_type)
    asked = await run_in_threadpool(queue.ask_about_photo, queue.CHECK_PICTURE, plain)
    try:
        with anyio.fail_after(queue.QUICK_SECONDS):
            while True:
                if (answer := await run_in_threadpool(asked.answer)) is not None:
                    return cast("list[dict[str, Any]]", answer)
                await asyncio.sleep(ANSWER_PAUSE_SECONDS)
    except TimeoutError as error:
        raise queue.NoAnswerError from error
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(asked.forget)


@router.get("", responses=refusals(InvalidCursorError))
def list_receipts(
    session: ReadOnly,
    shopper: CurrentShopper,
    cursor: ShortText | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT,
) -> ReceiptHistory:
    """Return the shopper's receipts, newest first."""
    before = decode_cursor(cursor)
    found = page(
        lambda most: display.history(session, shopper.id, before=before, limit=most),
        limit,
        lambda row: encode_cursor(row.received_at, row.id),
    )
    return ReceiptHistory(receipts=found.rows, next_cursor=found.next_cursor)


@router.get("/{receipt_id}", responses=refusals(ConflictOfInterestError))
def show_receipt(
    receipt_id: UUID, session: ReadOnly, viewer: ReceiptViewer, language: CallerLanguage
) -> ReceiptView:
    """Return one receipt: what was read, what was decided and why, what it earned."""
    return _view(session, receipt_id, viewer, language)


@router.get(
    "/{receipt_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
def watch_receipt(
    request: Request,
    receipt_id: UUID,
    session: ReadOnly,
    shopper: CurrentShopper,
    standing: CurrentStanding,
    language: CallerLanguage,
    last_event_id: Annotated[ShortText | None, Header()] = None,
) -> StreamingResponse:
    """Stream the receipt as server-sent events, one at each change, until nothing more is to come.

    It goes on while a person is to decide, and with `Last-Event-ID` behind the status that was seen. After
    `QUETBILL_STREAM_SECONDS_MAX` it ends by `timeout`: ask again.
    """
    rows.receipt_of(session, receipt_id, shopper.id)
    streams = streams_of(request)
    streams.check_room(shopper.id)
    return StreamingResponse(
        _events(streams, receipt_id, shopper, standing.session_id, language, last_event_id or ""),
        media_type="text/event-stream",
        headers=STREAM_HEADERS,
    )


@router.get(
    "/{receipt_id}/image",
    response_class=Response,
    responses={
        200: {"content": {kind: {"schema": BINARY} for kind in PICTURE_TYPES}},
        **refusals(ConflictOfInterestError, PhotoChangedError),
    },
)
def show_image(
    receipt_id: UUID, session: ReadOnly, viewer: ReceiptViewer, page: Annotated[int, Query(ge=0, le=100)] = 0
) -> Response:
    """Return the photographed page as it is kept: without what its file told of place and time."""
    receipt = rows.receipt_seen_by(session, receipt_id, viewer)
    pages = rows.pages_of(session, receipt.id)
    if page >= len(pages):
        raise NotFoundError
    # The connection goes back before the store is asked, which may take its time.
    session.close()
    photo = kept_photo(pages[page])
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(photo, media_type=pages[page].media_type, headers=headers)


def _view(
    session: Session, receipt_id: UUID, viewer: Shopper | StaffMember, language: Language
) -> ReceiptView:
    receipt = rows.receipt_seen_by(session, receipt_id, viewer)
    audience: Audience = "shopper" if isinstance(viewer, Shopper) else "staff"
    return display.views(session, [receipt], audience=audience, language=language)[0]


def _current_view(receipt_id: UUID, shopper: Shopper, language: Language, seen: str) -> ReceiptView | None:
    """Return the receipt if its status is no longer the one seen. Opens and ends its own session."""
    with Session(engine()) as session:
        receipt: Receipt = rows.receipt_of(session, receipt_id, shopper.id)
        return None if receipt.status == seen else _view(session, receipt_id, shopper, language)


async def _events(
    streams: Streams,
    receipt_id: UUID,
    shopper: Shopper,
    session_id: UUID | None,
    language: Language,
    seen: str,
) -> AsyncGenerator[str]:
    # Between changes nothing is held, neither a thread nor a connection, however many watch.
    ends_at = asyncio.get_running_loop().time() + settings().stream_seconds_max
    with suppress(StreamEnded):
        async with streams.watch(shopper.id, session_id) as watcher:
            while True:
                view = await run_in_threadpool(_current_view, receipt_id, shopper, language, seen)
                if view is not None:
                    seen = view.status
                    data = json.dumps(view.model_dump(mode="json"), ensure_ascii=False)
                    yield f"event: {seen}\ndata: {data}\nid: {seen}\n\n"
                if seen not in OPEN_STATUSES:
                    return
                left = ends_at - asyncio.get_running_loop().time()
                if left <= 0:
                    break
                # That it is being read is no event: it is seen by looking, now and then.
                pause = READING_LOOK_SECONDS if seen in WAITING_STATUSES else HEARTBEAT_SECONDS
                if await watcher.next(min(pause, left)) is None:
                    yield HEARTBEAT
    yield "event: timeout\ndata: {}\n\n"

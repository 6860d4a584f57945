"""Uploads that go on after a cut: begin one, send it in parts, ask how much has come, end it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from api import tus
from api.auth import CurrentShopper
from api.contract import refusals
from api.errors import RequestTooLargeError, refused
from api.intake import take_in
from api.limits import HOUR_SECONDS, UploadTurn, limited
from api.origin import Sender, UploadSender
from api.routes.receipts import PICTURE_REFUSALS
from api.tus import ArrivedPart, ChecksumMismatchError, Part, PartTypeError, TusVersionError
from domain.errors import InvalidValueError, NotFoundError
from domain.privacy import consents
from domain.privacy.errors import ConsentNeededError
from domain.receipts import intake, resumable
from domain.receipts.errors import (
    EmptyImageError,
    IdempotencyKeyReusedError,
    ImageTooLargeError,
    NoPagesError,
    TooManyPagesError,
    TooManyPartsError,
    TooManyUploadsError,
    UploadOffsetError,
)
from domain.receipts.resumable import NewUpload
from infra.db import after_commit
from infra.web import ReadOnly, UnitOfWork
from schemas.people import Shopper

# After one of these it is no use to send the last part again: the upload is over.
FINAL_REFUSALS: Final = (*PICTURE_REFUSALS, NoPagesError, TooManyPagesError, IdempotencyKeyReusedError)
SPOKEN: Final = Depends(tus.speaks_tus)
NUMBER: Final[dict[str, Any]] = {"schema": {"type": "integer"}}
WORD: Final[dict[str, Any]] = {"schema": {"type": "string"}}
STATE: Final[dict[str, Any]] = {
    "Upload-Offset": {"description": "How many bytes have come.", **NUMBER},
    "Upload-Expires": {"description": "When the upload ends, whole or not.", **WORD},
    tus.RECEIPT_HEADER: {"description": "The receipt's id, once the upload is whole.", **WORD},
}
PART_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {tus.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}

router = APIRouter(prefix=tus.PREFIX, tags=["uploads"])


@router.options(
    "",
    status_code=204,
    response_class=Response,
    responses={204: {"headers": {"Tus-Max-Size": {"description": "Most bytes of one upload.", **NUMBER}}}},
)
def describe_uploads() -> Response:
    """Say what is spoken here: version, extensions, size and digests of tus."""
    return Response(status_code=204, headers=tus.abilities())


@router.post(
    "",
    status_code=201,
    response_class=Response,
    responses={
        201: {"headers": {"Location": {"description": "Where its parts are sent.", **WORD}, **STATE}},
        **refusals(
            TusVersionError,
            RequestTooLargeError,
            InvalidValueError,
            EmptyImageError,
            ImageTooLargeError,
            TooManyPagesError,
            TooManyUploadsError,
            IdempotencyKeyReusedError,
            ConsentNeededError,
        ),
    },
    dependencies=[SPOKEN, limited("uploads", seconds=HOUR_SECONDS)],
)
def begin_upload(
    session: UnitOfWork, shopper: CurrentShopper, wanted: Annotated[NewUpload, Depends(tus.new_upload)]
) -> Response:
    """Begin to send the pages of one receipt in parts, one page behind the other.

    With an `Idempotency-Key` the same beginning is answered by the upload that stands, and its receipt bears
    the key, as one sent at once would: whichever way it comes again, it is taken in once.
    """
    consents.needed(session, shopper.id, "programme")
    upload = resumable.begin(session, shopper.id, wanted)
    headers = {"Location": f"{tus.PREFIX}/{upload.id}", **tus.state(upload)}
    return Response(status_code=201, headers=headers)


@router.head(
    "/{upload_id}",
    response_class=Response,
    responses={
        200: {"headers": {"Upload-Length": {"description": "Bytes in all.", **NUMBER}, **STATE}},
        **refusals(TusVersionError),
    },
    dependencies=[SPOKEN],
)
def show_upload(upload_id: UUID, session: ReadOnly, shopper: CurrentShopper) -> Response:
    """Say how much of an upload has come: what is to be sent begins there."""
    upload = resumable.upload_of(session, upload_id, shopper.id)
    headers = {"Upload-Length": str(upload.length), **tus.state(upload)}
    if upload.client_metadata:
        headers["Upload-Metadata"] = upload.client_metadata
    return Response(headers=headers)


@router.patch(
    "/{upload_id}",  # noqa: FAST003 - `tus.part_awaited` takes it
    status_code=204,
    response_class=Response,
    responses={
        204: {"headers": STATE},
        **refusals(
            TusVersionError,
            PartTypeError,
            RequestTooLargeError,
            ChecksumMismatchError,
            UploadOffsetError,
            TooManyPartsError,
            ConsentNeededError,
            *FINAL_REFUSALS,
            invalid_request=400,
        ),
    },
    dependencies=[SPOKEN],
    openapi_extra=PART_BODY,
)
def send_part(
    request: Request,
    session: UnitOfWork,
    shopper: CurrentShopper,
    sender: UploadSender,
    part: ArrivedPart,
    # Asked for behind the part, so that who sends slowly keeps no turn.
    _turn: UploadTurn,
) -> Response:
    """Take the next part of an upload; with the last one it is a receipt.

    A part that is cut off is kept as far as it came, unless its digest was said: ask where to go on. A
    picture that is refused ends the upload.
    """
    upload, content = part.upload, part.content()
    if upload.offset + part.size == upload.length and not upload.is_whole:
        return _end(request, session, shopper, sender, part, content)
    offset = upload.offset
    if content:
        name = resumable.keep_part(upload, content)
        try:
            offset = resumable.note_part(session, upload, name, part.size)
        except UploadOffsetError:
            resumable.drop_part(upload, name)
            raise
    return Response(status_code=204, headers=tus.state(upload, offset))


def _end(
    request: Request, session: Session, shopper: Shopper, sender: Sender, part: Part, content: bytes
) -> Response:
    """Make a receipt of an upload whose last part has come: the same as of pages that are sent at once."""
    upload = part.upload
    pages = resumable.pages_of_upload(upload, content)
    if pages is None:
        resumable.give_up(session, upload)
        return refused(request, NotFoundError())
    try:
        looked_at = intake.look_at_upload(pages, upload.captured_at)
        named = replace(sender, idempotency_key=upload.receipt_key)
        accepted = take_in(session, shopper, named, looked_at, upload.receipt_key)
    except FINAL_REFUSALS as error:
        # Whoever has ended it meanwhile knows better what became of it.
        given_up = resumable.give_up(session, upload)
        return refused(request, error if given_up else UploadOffsetError())
    if not accepted.replayed:
        request.state.receipt_id = accepted.receipt.id
    resumable.note_receipt(session, upload, accepted.receipt.id)
    after_commit(session, lambda: resumable.drop_parts(upload))
    return Response(status_code=204, headers=tus.state(upload, upload.length, accepted.receipt.id))


@router.delete(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    responses=refusals(TusVersionError),
    dependencies=[SPOKEN],
)
def end_upload(upload_id: UUID, session: UnitOfWork, shopper: CurrentShopper) -> Response:
    """End an upload: what has come of it is removed. A receipt that it became stays."""
    resumable.end(session, upload_id, shopper.id)
    return Response(status_code=204)

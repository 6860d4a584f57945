"""The wire format of uploads that go on after a cut: tus 1.0.0 (https://tus.io/protocols/resumable-upload).

What goes over the wire is known here and nowhere else: `api.routes.uploads` and the domain speak of lengths,
offsets, pages and parts. Taken of the protocol: core, creation, expiration, checksum, termination. A method
that a header names in the place of the request's own is not obeyed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import IO, Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import CurrentShopper
from api.errors import DoorError, NotReadyError, RequestTooLargeError
from domain.errors import InvalidValueError
from domain.receipts import resumable
from domain.receipts.resumable import NewUpload
from infra.faults import is_no_room
from infra.web import ReadOnly
from schemas.base import Moment, ShortText, Text
from schemas.uploads import ResumableUpload

PREFIX: Final = "/v1/uploads"
VERSION: Final = "1.0.0"
EXTENSIONS: Final = ("creation", "expiration", "checksum", "termination")
ALGORITHMS: Final = ("sha1", "sha256")
MEDIA_TYPE: Final = "application/offset+octet-stream"
# Past so many bytes a part is written to disk while it arrives: who sends slowly keeps no memory.
SPOOL_BYTES: Final = 500_000
METADATA_LENGTH_MAX: Final = 1000
RECEIPT_HEADER: Final = "Quetbill-Receipt"
SENT_HEADERS: Final = (
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
)
TOLD_HEADERS: Final = (
    "Tus-Checksum-Algorithm", "Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version",
    "Upload-Expires", "Upload-Length", "Upload-Metadata", "Upload-Offset", RECEIPT_HEADER,
)  # fmt: skip
# A key, and its value in base64 if it has one; separated by commas.
_PAIR: Final = re.compile(r"([!#-+\--~]{1,60})(?: ([A-Za-z0-9+/]*={0,2}))?")
_MOMENT: Final = TypeAdapter(Moment)
_SIZES: Final = re.compile(r"[0-9]{1,9}(,[0-9]{1,9})*")


class TusVersionError(DoorError):
    """The client speaks no version of the protocol that is spoken here."""

    status = 412
    code = "tus_version_unsupported"


class ChecksumMismatchError(DoorError):
    """What arrived of a part is not what was sent."""

    status = 460
    code = "checksum_mismatch"


class PartTypeError(DoorError):
    """The body of a part is not said to be one."""

    status = 415
    code = "part_type_unsupported"


def speaks_tus(
    _shopper: CurrentShopper,
    tus_resumable: Annotated[
        ShortText | None, Header(description="The version of the protocol, `1.0.0`.")
    ] = None,
) -> None:
    """Ask which version of the protocol the client speaks.

    Raises:
        TusVersionError: Another one, or it does not say.
    """
    if tus_resumable != VERSION:
        raise TusVersionError


class TusHeaders:
    """Says the protocol's version on every answer, and on none that it may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add to the answer's head."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = {"Tus-Resumable": VERSION, "Tus-Version": VERSION, "Cache-Control": "no-store"}
                message["headers"] = [
                    *message.get("headers", []),
                    *((name.lower().encode(), value.encode()) for name, value in added.items()),
                ]
            await send(message)

        await self.app(scope, receive, told)


def abilities() -> dict[str, str]:
    """Return the headers that say what is spoken here."""
    return {
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(resumable.OPEN_BYTES_MAX),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def state(
    upload: ResumableUpload, offset: int | None = None, receipt_id: UUID | None = None
) -> dict[str, str]:
    """Return the headers that say how far an upload is, by its row or by what has just changed."""
    found = {
        "Upload-Offset": str(upload.offset if offset is None else offset),
        "Upload-Expires": format_datetime(upload.expires_at.astimezone(UTC), usegmt=True),
    }
    if receipt := receipt_id or upload.receipt_id:
        found[RECEIPT_HEADER] = str(receipt)
    return found


def new_upload(
    upload_length: Annotated[int, Header(ge=0, le=10**15, description="Bytes of all pages together.")],
    upload_metadata: Annotated[
        Text | None,
        Header(
            max_length=METADATA_LENGTH_MAX,
            description="Pairs of a key and its value in base64, comma separated. `page_sizes`: the bytes "
            "of each page, comma separated, where there are several. `captured_at`: when it was taken.",
        ),
    ] = None,
    idempotency_key: Annotated[ShortText | None, Header(min_length=1)] = None,
) -> NewUpload:
    """Return what a client means to send.

    Raises:
        RequestTooLargeError: More than is ever taken.
        InvalidValueError: Its metadata make no sense.
        DomainError: It could never be a receipt.
    """
    if upload_length > resumable.OPEN_BYTES_MAX:
        raise RequestTooLargeError(megabytes_max=f"{resumable.OPEN_BYTES_MAX / 1_000_000:g}")
    told = _metadata(upload_metadata or "")
    wanted = NewUpload(
        page_sizes=_sizes(told["page_sizes"]) if "page_sizes" in told else (upload_length,),
        captured_at=_moment(told["captured_at"]) if "captured_at" in told else None,
        idempotency_key=idempotency_key,
        client_metadata=upload_metadata or "",
    )
    resumable.check_new(wanted, upload_length)
    return wanted


def _metadata(header: str) -> dict[str, str]:
    """Return the keys with their values still in base64: what is not asked for is never decoded."""
    found: dict[str, str] = {}
    for pair in header.split(",") if header else ():
        match = _PAIR.fullmatch(pair.strip(" "))
        if match is None or match[1] in found:
            raise InvalidValueError(field="Upload-Metadata")
        found[match[1]] = match[2] or ""
    return found


def _plain(value: str, field: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise InvalidValueError(field=field) from error


def _sizes(value: str) -> tuple[int, ...]:
    sizes = _plain(value, "page_sizes")
    if not _SIZES.fullmatch(sizes):
        raise InvalidValueError(field="page_sizes")
    return tuple(int(size) for size in sizes.split(","))


def _moment(value: str) -> datetime:
    try:
        return _MOMENT.validate_python(_plain(value, "captured_at"))
    except ValidationError as error:
        raise InvalidValueError(field="captured_at") from error


@dataclass(frozen=True, slots=True)
class Part:
    """What has arrived of a part that begins where its upload ends; `size` bytes, from the file's start."""

    upload: ResumableUpload
    file: IO[bytes]
    size: int

    def content(self) -> bytes:
        """Return its bytes."""
        self.file.seek(0)
        return self.file.read()


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a client says that its part is: the algorithm's name and the digest."""

    algorithm: str
    digest: bytes


def part_awaited(
    upload_id: UUID,
    session: ReadOnly,
    shopper: CurrentShopper,
    upload_offset: Annotated[int, Header(ge=0, le=10**15, description="Where the part begins.")],
) -> ResumableUpload:
    """Return the upload that a part is for, before anything of the part is read; no connection is kept."""
    upload = resumable.upload_at(session, upload_id, shopper.id, upload_offset)
    session.close()
    return upload


def checksum(
    upload_checksum: Annotated[
        ShortText | None, Header(description="`sha1` or `sha256`, a space, the part's digest in base64.")
    ] = None,
) -> Checksum | None:
    """Return what the part is said to be, if anything is said.

    Raises:
        HTTPException: 400, as the protocol asks, for an algorithm that is not spoken here.
    """
    if upload_checksum is None:
        return None
    algorithm, _, encoded = upload_checksum.partition(" ")
    if algorithm not in ALGORITHMS:
        raise HTTPException(400, "Upload-Checksum")
    try:
        return Checksum(algorithm, base64.b64decode(encoded, validate=True))
    except binascii.Error as error:
        raise HTTPException(400, "Upload-Checksum") from error


async def arrived_part(
    request: Request,
    upload: Annotated[ResumableUpload, Depends(part_awaited)],
    said: Annotated[Checksum | None, Depends(checksum)],
) -> AsyncGenerator[Part]:
    """Read a part while it arrives; a part that is cut off is what has come of it.

    One whose digest is said is whole or nothing, as the protocol asks.

    Raises:
        PartTypeError: The body is not said to be a part.
        RequestTooLargeError: It is longer than what is left of the upload.
        ChecksumMismatchError: It is not what was sent.
        NotReadyError: This machine has no room for it.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise PartTypeError
    left = upload.length - upload.offset
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > left:
        raise _too_long(left)
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as file:
        try:
            size = await _arrive(request, file, left, said)
        except OSError as error:
            if not is_no_room(error):
                raise
            raise NotReadyError from error
        yield Part(upload, file, size)


async def _arrive(request: Request, file: Any, left: int, said: Checksum | None) -> int:
    """Write what arrives to a file; return how many bytes count."""
    size, digest = 0, hashlib.new(said.algorithm, usedforsecurity=False) if said else None
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > left:
                raise _too_long(left)
            if digest is not None:
                digest.update(chunk)
            if size <= SPOOL_BYTES:
                file.write(chunk)
            else:
                await run_in_threadpool(file.write, chunk)
    except ClientDisconnect:
        return 0 if said else size
    if said and digest and not hmac.compare_digest(digest.digest(), said.digest):
        raise ChecksumMismatchError
    return size


def _too_long(left: int) -> RequestTooLargeError:
    return RequestTooLargeError(megabytes_max=f"{left / 1_000_000:g}")


ArrivedPart = Annotated[Part, Depends(arrived_part, scope="function")]

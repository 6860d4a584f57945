"""What a shopper agreed to, a copy of all that is held of them, and being forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.auth import CallerLanguage, CurrentShopper, FreshShopper
from api.contract import refusals
from domain.errors import InvalidCursorError, InvalidValueError, NotFoundError, UnknownFilterValueError
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor, encode_cursor, page
from domain.privacy import consents, export
from domain.privacy.errors import (
    ConsentTextChangedError,
    ErasureNotConfirmedError,
    ExportAskedBeforeError,
    ExportNotReadyError,
)
from domain.signin.errors import FreshSignInNeededError
from domain.signin.forgetting import be_forgotten
from infra import queue, storage
from infra.db import after_commit
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.privacy import (
    ConsentHistory,
    ConsentsRequest,
    ConsentsView,
    ErasureView,
    ExportList,
    ExportView,
)

router = APIRouter(prefix="/v1/me", tags=["privacy"])


@router.get("/consents")
def show_consents(session: ReadOnly, shopper: CurrentShopper, language: CallerLanguage) -> ConsentsView:
    """Return how each purpose stands, with the words to show. What was never answered is a no."""
    return ConsentsView(consents=consents.standing_consents(session, shopper.id, language))


@router.put(
    "/consents", responses=refusals(ConsentTextChangedError, UnknownFilterValueError, InvalidValueError)
)
def choose_consents(
    chosen: ConsentsRequest, session: UnitOfWork, shopper: CurrentShopper, language: CallerLanguage
) -> ConsentsView:
    """Say yes or no, all of it or nothing; what is not named stays as it is. A no is good at once.

    A yes names the version of the text that was shown, in `language` or that of the request. Without one to
    `programme` no receipt is taken; without one to `brand_insight` no brand sees a purchase.
    """
    shown = chosen.language or language
    consents.record(session, shopper.id, chosen.consents, asked_in=chosen.asked_in, language=shown)
    return ConsentsView(consents=consents.standing_consents(session, shopper.id, language))


@router.get("/consents/history", responses=refusals(InvalidCursorError))
def list_consents(
    session: ReadOnly,
    shopper: CurrentShopper,
    cursor: ShortText | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT,
) -> ConsentHistory:
    """Return each yes and no of the past, newest first."""
    before = decode_cursor(cursor)
    found = page(
        lambda most: consents.history(session, shopper.id, before=before, limit=most),
        limit,
        lambda row: encode_cursor(row[1].said_at, row[0]),
    )
    return ConsentHistory(acts=[act for _, act in found.rows], next_cursor=found.next_cursor)


@router.post("/exports", status_code=202, responses=refusals(ExportAskedBeforeError, FreshSignInNeededError))
def ask_export(session: UnitOfWork, shopper: FreshShopper) -> ExportView:
    """Ask for a copy of all that is held, once a day. It is written soon after: look at the list.

    Only within ten minutes of signing in, so that a phone left open gives nobody a copy.
    """
    request = export.ask_export(session, shopper.id)
    after_commit(session, lambda: queue.ring_export(str(request.id)))
    return export.export_view(request)


@router.get("/exports")
def list_exports(session: ReadOnly, shopper: CurrentShopper) -> ExportList:
    """Return the shopper's exports of late with how far they are, newest first."""
    return ExportList(exports=export.exports_of_late(session, shopper.id))


@router.get(
    "/exports/{export_id}/file",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}},
        **refusals(ExportNotReadyError, FreshSignInNeededError),
    },
)
def fetch_export(export_id: UUID, session: ReadOnly, shopper: FreshShopper) -> StreamingResponse:
    """Return a ZIP: a JSON file for each kind of thing that is held, and the pictures.

    Only within ten minutes of signing in.
    """
    request = export.export_of(session, export_id, shopper.id)
    parts = export.ready_parts(request)
    headers = {
        "Content-Disposition": f'attachment; filename="quetbill-{request.asked_at:%Y%m%d}.zip"',
        "Content-Length": str(request.size_bytes),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    # The connection goes back before the store is asked, which may take its time.
    session.close()
    return StreamingResponse(_fetched(parts), media_type="application/zip", headers=headers)


def _fetched(parts: Sequence[str]) -> Iterator[bytes]:
    for name in parts:
        yield storage.get_object(name)


@router.delete(
    "",
    status_code=202,
    responses=refusals(ErasureNotConfirmedError, NotFoundError, FreshSignInNeededError),
)
def forget_me(session: UnitOfWork, shopper: FreshShopper, confirm: ShortText = "") -> ErasureView:
    """Delete the account and all that is held of the shopper, for good; `confirm` must be `erase`.

    Only within ten minutes of signing in. Access ends at once and points are lost. Everything else is gone
    by `due_at`. The phone number may join again at any time, as somebody new.
    """
    request = be_forgotten(session, shopper, confirm)
    return ErasureView(id=request.id, asked_at=request.asked_at, due_at=request.due_at)

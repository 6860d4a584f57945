"""Photographs of receipts, for reviewers' eyes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from console.sign_in import Reviewer
from domain.errors import NotFoundError
from domain.receipts import rows
from domain.receipts.renditions import for_browsers
from infra import storage
from infra.web import ReadOnly

router = APIRouter()


@router.get("/receipts/{receipt_id}/pages/{page}")
def show_page(
    receipt_id: UUID, page: Annotated[int, Path(ge=0, le=100)], session: ReadOnly, _reviewer: Reviewer
) -> Response:
    """Return one photographed page of a receipt."""
    pages = rows.pages_of(session, rows.receipt_of(session, receipt_id, None).id)
    if page >= len(pages):
        raise NotFoundError
    try:
        kept = storage.get_photo(pages[page].sha256)
    except storage.PhotoMissingError as error:
        raise NotFoundError from error
    photo, media_type = for_browsers(kept, pages[page].media_type)
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(photo, media_type=media_type, headers=headers)

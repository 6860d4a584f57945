"""Photographs of receipts, for reviewers' eyes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from console.sign_in import Reviewer
from domain.errors import NotFoundError
from domain.receipts import rows
from domain.receipts.photos import kept_photo
from domain.receipts.renditions import for_browsers
from infra.web import ReadOnly

router = APIRouter()


@router.get("/receipts/{receipt_id}/pages/{page}")
def show_page(
    receipt_id: UUID, page: Annotated[int, Path(ge=0, le=100)], session: ReadOnly, reviewer: Reviewer
) -> Response:
    """Return one photographed page of a receipt."""
    pages = rows.pages_of(session, rows.receipt_for_staff(session, receipt_id, reviewer.id).id)
    if page >= len(pages):
        raise NotFoundError
    # The connection goes back before the store is asked, which may take its time.
    session.close()
    kept = kept_photo(pages[page])
    photo, media_type = for_browsers(kept, pages[page].media_type)
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(photo, media_type=media_type, headers=headers)

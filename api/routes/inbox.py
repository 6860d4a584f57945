"""A shopper's inbox."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import CallerLanguage, CurrentShopper
from api.contract import refusals
from domain.errors import InvalidCursorError
from domain.messages import inbox
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor, encode_cursor, page
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.messages import Inbox, ReadMarks, Unread

router = APIRouter(prefix="/v1/me/inbox", tags=["inbox"])


@router.get("", responses=refusals(InvalidCursorError))
def list_messages(
    session: ReadOnly,
    shopper: CurrentShopper,
    language: CallerLanguage,
    cursor: ShortText | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT,
) -> Inbox:
    """Return what the shopper was told, newest first, and how much of it is unread."""
    before = decode_cursor(cursor)
    found = page(
        lambda most: inbox.messages(session, shopper.id, language, before=before, limit=most),
        limit,
        lambda row: encode_cursor(row.told_at, row.id),
    )
    unread = inbox.count_unread(session, shopper.id)
    return Inbox(messages=found.rows, unread=unread, next_cursor=found.next_cursor)


@router.post("/read")
def mark_messages_read(session: UnitOfWork, shopper: CurrentShopper, marks: ReadMarks) -> Unread:
    """Mark messages as read: some by their ids, or all that were told until a time."""
    return Unread(unread=inbox.mark_read(session, shopper.id, marks))

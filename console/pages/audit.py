"""What staff did: the audit trail."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.render import page
from console.sign_in import Reviewer
from domain import paging
from domain.errors import UnknownFilterValueError
from domain.paging import decode_cursor, encode_cursor
from domain.people import audit
from infra.web import ReadOnly

router = APIRouter()

ACTS_PER_PAGE = 50


@router.get("/audit")
def show_trail(
    request: Request,
    session: ReadOnly,
    _reviewer: Reviewer,
    act: str = "",
    who: str = "",
    receipt: str = "",
    cursor: str | None = None,
) -> Response:
    """Show acts, newest first."""
    filters = audit.ActFilters(
        act=act or None, staff_id=_id(who, "who"), receipt_id=_id(receipt.strip(), "receipt")
    )
    before = decode_cursor(cursor)
    found = paging.page(
        lambda most: audit.acts(session, filters, before=before, limit=most),
        ACTS_PER_PAGE,
        lambda row: encode_cursor(row[0].acted_at, row[0].id),
    )
    asked = {name: value for name, value in {"act": act, "who": who, "receipt": receipt}.items() if value}
    more = "?" + urlencode(asked | {"cursor": found.next_cursor}) if found.next_cursor else None
    return page(
        request,
        "audit.html",
        rows=found.rows,
        acts=audit.ACTS,
        staff=audit.staff_who_acted(session),
        act=act,
        who=who,
        receipt=receipt,
        more=more,
    )


def _id(text: str, field: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise UnknownFilterValueError(field=field) from error

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
from domain.people.accounts import names_of_staff
from domain.receipts.rows import barred_to_staff
from infra.web import ReadOnly
from schemas.base import ShortText

router = APIRouter()

ACTS_PER_PAGE = 50


@router.get("/audit")
def show_trail(
    request: Request,
    session: ReadOnly,
    reviewer: Reviewer,
    act: ShortText = "",
    who: ShortText = "",
    receipt: ShortText = "",
    cursor: ShortText | None = None,
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
    # Nothing of a relative's receipt is for them to see, what others corrected in it neither.
    about = [row.receipt_id for row, _ in found.rows if row.receipt_id]
    barred = barred_to_staff(session, about, reviewer.id)
    return page(
        request,
        "audit.html",
        rows=[(row, email) for row, email in found.rows if row.receipt_id not in barred],
        acts=audit.ACTS,
        staff=audit.staff_who_acted(session),
        names=names_of_staff(session),
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

"""A shopper's own points."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import CurrentShopper
from api.contract import refusals
from domain.errors import InvalidCursorError
from domain.loyalty import wallet
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor, encode_cursor, page
from infra.web import ReadOnly
from schemas.base import ShortText
from schemas.ledger import Balances, TransferHistory

router = APIRouter(prefix="/v1/me", tags=["points"])


@router.get("/balances")
def show_balances(session: ReadOnly, shopper: CurrentShopper) -> Balances:
    """Return points per brand: what can be spent, what waits for review, what expires first."""
    return Balances(balances=wallet.balances(session, shopper.id))


@router.get("/transfers", responses=refusals(InvalidCursorError))
def list_transfers(
    session: ReadOnly,
    shopper: CurrentShopper,
    cursor: ShortText | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT,
) -> TransferHistory:
    """Return every movement of the shopper's points, newest first."""
    before = decode_cursor(cursor)
    found = page(
        lambda most: wallet.transfer_history(session, shopper.id, before=before, limit=most),
        limit,
        lambda row: encode_cursor(row.occurred_at, row.id),
    )
    return TransferHistory(transfers=found.rows, next_cursor=found.next_cursor)

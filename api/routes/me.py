"""A shopper's own points."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import CurrentShopper
from domain.loyalty import wallet
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor, encode_cursor
from infra.web import ReadOnly
from schemas.base import ShortText
from schemas.ledger import Balances, TransferHistory

router = APIRouter(prefix="/v1/me", tags=["points"])


@router.get("/balances")
def show_balances(session: ReadOnly, shopper: CurrentShopper) -> Balances:
    """Return points per brand: what can be spent, what waits for review, what lapses first."""
    return Balances(balances=wallet.balances(session, shopper.id))


@router.get("/transfers")
def list_transfers(
    session: ReadOnly,
    shopper: CurrentShopper,
    cursor: ShortText | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT,
) -> TransferHistory:
    """Return every movement of the shopper's points, newest first."""
    rows = wallet.transfer_history(session, shopper.id, before=decode_cursor(cursor), limit=limit)
    more = encode_cursor(rows[-1].occurred_at, rows[-1].id) if len(rows) == limit else None
    return TransferHistory(transfers=rows, next_cursor=more)

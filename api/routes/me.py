"""A shopper's own points."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query

from api.auth import CurrentShopper
from api.contract import refusals
from api.limits import HOUR_SECONDS, limited
from domain.errors import InvalidCursorError, InvalidValueError
from domain.ledger.errors import InsufficientPointsError
from domain.loyalty import exchanges, wallet
from domain.loyalty.errors import (
    ExchangeClosedError,
    ExchangeLimitError,
    ExchangeSpentError,
    ExchangeStepError,
    RequestReusedError,
)
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor, encode_cursor, page
from domain.people.shoppers import born, say_born
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.ledger import Balances, ExchangeOffers, ExchangeRequest, ExchangeView, TransferHistory
from schemas.people import BirthYear

router = APIRouter(prefix="/v1/me", tags=["points"])


@router.get("/balances")
def show_balances(session: ReadOnly, shopper: CurrentShopper) -> Balances:
    """Return points per brand: what can be spent, what waits for review, what expires first."""
    return Balances(balances=wallet.balances(session, shopper.id))


@router.get("/exchanges")
def list_exchanges(session: ReadOnly, shopper: CurrentShopper) -> ExchangeOffers:
    """Return which points can be turned into which others now, and at which rate."""
    return ExchangeOffers(exchanges=exchanges.offers(session, shopper.id))


@router.post(
    "/exchanges",
    status_code=201,
    dependencies=[limited("redemptions", seconds=HOUR_SECONDS)],
    responses=refusals(
        ExchangeClosedError,
        ExchangeStepError,
        ExchangeLimitError,
        InsufficientPointsError,
        ExchangeSpentError,
        RequestReusedError,
    ),
)
def exchange_points(
    asked: ExchangeRequest,
    session: UnitOfWork,
    shopper: CurrentShopper,
    idempotency_key: Annotated[ShortText, Header(min_length=1)],
) -> ExchangeView:
    """Turn points into another brand's, once for each `Idempotency-Key`: again it is answered the same."""
    return exchanges.exchange(session, shopper.id, idempotency_key, asked)


@router.get("/birth-year")
def show_birth_year(session: ReadOnly, shopper: CurrentShopper) -> BirthYear:
    """Return what the shopper said of their age."""
    return born(session, shopper.id)


@router.put("/birth-year", responses=refusals(InvalidValueError))
def say_birth_year(said: BirthYear, session: UnitOfWork, shopper: CurrentShopper) -> BirthYear:
    """Say when one was born, or take that back: only adults are offered what law keeps from others."""
    return say_born(session, shopper.id, said)


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

"""Purchases: told by partners, who sign what they ask; seen by the shoppers who made them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.auth import CallerLanguage, CurrentShopper
from api.contract import refusals
from api.partner_auth import CurrentPartner
from domain.errors import InvalidCursorError, NotFoundError
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor, encode_cursor, page
from domain.purchases import members, orders, shown, taking_back
from domain.purchases.errors import (
    ChainUnknownError,
    MemberUnknownError,
    OrderChangedError,
    PurchaseInFutureError,
    ReturnChangedError,
    ReturnTooHighError,
)
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.purchases import (
    ORDER_LENGTH_MAX,
    MembershipCodeView,
    NewPurchase,
    NewReturn,
    PurchaseAnswer,
    PurchaseHistory,
    ReturnAnswer,
)

router = APIRouter(prefix="/v1", tags=["purchases"])

Order = Annotated[
    ShortText,
    Path(min_length=1, max_length=ORDER_LENGTH_MAX, description="The partner's own name of the order."),
]


@router.post(
    "/purchases",
    status_code=201,
    responses={
        200: {"model": PurchaseAnswer, "description": "It was told before, with the same content."},
        **refusals(OrderChangedError, MemberUnknownError, ChainUnknownError, PurchaseInFutureError),
    },
)
def take_purchase(
    session: UnitOfWork, partner: CurrentPartner, order: NewPurchase, response: Response
) -> PurchaseAnswer:
    """Take an order once, and credit it to its buyer; told again it is answered the same, with 200."""
    taken = orders.take_order(session, partner, order)
    if not taken.is_new:
        response.status_code = 200
    return orders.answer(session, order, taken.purchase)


@router.post(
    "/purchases/{order}/returns",
    status_code=201,
    responses=refusals(NotFoundError, ReturnChangedError, ReturnTooHighError),
)
def take_return(
    session: UnitOfWork, partner: CurrentPartner, order: Order, wanted: NewReturn
) -> ReturnAnswer:
    """Take goods of an order back once, line by line, and the points that they had earned."""
    return taking_back.take_return(session, partner, order, wanted)


@router.get("/me/purchases", responses=refusals(InvalidCursorError))
def list_my_purchases(
    session: ReadOnly,
    shopper: CurrentShopper,
    language: CallerLanguage,
    cursor: ShortText | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT,
) -> PurchaseHistory:
    """Return the purchases that partners told of, newest first, with what they earned and why."""
    before = decode_cursor(cursor)
    found = page(
        lambda most: shown.history(session, shopper.id, before=before, limit=most, language=language),
        limit,
        lambda row: encode_cursor(row.received_at, row.id),
    )
    return PurchaseHistory(purchases=found.rows, next_cursor=found.next_cursor)


@router.get("/me/membership-code")
def show_membership_code(session: UnitOfWork, shopper: CurrentShopper) -> MembershipCodeView:
    """Return the code that the shopper shows at a till, drawn when it is first asked for."""
    return MembershipCodeView(code=members.code_of(session, shopper.id))

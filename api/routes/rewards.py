"""Rewards as shoppers know them: what can be had for points, and the vouchers that were."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query

from api.auth import CallerLanguage, CurrentShopper
from api.contract import refusals
from api.limits import HOUR_SECONDS, limited
from domain.errors import InvalidCursorError
from domain.ledger.errors import InsufficientPointsError
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor, encode_cursor, page
from domain.rewards import catalogue, redemptions
from domain.rewards.errors import (
    RedemptionReusedError,
    RewardClosedError,
    RewardLimitError,
    SoldOutError,
    VoucherGoneError,
)
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.rewards import RewardList, VoucherList, VoucherView

router = APIRouter(prefix="/v1", tags=["rewards"])


@router.get("/rewards")
def list_rewards(session: ReadOnly, shopper: CurrentShopper, language: CallerLanguage) -> RewardList:
    """Return rewards on offer, cheapest first, each with what keeps the shopper from it."""
    return RewardList(rewards=catalogue.offers(session, shopper.id, language))


@router.post(
    "/rewards/{reward_id}/redemptions",
    status_code=201,
    dependencies=[limited("redemptions", seconds=HOUR_SECONDS)],
    responses=refusals(
        RewardClosedError, RewardLimitError, SoldOutError, InsufficientPointsError, RedemptionReusedError
    ),
)
def redeem_reward(
    session: UnitOfWork,
    shopper: CurrentShopper,
    language: CallerLanguage,
    reward_id: UUID,
    idempotency_key: Annotated[ShortText, Header(min_length=1)],
) -> VoucherView:
    """Give points for a voucher, once for each `Idempotency-Key`: the same again returns the same voucher."""
    return redemptions.view(
        session, redemptions.redeem(session, shopper.id, reward_id, idempotency_key), language
    )


@router.get("/me/vouchers", responses=refusals(InvalidCursorError))
def list_vouchers(
    session: ReadOnly,
    shopper: CurrentShopper,
    language: CallerLanguage,
    cursor: ShortText | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT,
) -> VoucherList:
    """Return the shopper's vouchers, newest first, with the codes of those that can be used."""
    before = decode_cursor(cursor)
    found = page(
        lambda most: redemptions.vouchers(session, shopper.id, language, before=before, limit=most),
        limit,
        lambda row: encode_cursor(row.issued_at, row.id),
    )
    return VoucherList(vouchers=found.rows, next_cursor=found.next_cursor)


@router.post("/me/vouchers/{voucher_id}/cancel", responses=refusals(VoucherGoneError))
def cancel_voucher(
    session: UnitOfWork, shopper: CurrentShopper, language: CallerLanguage, voucher_id: UUID
) -> VoucherView:
    """Give an unused voucher back: its points return with the last day they had."""
    return redemptions.view(session, redemptions.cancel(session, shopper.id, voucher_id), language)

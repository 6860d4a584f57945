"""Admins: points given to shoppers by hand, or taken."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from api.auth import CurrentAdmin
from api.contract import refusals
from domain.ledger.errors import InsufficientPointsError, TransferMismatchError
from domain.loyalty import adjustments
from domain.loyalty.errors import (
    AdjustedByOneselfError,
    AdjustmentEndedError,
    OwnPointsError,
    RequestReusedError,
)
from domain.people.errors import InvalidPhoneError
from infra.web import ReadOnly, UnitOfWork
from schemas.reversals import AdjustmentList, AdjustmentRequest, AdjustmentView

router = APIRouter(prefix="/v1/adjustments", tags=["adjustments"])


@router.get("")
def list_adjustments(session: ReadOnly, admin: CurrentAdmin) -> AdjustmentList:  # noqa: ARG001 - who may
    """Return adjustments: those that wait for a second admin first."""
    return AdjustmentList(adjustments=adjustments.listing(session))


@router.post(
    "",
    status_code=201,
    responses={
        202: {"model": AdjustmentView, "description": "It waits for a second admin"},
        **refusals(
            InvalidPhoneError,
            OwnPointsError,
            InsufficientPointsError,
            TransferMismatchError,
            RequestReusedError,
        ),
    },
)
def adjust_points(
    asked: AdjustmentRequest, session: UnitOfWork, admin: CurrentAdmin, response: Response
) -> AdjustmentView:
    """Give a shopper points, or take some, with a reason; above a value a second admin must confirm."""
    made = adjustments.adjust(session, asked, admin_id=admin.id)
    if made.state == "proposed":
        response.status_code = 202
    return adjustments.view(session, made)


@router.post(
    "/{adjustment_id}/confirm",
    responses=refusals(AdjustmentEndedError, AdjustedByOneselfError, OwnPointsError, InsufficientPointsError),
)
def confirm_adjustment(adjustment_id: UUID, session: UnitOfWork, admin: CurrentAdmin) -> AdjustmentView:
    """Do what another admin proposed."""
    return adjustments.view(session, adjustments.confirm(session, adjustment_id, admin_id=admin.id))


@router.post("/{adjustment_id}/withdraw", responses=refusals(AdjustmentEndedError))
def withdraw_adjustment(adjustment_id: UUID, session: UnitOfWork, admin: CurrentAdmin) -> AdjustmentView:
    """Drop a proposal."""
    return adjustments.view(session, adjustments.withdraw(session, adjustment_id, admin_id=admin.id))

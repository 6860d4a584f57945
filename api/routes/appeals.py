"""Appeals: a shopper's word against a refusal, which opens the case again, once."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.auth import CurrentShopper
from api.contract import refusals
from api.limits import DAY_SECONDS, limited
from domain.review import decisions
from domain.review.errors import AppealedBeforeError, NotRefusedError
from infra.web import UnitOfWork
from schemas.review import AppealRequest, AppealView

router = APIRouter(prefix="/v1/receipts", tags=["receipts"])


@router.post(
    "/{receipt_id}/appeal",
    status_code=201,
    dependencies=[limited("appeals", seconds=DAY_SECONDS)],
    responses=refusals(NotRefusedError, AppealedBeforeError),
)
def appeal_refusal(
    receipt_id: UUID, appeal: AppealRequest, session: UnitOfWork, shopper: CurrentShopper
) -> AppealView:
    """Ask for another person to look at a refused receipt; each receipt once."""
    taken = decisions.appeal(session, receipt_id, shopper_id=shopper.id, words=appeal.words)
    return AppealView(receipt_id=receipt_id, appealed_at=taken.appealed_at)

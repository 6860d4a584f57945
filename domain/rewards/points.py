"""What a reward costs its shopper in points, taken and given back by the ledger."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from domain.ledger.transfers import Movement, account_id, transfer
from schemas.base import Points
from schemas.rewards import Reward, Voucher


def take(session: Session, shopper_id: UUID, reward: Reward, redemption: str, at: datetime) -> None:
    """Move a reward's points from its shopper to what was redeemed, once for each redemption.

    Raises:
        InsufficientPointsError: The shopper holds fewer.
    """
    movement = Movement(
        key=_event(shopper_id, redemption),
        kind="redeem",
        debit_account_id=account_id(session, reward.brand_id, "shopper", shopper_id),
        credit_account_id=account_id(session, reward.brand_id, "spent"),
        points=Points(reward.points),
        occurred_at=at,
    )
    transfer(session, movement)


def give_back(session: Session, voucher: Voucher, at: datetime) -> None:
    """Move a cancelled voucher's points back to the lots they came from, once."""
    raise NotImplementedError


def _event(shopper_id: UUID, redemption: str) -> str:
    return f"redeem:{shopper_id}:{redemption}"

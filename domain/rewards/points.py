"""What a reward costs its shopper in points: taken by the ledger, and given back to their lots."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from domain.ledger import spending
from domain.ledger.accounts import currency_of, group_currency
from domain.ledger.transfers import key_of
from schemas.base import Points
from schemas.catalog import Brand
from schemas.rewards import Reward, Voucher


def currency(session: Session, brand_id: UUID, *, of_group: bool) -> int:
    """Return whose points a reward takes: its brand's, or those of all brands of its owner."""
    if not of_group:
        return currency_of(session, brand_id)
    owner = session.exec(select(Brand.owner).where(Brand.id == brand_id)).one()
    return group_currency(session, owner)


def take(session: Session, shopper_id: UUID, reward: Reward, redemption: str, at: datetime) -> None:
    """Spend a reward's points, once for each redemption.

    Raises:
        InsufficientPointsError: The shopper holds fewer.
    """
    owner = spending.Owner(shopper_id, reward.currency_id)
    spending.redeem(session, redeem_key(shopper_id, redemption), owner, Points(reward.points), at=at)


def give_back(session: Session, voucher: Voucher, at: datetime) -> None:
    """Give a cancelled voucher's points back, once."""
    assert voucher.shopper_id is not None  # noqa: S101 - it was issued
    assert voucher.redemption is not None  # noqa: S101 - it was issued
    spent = redeem_key(voucher.shopper_id, voucher.redemption)
    spending.refund(session, key_of("cancel", voucher.id), of=spent, at=at)


def redeem_key(shopper_id: UUID, redemption: str) -> UUID:
    """Return the key under which points were given for a voucher."""
    return key_of("redeem", shopper_id, redemption)

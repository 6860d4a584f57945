"""Points that no receipt's lines earn: for friends, for missions. Debts are paid out of them first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from domain.ledger.accounts import in_debt, shopper_account, system_account
from domain.ledger.lots import last_day
from domain.ledger.reversal import repay
from domain.ledger.spending import Owner
from domain.ledger.transfers import Movement, post
from schemas.base import Points


def credit(
    session: Session, key: UUID, of: Owner, points: Points, *, at: datetime, valid_days: int | None
) -> None:
    """Credit points once for a business event; they can be spent for `valid_days`, or for ever.

    Raises:
        TransferMismatchError: The key stands with other values.
    """
    if points < 1:
        return
    issuer = system_account(session, of.currency_id, "issuer")
    account = shopper_account(session, of.currency_id, of.shopper_id)
    until = last_day(at, valid_days)
    movement = Movement(key, "earn", issuer, account, points, at, last_day=until, lot_points=points)
    post(session, [movement])
    # Looked up once the purse is locked: whoever takes back what was spent holds that lock.
    if in_debt(session, of.shopper_id, [of.currency_id]):
        repay(session, of.shopper_id, of.currency_id, [key], at=at)

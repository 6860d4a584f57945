"""Points that nobody spent in time expire: they leave the shopper's account by a transfer."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.events.outbox import NewEvent, record
from domain.ledger.transfers import Movement, account_id, transfer_all
from infra import clock
from schemas.base import Points
from schemas.ledger import Account, Transfer

# How long lapsing may have stood still without an account being forgotten.
CATCH_UP = timedelta(days=60)


def accounts_to_expire(session: Session, today: date, limit: int) -> list[UUID]:
    """Return shoppers' accounts into which points came whose last day is over and that still hold some."""
    credit, debit = col(Transfer.credit_account_id), col(Transfer.debit_account_id)
    recent = (
        select(credit)
        .join(Account, col(Account.id) == credit)
        .where(
            Account.kind == "shopper",
            col(Transfer.expires_on) < today,
            col(Transfer.expires_on) >= today - CATCH_UP,
        )
        .distinct()
        .subquery()
    )
    came = (
        select(func.coalesce(func.sum(Transfer.points), 0))
        .where(credit == recent.c[0], col(Transfer.expires_on) < today)
        .correlate(recent)
        .scalar_subquery()
    )
    left = (
        select(func.coalesce(func.sum(Transfer.points), 0))
        .where(debit == recent.c[0])
        .correlate(recent)
        .scalar_subquery()
    )
    return list(session.exec(select(recent.c[0]).where(came > left).limit(limit)).all())


def expire_points(session: Session, account: UUID, today: date) -> int:
    """Take the points out of a shopper's account whose last day is before `today`; return how many.

    What left the account is counted against the points that expire soonest, so a second run finds
    nothing more. The account is locked: a spending at the same moment comes before or after.
    """
    held = session.exec(select(Account).where(Account.id == account).with_for_update()).one()
    came = session.exec(
        select(func.coalesce(func.sum(Transfer.points), 0)).where(
            Transfer.credit_account_id == account, col(Transfer.expires_on) < today
        )
    ).one()
    left = session.exec(
        select(func.coalesce(func.sum(Transfer.points), 0)).where(Transfer.debit_account_id == account)
    ).one()
    expired = int(came) - int(left)
    if expired <= 0:
        return 0
    movement = Movement(
        key=f"expire:{account}:{today}",
        kind="expire",
        debit_account_id=account,
        credit_account_id=account_id(session, held.brand_id, "expired"),
        points=Points(expired),
        occurred_at=clock.now(),
    )
    transfer_all(session, [movement])
    data = {"points": expired, "brands": {str(held.brand_id): expired}}
    key, at = movement.key, movement.occurred_at
    record(session, [NewEvent(key, "points.expired", account, at, held.shopper_id, data)])
    return expired

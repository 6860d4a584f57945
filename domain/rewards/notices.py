"""Vouchers that expire soon are told of a week before and on the day before, each once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.events.outbox import NewEvent, record
from infra import clock
from schemas.rewards import Voucher

# Days before the last one, as `domain.ledger.notices` has them for points.
NOTICE_DAYS: Final = (1, 7)


def announce_expiring(
    session: Session, today: date, *, after: UUID | None, limit: int
) -> tuple[int, UUID | None]:
    """Record which of the next vouchers expire soon; return how many, and the last one looked at.

    Run again it records nothing new: the voucher, its last day and the days before name the event. None is
    returned for the voucher once there is no further one.
    """
    statement = select(Voucher).where(
        col(Voucher.state).in_(("issued", "reserved")),
        col(Voucher.last_day).between(today, today + timedelta(days=max(NOTICE_DAYS))),
    )
    if after is not None:
        statement = statement.where(col(Voucher.id) > after)
    rows = session.exec(statement.order_by(col(Voucher.id)).limit(limit)).all()
    record(session, [_event(voucher, today) for voucher in rows])
    return len(rows), rows[-1].id if rows else None


def _event(voucher: Voucher, today: date) -> NewEvent:
    assert voucher.last_day is not None  # noqa: S101 - it was asked for
    left = (voucher.last_day - today).days
    notice = min(days for days in NOTICE_DAYS if days >= left)
    data = {
        "reward": str(voucher.reward_id),
        "points": voucher.points,
        "last_day": voucher.last_day.isoformat(),
        "days": left,
    }
    key = f"expiring:{voucher.last_day}:{notice}"
    return NewEvent(key, "voucher.expiring_soon", voucher.id, clock.now(), voucher.shopper_id, data)

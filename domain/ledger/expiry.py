"""Points whose last day is over leave their shoppers' accounts by transfers, many accounts at a time."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlmodel import Session, col, select

from domain.events.outbox import NewEvent, record
from domain.ledger.accounts import system_account
from domain.ledger.transfers import Movement, Use, key_of, post
from infra import clock
from schemas.base import Points, table_of
from schemas.ledger import Account, Currency, Lot


def expire_points(session: Session, today: date, limit: int) -> int:
    """Take out what lies in lots whose last day is before `today`, of `limit` accounts at most.

    Accounts in which points are moving at this moment are left for the next time.

    Returns:
        Of how many accounts; 0 where nothing is left to do but in those that are busy.
    """
    over = (
        select(Lot.account_id)
        .where(col(Lot.left_points) > 0, col(Lot.last_day) < today)
        .distinct()
        .limit(limit)
    )
    busy_or_not = (
        select(Account.id, Account.currency_id, col(Currency.brand_id), Account.shopper_id)
        .join(Currency, col(Currency.id) == Account.currency_id)
        .where(col(Account.id).in_(over))
        .order_by(col(Account.id))
        .with_for_update(of=table_of(Account), key_share=True, skip_locked=True)
    )
    due = {row[0]: row[1:] for row in session.exec(busy_or_not).all()}
    lots = session.exec(
        select(Lot.account_id, Lot.id, col(Lot.last_day), Lot.left_points)
        .where(col(Lot.account_id).in_(due), col(Lot.left_points) > 0, col(Lot.last_day) < today)
        .order_by(col(Lot.account_id), col(Lot.last_day), col(Lot.id))
    ).all()
    by_account: dict[int, list[tuple[int, date | None, int]]] = defaultdict(list)
    for account_id, lot_id, last_day, left in lots:
        by_account[account_id].append((lot_id, last_day, left))
    expired = {
        currency_id: system_account(session, currency_id, "expired")
        for currency_id in {currency_id for currency_id, _, _ in due.values()}
    }
    movements, uses, events = [], [], []
    for account_id, gone in by_account.items():
        # A lot comes to its last day once: what is given back later moves that day on.
        key, now = key_of("expire", gone[0][0], gone[0][1]), clock.now()
        currency_id, brand_id, shopper_id = due[account_id]
        points = Points(sum(left for _, _, left in gone))
        movements.append(Movement(key, "expire", account_id, expired[currency_id], points, now))
        uses += [Use(key, lot_id, left) for lot_id, _, left in gone]
        if shopper_id is not None:
            data = {"points": points, "brands": {str(brand_id): points} if brand_id else {}}
            events.append(NewEvent(f"expired:{key}", "points.expired", shopper_id, now, shopper_id, data))
    post(session, movements, uses)
    record(session, events)
    return len(movements)

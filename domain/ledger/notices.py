"""Points that expire soon are told of 30 days before, a week before and on the day before, each once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from domain.events.outbox import NewEvent, record
from infra import clock

# Days before the last one. A chore that stood still for a while tells what is due then, by the nearest.
NOTICE_DAYS: Final = (1, 7, 30)
# Of the next accounts: every day of theirs is told in one batch.
_EXPIRING = text("""
    WITH due AS (
        SELECT DISTINCT account_id FROM lot
        WHERE left_points > 0 AND last_day BETWEEN :first AND :last AND account_id > :after
        ORDER BY account_id LIMIT :limit
    )
    SELECT account.id, currency.brand_id, account.shopper_id, lot.last_day, sum(lot.left_points)
    FROM due JOIN lot USING (account_id) JOIN account ON account.id = lot.account_id
        JOIN currency ON currency.id = account.currency_id
    WHERE lot.left_points > 0 AND lot.last_day BETWEEN :first AND :last
    GROUP BY account.id, currency.brand_id, lot.last_day ORDER BY account.id, lot.last_day
""")


def announce_expiring(
    session: Session, today: date, *, after: int | None, limit: int
) -> tuple[int, int | None]:
    """Record what expires soon in the next accounts; return how many notices, and the last account looked at.

    Run again it records nothing new: the account, its last day and the days before name the event. None is
    returned for the account once there is no further one.
    """
    rows = session.execute(
        _EXPIRING,
        {
            "first": today,
            "last": today + timedelta(days=max(NOTICE_DAYS)),
            "after": after or 0,
            "limit": limit,
        },
    ).all()
    events = []
    for account_id, brand_id, shopper_id, last_day, points in rows:
        left = (last_day - today).days
        notice = min(days for days in NOTICE_DAYS if days >= left)
        data = {
            "points": int(points),
            "brands": {str(brand_id): int(points)} if brand_id else {},
            "last_day": last_day.isoformat(),
            "days": left,
        }
        key = f"expiring:{account_id}:{last_day}:{notice}"
        events.append(NewEvent(key, "points.expiring_soon", shopper_id, clock.now(), shopper_id, data))
    record(session, events)
    return len(events), rows[-1][0] if rows else None

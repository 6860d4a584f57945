"""Points that expire soon are told of 30 days before, a week before and on the day before, each once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.events.outbox import NewEvent, record
from infra import clock

# Days before the last one. A chore that stood still for a while tells what is due then, by the nearest.
NOTICE_DAYS: Final = (1, 7, 30)
# What left an account is counted against the points that expire soonest, as expiry does.
_EXPIRING = text("""
    WITH due AS (
        SELECT DISTINCT transfer.credit_account_id AS account_id
        FROM transfer JOIN account ON account.id = transfer.credit_account_id AND account.kind = 'shopper'
        WHERE transfer.expires_on BETWEEN :first AND :last
            AND (CAST(:after AS uuid) IS NULL OR transfer.credit_account_id > CAST(:after AS uuid))
        ORDER BY 1 LIMIT :limit
    ), came AS (
        SELECT due.account_id, transfer.expires_on, sum(transfer.points) AS points,
            sum(sum(transfer.points)) OVER (
                PARTITION BY due.account_id ORDER BY transfer.expires_on NULLS LAST
            ) AS until
        FROM due JOIN transfer ON transfer.credit_account_id = due.account_id
        GROUP BY due.account_id, transfer.expires_on
    ), went AS (
        SELECT due.account_id, coalesce(sum(transfer.points), 0) AS points
        FROM due LEFT JOIN transfer ON transfer.debit_account_id = due.account_id
        GROUP BY due.account_id
    )
    SELECT account.id, account.brand_id, account.shopper_id, came.expires_on,
        CASE WHEN came.expires_on BETWEEN :first AND :last
            THEN greatest(0, least(came.points, came.until - went.points)) ELSE 0 END
    FROM came JOIN went USING (account_id) JOIN account ON account.id = came.account_id
    ORDER BY account.id, came.expires_on
""")


def announce_expiring(
    session: Session, today: date, *, after: UUID | None, limit: int
) -> tuple[int, UUID | None]:
    """Record what expires soon in the next accounts; return how many notices, and the last account looked at.

    Run again it records nothing new: the account, its last day and the days before name the event. None is
    returned for the account once there is no further one.
    """
    rows = session.execute(
        _EXPIRING,
        {
            "first": today,
            "last": today + timedelta(days=max(NOTICE_DAYS)),
            "after": after,
            "limit": limit,
        },
    ).all()
    events = []
    for account_id, brand_id, shopper_id, last_day, points in rows:
        if points > 0:
            left = (last_day - today).days
            notice = min(days for days in NOTICE_DAYS if days >= left)
            data = {
                "points": int(points),
                "brands": {str(brand_id): int(points)},
                "last_day": last_day.isoformat(),
                "days": left,
            }
            key = f"expiring:{account_id}:{last_day}:{notice}"
            events.append(NewEvent(key, "points.expiring_soon", account_id, clock.now(), shopper_id, data))
    record(session, events)
    return len(events), rows[-1][0] if rows else None

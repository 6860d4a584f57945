"""What the points of a brand or group amount to as what is owed to shoppers, by month, to the point.

    outstanding at the end = at the start + issued + adjusted - redeemed + refunded - expired - reversed
        - repaid - exchanged

Each figure is a sum of transfers of one kind in a month of Vietnam, so that whoever holds the transfers comes
to the same. `outstanding` is what shoppers can spend or have reserved; what they owe stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from infra import clock


@dataclass(frozen=True, slots=True)
class Month:
    """A month's movements of one currency, in points, each zero or above, and what it ended with.

    `issued`: earned. `adjusted`: given by hand less taken by hand, may be below zero. `redeemed`: spent for
    good, less `refunded` is what rewards cost. `expired`: the month's breakage. `reversed`: taken back from
    receipts out of points that were there; `owed_more`: taken back of what was spent already; `repaid`: of
    that, out of what was earned. `exchanged`: net into another currency. `outstanding` and `owed` stand at
    the month's end.
    """

    first_day: date
    issued: int = 0
    adjusted: int = 0
    redeemed: int = 0
    refunded: int = 0
    expired: int = 0
    reversed: int = 0
    owed_more: int = 0
    repaid: int = 0
    exchanged: int = 0
    outstanding: int = 0
    owed: int = 0

    @property
    def change(self) -> int:
        """How much more shoppers hold than a month before."""
        return (
            self.issued
            + self.adjusted
            + self.refunded
            - self.redeemed
            - self.expired
            - self.reversed
            - self.repaid
            - self.exchanged
        )

    @property
    def breakage_percent(self) -> float | None:
        """What share of the points that ended in this month did so unused; None where none ended."""
        ended = self.redeemed - self.refunded + self.expired
        return round(100 * self.expired / ended, 1) if ended > 0 else None


def months(session: Session, currency_id: int, *, since: date | None = None) -> list[Month]:
    """Return every month from the first in which a currency moved to this one, the earliest first.

    They begin no later than with the month of which `since` is the first day.
    """
    found: dict[date, dict[str, int]] = {}
    for first_day, name, points in session.execute(_MONTHS, {"currency": currency_id}):
        found.setdefault(first_day, {})[name] = int(points)
    first = min(found.keys() | ({since} if since else set()), default=None)
    if first is None:
        return []
    rows = [Month(day, **found.get(day, {})) for day in _months_until(first, clock.till_today())]
    outstanding = accumulate(row.change for row in rows)
    owed = accumulate(row.owed_more - row.repaid for row in rows)
    return [
        Month(row.first_day, **found.get(row.first_day, {}), outstanding=stands, owed=owes)
        for row, stands, owes in zip(rows, outstanding, owed, strict=True)
    ]


# Of the system accounts' side: each is one, so their transfers are found by kind and month without persons.
_MONTHS: Final = text("""
    WITH system AS (
        SELECT id, kind FROM account WHERE currency_id = :currency AND shopper_id IS NULL
    ), moved AS (
        SELECT transfer.kind, transfer.occurred_at, points, debit.kind AS source, credit.kind AS target
        FROM transfer LEFT JOIN system AS debit ON debit.id = debit_id
            LEFT JOIN system AS credit ON credit.id = credit_id
        WHERE debit.id IS NOT NULL OR credit.id IS NOT NULL
        UNION ALL
        SELECT transfer.kind, transfer.occurred_at, points, NULL, NULL
        FROM account JOIN transfer ON credit_id = account.id AND transfer.kind = 'repay'
        WHERE account.currency_id = :currency AND account.kind = 'debt'
    )
    SELECT CAST(date_trunc('month', occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh') AS date),
        CASE kind WHEN 'earn' THEN 'issued' WHEN 'adjust' THEN 'adjusted' WHEN 'redeem' THEN 'redeemed'
            WHEN 'refund' THEN 'refunded' WHEN 'expire' THEN 'expired' WHEN 'reverse' THEN 'reversed'
            WHEN 'claw_back' THEN 'owed_more' WHEN 'repay' THEN 'repaid' WHEN 'exchange' THEN 'exchanged' END,
        sum(CASE WHEN kind = 'adjust' AND target = 'issuer' THEN -points
            WHEN kind = 'exchange' AND source = 'exchanged' THEN -points ELSE points END)
    FROM moved WHERE kind NOT IN ('hold', 'release') GROUP BY 1, 2
""")


def _months_until(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day = (day + timedelta(days=31)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at this moment: what can be spent, is reserved, is owed, and what lapses soon."""

    spendable: int
    held: int
    owed: int
    expiring_soon: int


def standing(session: Session, currency_id: int) -> Standing:
    """Return what shoppers hold of a currency now; `expiring_soon` is what lapses within 30 days."""
    until = clock.till_today() + timedelta(days=30)
    row = session.execute(_STANDING, {"currency": currency_id, "until": until}).one()
    return Standing(*(int(points) for points in row))


_STANDING: Final = text("""
    SELECT COALESCE(sum(posted) FILTER (WHERE kind = 'shopper'), 0), COALESCE(sum(held), 0),
        COALESCE(-sum(posted) FILTER (WHERE kind = 'debt'), 0), (
            SELECT COALESCE(sum(left_points), 0) FROM lot JOIN account AS owner ON owner.id = account_id
            WHERE owner.currency_id = :currency AND left_points > 0 AND last_day <= :until)
    FROM account WHERE currency_id = :currency AND shopper_id IS NOT NULL
""")

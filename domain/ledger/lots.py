"""Which lots points are taken from and given back to. The account's lock is held by who asks.

Points go out of the lot with the earliest last day first; those that never expire go last. What is given
back goes to the lots it came from, to those that last longest first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.ledger.transfers import Use
from infra import clock
from infra.statements import Statement


def last_day(at: datetime, valid_days: int | None) -> date | None:
    """Return the last day, in Vietnam, on which points earned at a time can be spent; None means for ever."""
    return None if valid_days is None else clock.day_of(at) + timedelta(days=valid_days)


def choose_lots(
    session: Session, account_id: int, points: int, today: date, *, key: UUID, first: Collection[UUID] = ()
) -> list[Use]:
    """Return from which lots a transfer takes points: fewer than asked where there are no more.

    Lots of the transfers `first` come before all others, even where their last day is over.
    """
    asked = {"account": account_id, "points": points, "today": today, "first": list(first)}
    return [Use(key, lot_id, taken) for lot_id, taken in session.execute(_CHOOSE, asked)]


_CHOOSE: Final = text("""
    SELECT id, LEAST(left_points, :points - before) FROM (
        SELECT id, left_points, place, last_day,
            sum(left_points) OVER (ORDER BY place, last_day NULLS LAST, id) - left_points AS before
        FROM (
            SELECT id, left_points, last_day,
                CASE WHEN origin = ANY(CAST(:first AS uuid[])) THEN 0 ELSE 1 END AS place
            FROM lot WHERE account_id = :account AND left_points > 0
                AND (last_day IS NULL OR last_day >= :today OR origin = ANY(CAST(:first AS uuid[])))
        ) AS open
    ) AS summed
    WHERE before < :points ORDER BY place, last_day NULLS LAST, id
""")


def choose_own_lots(
    session: Session, account_id: int, origins: Collection[UUID]
) -> list[tuple[int, UUID, int]]:
    """Return what is left of the lots that transfers brought: lot, transfer, points."""
    rows = session.execute(_OWN, {"account": account_id, "origins": list(origins)})
    return [(lot_id, origin, left) for lot_id, origin, left in rows]


_OWN: Final = text("""
    SELECT id, origin, left_points FROM lot
    WHERE account_id = :account AND left_points > 0 AND origin = ANY(CAST(:origins AS uuid[])) ORDER BY id
""")


def choose_returns(
    session: Session, family: Sequence[UUID], points: int, *, key: UUID, today: date, or_until: date
) -> list[Use]:
    """Return to which lots points go back that a family of transfers took out of them.

    Args:
        session: The open transaction.
        family: Keys of the transfer that took them, and of all that followed from it.
        points: How many go back; no more than the family has out.
        key: Of the transfer that gives them back.
        today: The local day.
        or_until: The new last day of a lot whose own is over. A day is moved once: who spends and gives back
            again and again would have points for ever.
    """
    asked = {"family": list(family), "points": points}
    return [
        Use(key, lot_id, -given, or_until if is_first_move and last_day < today else None)
        for lot_id, last_day, given, is_first_move in session.execute(_RETURN, asked)
    ]


_RETURN: Final = text("""
    SELECT summed.id, summed.last_day, LEAST(out, :points - before), brought.last_day = summed.last_day FROM (
        SELECT id, last_day, origin, out,
            sum(out) OVER (ORDER BY last_day DESC NULLS FIRST, id DESC) - out AS before
        FROM (
            SELECT lot.id, lot.last_day, lot.origin, sum(lot_use.points)::bigint AS out
            FROM lot_use JOIN lot ON lot.id = lot_use.lot_id
            WHERE lot_use.transfer_key = ANY(CAST(:family AS uuid[])) GROUP BY lot.id
        ) AS taken WHERE out > 0
    ) AS summed JOIN transfer AS brought ON brought.key = summed.origin
    WHERE before < :points ORDER BY summed.last_day DESC NULLS FIRST, summed.id DESC
""")


def spendable(session: Session, shopper_id: UUID, today: date) -> dict[int, int]:
    """Return what a shopper can spend today, by currency."""
    rows = session.execute(_SPENDABLE, {"shopper": shopper_id, "today": today})
    return {currency_id: int(points) for currency_id, points in rows}


_SPENDABLE: Final = text("""
    SELECT account.currency_id, sum(lot.left_points) FROM account JOIN lot ON lot.account_id = account.id
    WHERE account.shopper_id = CAST(:shopper AS uuid) AND account.kind = 'shopper'
        AND lot.left_points > 0 AND (lot.last_day IS NULL OR lot.last_day >= :today)
    GROUP BY account.currency_id
""")


def next_lots(
    session: Session, shopper_id: UUID, today: date, limit: int
) -> list[tuple[int, date, int, bool]]:
    """Return what a shopper's accounts lose next: currency, last day, points, whether that day is over.

    The soonest first, at most `limit` days a currency that are still to come.
    """
    asked = {"shopper": shopper_id, "today": today, "limit": limit}
    return [(currency, day, int(points), over) for currency, day, points, over in _NEXT.rows(session, asked)]


_NEXT: Final = Statement("""
    SELECT currency_id, last_day, points, last_day < :today FROM (
        SELECT account.currency_id, lot.last_day, sum(lot.left_points) AS points,
            row_number() OVER (
                PARTITION BY account.currency_id, lot.last_day < :today ORDER BY lot.last_day
            ) AS place
        FROM account JOIN lot ON lot.account_id = account.id
        WHERE account.shopper_id = CAST(:shopper AS uuid) AND account.kind = 'shopper'
            AND lot.left_points > 0 AND lot.last_day IS NOT NULL
        GROUP BY account.currency_id, lot.last_day
    ) AS days
    WHERE place <= :limit OR last_day < :today ORDER BY last_day
""")

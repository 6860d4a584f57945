"""The ledger: points move between accounts, once per business event, and never change after.

`post` is the only way in. Everything above it, earning, spending, taking back, names its accounts and
the lots it touches and calls it; balances and lots change in the statement that writes the transfer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlmodel import Session, col, or_, select

from domain.ledger.accounts import as_rows
from domain.ledger.errors import TransferMismatchError
from infra.statements import Statement
from schemas.base import Points
from schemas.ledger import Transfer, TransferKind

# Of all keys: a business event's name makes the same key for ever.
_NAMESPACE: Final = UUID("5b1f2c52-7d0e-4a58-9d1e-1f6a0b8f3c11")


def key_of(*event: object) -> UUID:
    """Return the key of a business event, such as ("redeem", voucher_id): 16 bytes, the same for ever."""
    return uuid5(_NAMESPACE, ":".join(map(str, event)))


@dataclass(frozen=True, slots=True)
class Movement:
    """A transfer to be made: `key` is the business event's, `points` is above zero.

    `lot_points` become a new lot of the credited account, which can be spent until `last_day`.
    """

    key: UUID
    kind: TransferKind
    debit_id: int
    credit_id: int
    points: Points
    occurred_at: datetime
    receipt_id: UUID | None = None
    campaign_id: UUID | None = None
    follows: UUID | None = None
    last_day: date | None = None
    lot_points: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """Points a transfer takes out of a lot, or gives back where below zero.

    `last_day` is the lot's new last day, where what is given back could not be spent by the old one.
    """

    key: UUID
    lot_id: int
    points: int
    last_day: date | None = None


def post(session: Session, movements: Sequence[Movement], uses: Sequence[Use] = ()) -> set[UUID]:
    """Move points by several movements, each once, all or none; return the keys that are new.

    Whoever takes from a shopper's account holds its lock and has looked what it holds: the database
    refuses what would go below zero, but not in words.

    Raises:
        TransferMismatchError: A key stands with other values.
    """
    if not movements:
        return set()
    rows = {
        "movements": as_rows([_row(move) for move in movements]),
        "uses": as_rows([_row(use) for use in uses]),
    }
    made = {key for (key,) in _POST.rows(session, rows)}
    check_same(session, [movement for movement in movements if movement.key not in made])
    return made


def _row(of: Movement | Use) -> dict[str, Any]:
    # Not dataclasses.asdict: it copies every value deeply.
    return {name: value for name in of.__slots__ if (value := getattr(of, name)) is not None}


# Accounts are locked in one order, debts after what is held, whatever the plan: two receipts never wait for
# each other.
_POST: Final = Statement("""
    WITH asked AS (
        SELECT * FROM jsonb_to_recordset(CAST(:movements AS jsonb)) AS asked (
            key uuid, kind varchar, debit_id int, credit_id int, points bigint, occurred_at timestamptz,
            receipt_id uuid, campaign_id uuid, follows uuid, last_day date, lot_points bigint)
    ), made AS (
        INSERT INTO transfer (key, kind, debit_id, credit_id, points, occurred_at,
            receipt_id, campaign_id, follows, last_day)
        SELECT key, kind, debit_id, credit_id, points, occurred_at, receipt_id, campaign_id, follows, last_day
        FROM asked ON CONFLICT (key) DO NOTHING RETURNING key, debit_id, credit_id, points
    ), uses AS (
        SELECT uses.* FROM jsonb_to_recordset(CAST(:uses AS jsonb)) AS uses (
            key uuid, lot_id bigint, points bigint, last_day date) JOIN made USING (key)
    ), used AS (
        INSERT INTO lot_use (transfer_key, lot_id, points) SELECT key, lot_id, points FROM uses
    ), drawn AS (
        UPDATE lot SET left_points = left_points - taken.points,
            last_day = COALESCE(taken.last_day, lot.last_day)
        FROM (
            SELECT lot_id, sum(points) AS points, max(last_day) AS last_day FROM uses GROUP BY lot_id
        ) AS taken
        WHERE lot.id = taken.lot_id
    ), opened AS (
        INSERT INTO lot (account_id, origin, last_day, points, left_points)
        SELECT asked.credit_id, key, asked.last_day, asked.lot_points, asked.lot_points
        FROM asked JOIN made USING (key) WHERE asked.lot_points > 0
    ), sums AS (
        SELECT account_id, sum(points) AS points FROM (
            SELECT debit_id AS account_id, -points AS points FROM made
            UNION ALL SELECT credit_id, points FROM made
        ) AS sides GROUP BY account_id
    ), locked AS (
        SELECT account.id, sums.points FROM account JOIN sums ON account.id = sums.account_id
        WHERE account.shopper_id IS NOT NULL ORDER BY account.kind DESC, account.id
        FOR NO KEY UPDATE OF account
    ), moved AS (
        UPDATE account SET posted = account.posted + locked.points FROM locked WHERE account.id = locked.id
    )
    SELECT key FROM made
""")


def standing(session: Session, key: UUID) -> Transfer | None:
    """Return the transfer that was made for a business event, or None."""
    return session.get(Transfer, key)


def check_same(session: Session, movements: Sequence[Movement]) -> None:
    """Check that what stands under the movements' keys is what they say.

    When it happened and until when it can be spent are no part of that: they are said by the clock.

    Raises:
        TransferMismatchError: A key stands with other values.
    """
    if not movements:
        return
    by_key = {movement.key: movement for movement in movements}
    for row in session.exec(select(Transfer).where(col(Transfer.key).in_(by_key))).all():
        wanted = by_key[row.key]
        if _content(row) != _content(wanted):
            raise TransferMismatchError(key=str(row.key))


def _content(of: Transfer | Movement) -> tuple[object, ...]:
    return of.kind, of.debit_id, of.credit_id, of.points, of.receipt_id, of.campaign_id, of.follows


@dataclass(frozen=True, slots=True)
class Moved:
    """A transfer as the shopper sees it whose account it touched.

    `points` is what that did to what can be spent, `owed` what it did to what they owe.
    """

    key: UUID
    occurred_at: datetime
    kind: TransferKind
    currency_id: int
    points: int
    owed: int
    receipt_id: UUID | None
    last_day: date | None


def history(
    session: Session, shopper_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[Moved]:
    """Return what moved a shopper's points or debts, newest first, from before a (time, key) on."""
    at, key = (before[0].isoformat(), before[1]) if before else ("infinity", UUID(int=0))
    rows = session.execute(_HISTORY, {"shopper": shopper_id, "at": at, "key": key, "limit": limit})
    return [Moved(*row) for row in rows]


# The kinds are told as the two partial indexes tell them: other words for the same would not find them.
# What pays a debt back touches two accounts of one shopper, and is told once.
_HISTORY: Final = text("""
    SELECT key, occurred_at, found.kind, currency_id,
        CASE account.kind WHEN 'shopper' THEN sign * points ELSE 0 END AS points,
        CASE found.kind WHEN 'claw_back' THEN points WHEN 'repay' THEN -points ELSE 0 END AS owed,
        receipt_id, last_day
    FROM account, LATERAL (
        (SELECT 1 AS sign, * FROM transfer
        WHERE credit_id = account.id AND kind IN ('earn', 'refund', 'release', 'adjust', 'exchange', 'repay')
            AND account.kind = 'shopper'
            AND (occurred_at, key) < (CAST(:at AS timestamptz), CAST(:key AS uuid))
        ORDER BY occurred_at DESC, key DESC LIMIT :limit)
        UNION ALL
        (SELECT -1, * FROM transfer
        WHERE debit_id = account.id AND kind <> 'earn'
            AND (occurred_at, key) < (CAST(:at AS timestamptz), CAST(:key AS uuid))
        ORDER BY occurred_at DESC, key DESC LIMIT :limit)
    ) AS found
    WHERE account.shopper_id = CAST(:shopper AS uuid)
    ORDER BY occurred_at DESC, key DESC LIMIT :limit
""")


def of_receipt(session: Session, receipt_id: UUID) -> list[Transfer]:
    """Return all that a receipt moved, as it happened."""
    statement = select(Transfer).where(Transfer.receipt_id == receipt_id)
    return list(session.exec(statement.order_by(col(Transfer.occurred_at), col(Transfer.key))).all())


def family(session: Session, root: UUID) -> list[Transfer]:
    """Return a transfer and all that follow from it."""
    statement = select(Transfer).where(or_(col(Transfer.key) == root, col(Transfer.follows) == root))
    return list(session.exec(statement).all())

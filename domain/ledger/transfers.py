"""The ledger: points move between accounts, once per business event, and never change after."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, case, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_, select

from domain.ledger.errors import InsufficientPointsError, TransferMismatchError
from domain.paging import comes_before
from schemas.base import Points, new_id, table_of
from schemas.ledger import Account, AccountKind, Transfer, TransferKind


@dataclass(frozen=True, slots=True)
class Movement:
    """A transfer to be made: `key` names the business event, `points` is above zero."""

    key: str
    kind: TransferKind
    debit_account_id: UUID
    credit_account_id: UUID
    points: Points
    occurred_at: datetime
    receipt_id: UUID | None = None
    campaign_id: UUID | None = None
    expires_on: date | None = None


def account_id(session: Session, brand_id: UUID, kind: AccountKind, shopper_id: UUID | None = None) -> UUID:
    """Return the account of a brand, or of a shopper with a brand; made on first use."""
    wanted = (
        col(Account.brand_id) == brand_id,
        col(Account.kind) == kind,
        col(Account.shopper_id).is_not_distinct_from(shopper_id),
    )
    found = session.exec(select(Account.id).where(*wanted)).first()
    if found is None:
        row = {"id": new_id(), "brand_id": brand_id, "kind": kind, "shopper_id": shopper_id}
        session.execute(insert(table_of(Account)).on_conflict_do_nothing(), row)
        found = session.exec(select(Account.id).where(*wanted)).one()
    return found


def earning_accounts(
    session: Session, brand_ids: Sequence[UUID], shopper_id: UUID
) -> tuple[dict[UUID, UUID], dict[UUID, UUID]]:
    """Return the issuers' and the shopper's accounts by brand id, all of them made on first use."""
    asked = {
        "brands": list(brand_ids),
        "shopper": shopper_id,
        "ids": [new_id() for _ in range(2 * len(brand_ids))],
    }
    found: dict[tuple[UUID, str], UUID] = {}
    # An account that another transaction opens meanwhile is seen by the second look only.
    while len(found) < 2 * len(set(brand_ids)):
        rows = session.execute(_EARNING_ACCOUNTS, asked)
        found |= {(brand_id, kind): account for brand_id, kind, account in rows}
    issuers = {brand_id: found[brand_id, "issuer"] for brand_id in brand_ids}
    return issuers, {brand_id: found[brand_id, "shopper"] for brand_id in brand_ids}


# One statement: every receipt that earns asks this, and most shoppers' first receipts open accounts.
_EARNING_ACCOUNTS = sqlalchemy.text("""
    WITH wanted AS (
        SELECT brand_id, kind, CASE kind WHEN 'shopper' THEN CAST(:shopper AS uuid) END AS shopper_id,
            row_number() OVER () AS place
        FROM unnest(CAST(:brands AS uuid[])) AS brand_id, (VALUES ('issuer'), ('shopper')) AS kinds (kind)
    ), standing AS (
        SELECT account.brand_id, account.kind, account.id
        FROM account JOIN wanted ON account.brand_id = wanted.brand_id AND account.kind = wanted.kind
            AND account.shopper_id IS NOT DISTINCT FROM wanted.shopper_id
    ), opened AS (
        INSERT INTO account (id, brand_id, kind, shopper_id)
        SELECT (CAST(:ids AS uuid[]))[place], brand_id, kind, shopper_id FROM wanted
        WHERE (brand_id, kind) NOT IN (SELECT brand_id, kind FROM standing)
        ORDER BY brand_id, kind
        ON CONFLICT DO NOTHING RETURNING brand_id, kind, id
    )
    SELECT brand_id, kind, id FROM standing UNION ALL SELECT brand_id, kind, id FROM opened
""")


def transfer(session: Session, movement: Movement) -> Transfer:
    """Move points, once: the same movement again returns the transfer that stands.

    Raises:
        InsufficientPointsError: A shopper's account holds fewer points than leave it.
        TransferMismatchError: The key stands with other values.
    """
    transfer_all(session, [movement])
    return session.exec(select(Transfer).where(Transfer.key == movement.key)).one()


def transfer_all(session: Session, movements: Sequence[Movement], *, issuers: Collection[UUID] = ()) -> None:
    """Move points by several movements, each once, all or none.

    Args:
        session: The transaction.
        movements: What is to be moved.
        issuers: Accounts known to be issuers', from which points may always leave.

    Raises:
        InsufficientPointsError: A shopper's account holds fewer points than leave it.
        TransferMismatchError: A key stands with other values.
    """
    for movement in _spendings(session, [move for move in movements if move.debit_account_id not in issuers]):
        standing = session.exec(select(Transfer.id).where(Transfer.key == movement.key)).first()
        if standing is None and (held := balance(session, movement.debit_account_id)) < movement.points:
            raise InsufficientPointsError(asked=movement.points, held=held)
    made = session.scalars(_TRANSFER_ONCE, [_row(movement) for movement in movements]).all()
    standing_already = [movement for movement in movements if movement.key not in made]
    if standing_already:
        _check_same(session, standing_already)


_TRANSFER_ONCE = (
    insert(table_of(Transfer))
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(table_of(Transfer).c.key)
)


def _row(movement: Movement) -> dict[str, Any]:
    # Not dataclasses.asdict: it copies every value deeply.
    return {"id": new_id()} | {name: getattr(movement, name) for name in Movement.__slots__}


def _spendings(session: Session, movements: Sequence[Movement]) -> list[Movement]:
    """Return the movements that leave a shopper's account, with those accounts locked.

    Two spendings at once queue here, so the second sees what the first left.
    """
    if not movements:
        return []
    sources = {movement.debit_account_id for movement in movements}
    of_shoppers = session.exec(
        select(Account.id)
        .where(col(Account.id).in_(sources), Account.kind == "shopper")
        .order_by(col(Account.id))
        .with_for_update()
    ).all()
    return [movement for movement in movements if movement.debit_account_id in of_shoppers]


def _check_same(session: Session, movements: Sequence[Movement]) -> None:
    by_key = {movement.key: movement for movement in movements}
    for row in session.exec(select(Transfer).where(col(Transfer.key).in_(by_key))).all():
        wanted = by_key[row.key]
        same = (row.debit_account_id, row.credit_account_id, row.points) == (
            wanted.debit_account_id,
            wanted.credit_account_id,
            wanted.points,
        )
        if not same:
            raise TransferMismatchError(key=row.key)


def balance(session: Session, account: UUID) -> int:
    """Return what an account holds: all that came in less all that left."""
    signed = func.sum(_signed_points(col(Transfer.credit_account_id) == account))
    statement = select(func.coalesce(signed, 0)).where(_touches([account]))
    return int(session.exec(statement).one())


def balances_of_shopper(session: Session, shopper_id: UUID) -> dict[UUID, int]:
    """Return points available by brand id, for every brand in which the shopper has an account."""
    mine = select(Account.id).where(Account.shopper_id == shopper_id)
    accounts = dict(
        session.exec(select(Account.id, Account.brand_id).where(Account.shopper_id == shopper_id)).all()
    )
    moved = session.exec(
        select(Transfer.credit_account_id, Transfer.debit_account_id, func.sum(Transfer.points))
        .where(or_(col(Transfer.credit_account_id).in_(mine), col(Transfer.debit_account_id).in_(mine)))
        .group_by(col(Transfer.credit_account_id), col(Transfer.debit_account_id))
    ).all()
    held = dict.fromkeys(accounts.values(), 0)
    for credit, debit, points in moved:
        if credit in accounts:
            held[accounts[credit]] += int(points)
        if debit in accounts:
            held[accounts[debit]] -= int(points)
    return held


def expiring_next(session: Session, account: UUID) -> tuple[int, date] | None:
    """Return the points that expire first and their last day; None where none expire.

    What left the account is counted against the points that expire soonest.
    """
    left = session.exec(
        select(func.coalesce(func.sum(Transfer.points), 0)).where(Transfer.debit_account_id == account)
    ).one()
    by_day = session.exec(
        select(col(Transfer.expires_on), func.sum(Transfer.points))
        .where(Transfer.credit_account_id == account)
        .group_by(col(Transfer.expires_on))
        .order_by(col(Transfer.expires_on).asc().nulls_last())
    ).all()
    remaining_out = int(left)
    for expires_on, points in by_day:
        if expires_on is None:
            return None
        if points > remaining_out:
            return int(points) - remaining_out, expires_on
        remaining_out -= int(points)
    return None


def shopper_account_ids(session: Session, shopper_id: UUID) -> dict[UUID, UUID]:
    """Return the shopper's accounts as account id to brand id."""
    statement = select(Account.id, Account.brand_id).where(Account.shopper_id == shopper_id)
    return dict(session.exec(statement).all())


def history(
    session: Session, accounts: list[UUID], *, before: tuple[datetime, UUID] | None, limit: int
) -> list[Transfer]:
    """Return transfers that touch `accounts`, newest first, from before a (time, id) on."""
    statement = select(Transfer).where(_touches(accounts))
    if before is not None:
        statement = statement.where(comes_before(col(Transfer.occurred_at), col(Transfer.id), before))
    order = (col(Transfer.occurred_at).desc(), col(Transfer.id).desc())
    return list(session.exec(statement.order_by(*order).limit(limit)).all())


def _touches(accounts: list[UUID]) -> ColumnElement[bool]:
    return or_(col(Transfer.credit_account_id).in_(accounts), col(Transfer.debit_account_id).in_(accounts))


def _signed_points(comes_in: ColumnElement[bool]) -> ColumnElement[int]:
    return case((comes_in, col(Transfer.points)), else_=-col(Transfer.points))

"""The ledger: points move between accounts, once per business event, and never change after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_, select

from domain.errors import InsufficientPointsError, TransferMismatchError
from schemas.base import Points, new_id
from schemas.loyalty import Account, AccountKind, Transfer, TransferKind


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
        session.execute(
            insert(Account)
            .values(id=new_id(), brand_id=brand_id, kind=kind, shopper_id=shopper_id)
            .on_conflict_do_nothing()
        )
        found = session.exec(select(Account.id).where(*wanted)).one()
    return found


def transfer(session: Session, movement: Movement) -> Transfer:
    """Move points, once: the same movement again returns the transfer that stands.

    Raises:
        InsufficientPointsError: A shopper's account holds fewer points than leave it.
        TransferMismatchError: The key stands with other values.
    """
    source = session.get_one(Account, movement.debit_account_id)
    if source.kind == "shopper":
        # Two spendings at once queue here, so the second sees what the first left.
        session.exec(select(Account.id).where(Account.id == source.id).with_for_update()).one()
        standing = _standing(session, movement.key)
        if standing is None and (held := balance(session, source.id)) < movement.points:
            raise InsufficientPointsError(asked=movement.points, held=held)
    row = {name: getattr(movement, name) for name in Movement.__slots__}
    session.execute(
        insert(Transfer).values(id=new_id(), **row).on_conflict_do_nothing(index_elements=["key"])
    )
    standing = _standing(session, movement.key)
    if standing is None or any(
        getattr(standing, name) != row[name] for name in ("debit_account_id", "credit_account_id", "points")
    ):
        raise TransferMismatchError(key=movement.key)
    return standing


def _standing(session: Session, key: str) -> Transfer | None:
    return session.exec(select(Transfer).where(Transfer.key == key)).first()


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
    """Return the points that lapse first and their last day; None where none lapse.

    What left the account is counted against the points that lapse soonest.
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
        at, transfer_id = before
        statement = statement.where(
            or_(
                col(Transfer.occurred_at) < at,
                (col(Transfer.occurred_at) == at) & (col(Transfer.id) < transfer_id),
            )
        )
    order = (col(Transfer.occurred_at).desc(), col(Transfer.id).desc())
    return list(session.exec(statement.order_by(*order).limit(limit)).all())


def _touches(accounts: list[UUID]) -> ColumnElement[bool]:
    return or_(col(Transfer.credit_account_id).in_(accounts), col(Transfer.debit_account_id).in_(accounts))


def _signed_points(comes_in: ColumnElement[bool]) -> ColumnElement[int]:
    return case((comes_in, col(Transfer.points)), else_=-col(Transfer.points))

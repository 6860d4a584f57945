"""What a shopper holds, as the shopper is shown it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, func, or_, select

from domain.campaigns.compiled import Purse
from domain.campaigns.kept import shared_points
from domain.ledger import lots, transfers
from infra import clock
from schemas.catalog import Brand
from schemas.ledger import Account, BalanceView, Currency, ExpiringPoints, TransferView
from schemas.receipts import Receipt, ReceiptLine

EXPIRING_DAYS_MAX: Final = 5


def balances(session: Session, shopper_id: UUID) -> list[BalanceView]:
    """Return every brand or group in which the shopper has or awaits points, by name.

    Points whose last day is over can't be spent, whether they were taken out already or not.
    """
    stands: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
    rows = session.exec(
        select(Account.currency_id, Account.kind, Account.posted, Account.held).where(
            Account.shopper_id == shopper_id
        )
    ).all()
    for currency_id, kind, posted, held in rows:
        stands[currency_id][kind] = posted or 0, held
    over: dict[int, int] = defaultdict(int)
    expiring: dict[int, list[ExpiringPoints]] = defaultdict(list)
    for currency_id, day, points, is_over in lots.next_lots(
        session, shopper_id, clock.till_today(), EXPIRING_DAYS_MAX
    ):
        if is_over:
            over[currency_id] += points
        else:
            expiring[currency_id].append(ExpiringPoints(points=points, expires_on=day))
    pending = pending_points(session, shopper_id)
    shown = []
    for currency_id, brand_id, name in _names(session, stands.keys(), pending):
        posted, held = stands[currency_id].get("shopper", (0, 0))
        shown.append(
            BalanceView(
                brand=name,
                available=posted - over[currency_id],
                pending=pending.get(brand_id or name, 0),
                held=held,
                owed=-stands[currency_id].get("debt", (0, 0))[0],
                expiring_next=next(iter(expiring[currency_id]), None),
                expiring=expiring[currency_id],
            )
        )
    return shown


def _names(
    session: Session, currency_ids: Iterable[int], purses: Iterable[Purse]
) -> list[tuple[int, UUID | None, str]]:
    """Return currencies, and those of purses, as id, brand's id and name, by name."""
    brand_ids = [purse for purse in purses if isinstance(purse, UUID)]
    owners = [purse for purse in purses if isinstance(purse, str)]
    name = func.coalesce(col(Brand.name), col(Currency.owner))
    statement = (
        select(Currency.id, Currency.brand_id, name)
        .outerjoin(Brand, col(Brand.id) == Currency.brand_id)
        .where(
            or_(
                col(Currency.id).in_(list(currency_ids)),
                col(Currency.brand_id).in_(brand_ids),
                col(Currency.owner).in_(owners),
            )
        )
    )
    return [(row[0], row[1], str(row[2])) for row in session.exec(statement.order_by(name)).all()]


def pending_points(session: Session, shopper_id: UUID) -> dict[Purse, int]:
    """Return points that wait for a reviewer, by brand id, or by the owner whose brands share them."""
    pending: Counter[Purse] = Counter(_pending_on_lines(session, shopper_id))
    kept = session.exec(
        select(Receipt.id, Receipt.earning).where(
            Receipt.shopper_id == shopper_id, Receipt.status == "in_review"
        )
    ).all()
    shared = {receipt_id: found for receipt_id, earning in kept if (found := shared_points(earning))}
    if not shared:
        return dict(+pending)
    # Lines tell all points as their brand's; what a group shares is taken from there.
    rows = session.exec(
        select(ReceiptLine.receipt_id, col(ReceiptLine.brand_id))
        .where(col(ReceiptLine.receipt_id).in_(shared))
        .order_by(col(ReceiptLine.receipt_id), col(ReceiptLine.position))
    ).all()
    for receipt_id, own in groupby(rows, key=lambda row: row[0]):
        brands = [brand_id for _, brand_id in own]
        for owner, by_line in shared[receipt_id].items():
            for position, points in by_line.items():
                pending[owner] += points
                if (brand_id := brands[position]) is not None:
                    pending[brand_id] -= points
    return dict(+pending)


def _pending_on_lines(session: Session, shopper_id: UUID) -> dict[UUID, int]:
    rows = session.exec(
        select(col(ReceiptLine.brand_id), func.sum(ReceiptLine.points))
        .join(Receipt, col(Receipt.id) == ReceiptLine.receipt_id)
        .where(
            Receipt.shopper_id == shopper_id,
            Receipt.status == "in_review",
            col(ReceiptLine.brand_id).is_not(None),
            ReceiptLine.points > 0,
        )
        .group_by(col(ReceiptLine.brand_id))
    ).all()
    return {brand_id: int(points) for brand_id, points in rows if brand_id is not None}


def transfer_history(
    session: Session, shopper_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[TransferView]:
    """Return the shopper's movements, newest first, from before a (time, id) on."""
    moved = transfers.history(session, shopper_id, before=before, limit=limit)
    names = {
        currency_id: name for currency_id, _, name in _names(session, {row.currency_id for row in moved}, ())
    }
    return [
        TransferView(
            id=row.key,
            occurred_at=row.occurred_at,
            brand=names[row.currency_id],
            kind=row.kind,
            points=row.points,
            owed=row.owed,
            receipt_id=row.receipt_id,
            expires_on=row.last_day,
        )
        for row in moved
    ]

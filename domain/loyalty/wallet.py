"""What a shopper holds, as the shopper is shown it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.ledger import transfers
from schemas.catalog import Brand
from schemas.ledger import BalanceView, ExpiringPoints, TransferView
from schemas.receipts import Receipt, ReceiptLine


def balances(session: Session, shopper_id: UUID) -> list[BalanceView]:
    """Return every brand in which the shopper has or awaits points, by name."""
    accounts = transfers.shopper_account_ids(session, shopper_id)
    account_of = {brand_id: account for account, brand_id in accounts.items()}
    available = transfers.balances_of_shopper(session, shopper_id)
    pending = pending_points(session, shopper_id)
    brand_ids = available.keys() | pending.keys()
    names = session.exec(
        select(Brand.id, Brand.name).where(col(Brand.id).in_(brand_ids)).order_by(col(Brand.name))
    ).all()
    shown = []
    for brand_id, name in names:
        account = account_of.get(brand_id)
        next_out = transfers.expiring_next(session, account) if account else None
        shown.append(
            BalanceView(
                brand=name,
                available=available.get(brand_id, 0),
                pending=pending.get(brand_id, 0),
                expiring_next=ExpiringPoints(points=next_out[0], expires_on=next_out[1])
                if next_out
                else None,
            )
        )
    return shown


def pending_points(session: Session, shopper_id: UUID) -> dict[UUID, int]:
    """Return points by brand id that wait for a reviewer."""
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
    accounts = transfers.shopper_account_ids(session, shopper_id)
    names = dict(
        session.exec(select(Brand.id, Brand.name).where(col(Brand.id).in_(set(accounts.values())))).all()
    )
    return [
        TransferView(
            id=row.id,
            occurred_at=row.occurred_at,
            brand=names[accounts.get(row.credit_account_id) or accounts[row.debit_account_id]],
            kind=row.kind,
            points=row.points if row.credit_account_id in accounts else -row.points,
            receipt_id=row.receipt_id,
            expires_on=row.expires_on,
        )
        for row in transfers.history(session, list(accounts), before=before, limit=limit)
    ]

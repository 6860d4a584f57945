"""Receipts as rows: whose they are, who may change them now, whose turn it is to be read."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, func, select

from domain.errors import NotFoundError
from infra import clock
from infra.settings import settings
from schemas.reasons import Reason
from schemas.receipts import WAITING_STATUSES, Receipt, ReceiptPage


def images_to_read(session: Session, receipt_id: UUID) -> list[str] | None:
    """Begin one attempt at reading; return the pages' SHA-256 in order.

    Returns:
        None when there is nothing left to read: it is settled, or was tried too often, in which
        case it is now unreadable.

    Raises:
        NotFoundError: The receipt is gone.
    """
    receipt = session.exec(select(Receipt).where(Receipt.id == receipt_id).with_for_update()).first()
    if receipt is None:
        raise NotFoundError
    if receipt.status not in WAITING_STATUSES:
        return None
    if receipt.attempts >= settings().read_attempts_max:
        receipt.status = "unreadable"
        receipt.settled_at = clock.now()
        receipt.reasons = [Reason("reading_failed", "reject", {"attempts": receipt.attempts})]
        return None
    receipt.attempts += 1
    receipt.status = "reading"
    # The time limit of this attempt starts now, so the sweep leaves it alone until that has passed.
    receipt.rung_at = clock.now()
    return list(
        session.exec(
            select(ReceiptPage.sha256)
            .where(ReceiptPage.receipt_id == receipt_id)
            .order_by(col(ReceiptPage.position))
        ).all()
    )


def receipts_to_ring(session: Session, *, bells_waiting: int, limit: int) -> list[UUID]:
    """Choose receipts whose bell seems lost, longest waiting first, and note that they are rung.

    Never more than would make the queue longer than the receipts that wait, so a long queue is
    not made longer by ringing what is already on it.
    """
    overdue = clock.now() - timedelta(seconds=settings().ring_again_seconds)
    waiting = session.exec(
        select(func.count()).select_from(Receipt).where(col(Receipt.status).in_(WAITING_STATUSES))
    ).one()
    chosen = session.exec(
        select(Receipt.id)
        .where(col(Receipt.status).in_(WAITING_STATUSES), Receipt.rung_at < overdue)
        .order_by(col(Receipt.rung_at))
        .limit(max(0, min(limit, waiting - bells_waiting)))
        .with_for_update(skip_locked=True)
    ).all()
    if chosen:
        session.execute(update(Receipt).where(col(Receipt.id).in_(chosen)).values(rung_at=clock.now()))
    return list(chosen)


def receipt_of(session: Session, receipt_id: UUID, shopper_id: UUID | None) -> Receipt:
    """Return a receipt, which must be the shopper's unless staff asks (`shopper_id` None).

    Raises:
        NotFoundError: It does not exist or is somebody else's.
    """
    receipt = session.get(Receipt, receipt_id)
    if receipt is None or (shopper_id is not None and receipt.shopper_id != shopper_id):
        raise NotFoundError
    return receipt


def pages_of(session: Session, receipt_id: UUID) -> list[ReceiptPage]:
    """Return a receipt's photographed pages in order."""
    return list(
        session.exec(
            select(ReceiptPage)
            .where(ReceiptPage.receipt_id == receipt_id)
            .order_by(col(ReceiptPage.position))
        ).all()
    )


_LOCKED = select(Receipt).where(Receipt.id == bindparam("receipt_id")).with_for_update()


def locked(session: Session, receipt_id: UUID) -> Receipt:
    """Return a receipt that nobody else changes until this transaction ends.

    Raises:
        NotFoundError: There is no such receipt.
    """
    receipt = session.exec(_LOCKED, params={"receipt_id": receipt_id}).first()
    if receipt is None:
        raise NotFoundError
    return receipt

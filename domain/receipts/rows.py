"""Receipts as rows: whose they are, who may change them now, whose turn it is to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, update
from sqlmodel import Session, and_, col, func, or_, select

from domain.errors import NotFoundError
from domain.people.staff import is_related, related_among
from domain.receipts.errors import ConflictOfInterestError
from domain.receipts.unread import end_unread
from infra import clock
from infra.settings import settings
from schemas.people import Shopper, StaffMember
from schemas.receipts import WAITING_STATUSES, Receipt, ReceiptLine, ReceiptPage

# A service that is away is asked again after 10 s, 20 s, … up to 320 s by each receipt that waits for it.
PAUSE_SECONDS: Final = 10
PAUSE_DOUBLINGS_MAX: Final = 5


def pages_to_read(session: Session, receipt_id: UUID) -> list[str] | None:
    """Return the objects' names of a waiting receipt's pages in order; None when it has ended.

    Nothing is counted yet: whoever can't fetch the pages has not tried to read them.

    Raises:
        NotFoundError: The receipt is gone.
    """
    status = session.exec(select(Receipt.status).where(Receipt.id == receipt_id)).first()
    if status is None:
        raise NotFoundError
    if status not in WAITING_STATUSES:
        return None
    return [page.object_name for page in pages_of(session, receipt_id)]


def pictures_named(session: Session) -> Iterator[str]:
    """Yield the names of all objects that pages say lie in the store."""
    statement = select(ReceiptPage.object_name).where(col(ReceiptPage.removed_at).is_(None))
    yield from session.exec(statement.execution_options(yield_per=10_000))


def begin_reading(session: Session, receipt_id: UUID) -> bool:
    """Count one attempt at reading, its pages at hand; say whether to read.

    Returns:
        False when there is nothing left to read: it is settled, or was tried too often, in which
        case it is now unreadable.

    Raises:
        NotFoundError: The receipt is gone.
    """
    receipt = locked(session, receipt_id)
    if receipt.status not in WAITING_STATUSES:
        return False
    if receipt.attempts >= settings().read_attempts_max:
        end_unread(session, receipt, "reading_failed", {"attempts": receipt.attempts})
        return False
    receipt.attempts += 1
    receipt.postponed = 0
    receipt.status = "reading"
    # The time limit of this attempt starts now, so nobody rings again before that has passed.
    receipt.rung_at = clock.now()
    return True


def postpone(session: Session, receipt_id: UUID) -> None:
    """Put a waiting receipt off because a service is away: longer each time, and it costs no attempt.

    Raises:
        NotFoundError: The receipt is gone.
    """
    receipt = locked(session, receipt_id)
    if receipt.status in WAITING_STATUSES:
        receipt.postponed += 1
        receipt.rung_at = clock.now()


def receipts_to_ring(session: Session, *, bells_waiting: int, limit: int) -> list[UUID]:
    """Choose receipts whose bell seems lost or whose pause is over, longest waiting first; note them as rung.

    Never more than would make the queue longer than the receipts that wait, so a long queue is
    not made longer by ringing what is already on it.
    """
    waiting = session.exec(
        select(func.count()).select_from(Receipt).where(col(Receipt.status).in_(WAITING_STATUSES))
    ).one()
    chosen = session.exec(
        select(Receipt.id)
        .where(col(Receipt.status).in_(WAITING_STATUSES), _is_due(clock.now()))
        .order_by(col(Receipt.rung_at))
        .limit(max(0, min(limit, waiting - bells_waiting)))
        .with_for_update(skip_locked=True)
    ).all()
    if chosen:
        session.execute(update(Receipt).where(col(Receipt.id).in_(chosen)).values(rung_at=clock.now()))
    return list(chosen)


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Say whether a waiting receipt is to be rung for."""
    again = timedelta(seconds=settings().ring_again_seconds)
    rung_at, postponed = col(Receipt.rung_at), col(Receipt.postponed)
    doublings = func.least(postponed - 1, PAUSE_DOUBLINGS_MAX)
    pause = func.make_interval(0, 0, 0, 0, 0, 0, PAUSE_SECONDS * func.power(2, doublings))
    return or_(
        and_(postponed == 0, rung_at < now - again),
        and_(postponed > 0, rung_at + pause < now),
        # Rung in the future: the clock was set back, by how much nobody knows.
        rung_at > now + again,
    )


def receipt_of(session: Session, receipt_id: UUID, shopper_id: UUID) -> Receipt:
    """Return a shopper's receipt.

    Raises:
        NotFoundError: It does not exist or is somebody else's.
    """
    receipt = session.get(Receipt, receipt_id)
    if receipt is None or receipt.shopper_id != shopper_id:
        raise NotFoundError
    return receipt


def receipt_for_staff(session: Session, receipt_id: UUID, staff_id: UUID) -> Receipt:
    """Return any receipt for a member of staff but their own or their family's.

    Raises:
        NotFoundError: It does not exist, or was erased.
        ConflictOfInterestError: It is theirs, so nothing of it is for them to see.
    """
    receipt = session.get(Receipt, receipt_id)
    if receipt is None or receipt.erased_at is not None:
        raise NotFoundError
    if is_related(session, staff_id, receipt.shopper_id):
        raise ConflictOfInterestError
    return receipt


def receipt_seen_by(session: Session, receipt_id: UUID, viewer: Shopper | StaffMember) -> Receipt:
    """Return a receipt as `receipt_of` or `receipt_for_staff` do, whoever looks."""
    if isinstance(viewer, Shopper):
        return receipt_of(session, receipt_id, viewer.id)
    return receipt_for_staff(session, receipt_id, viewer.id)


def barred_to_staff(session: Session, receipt_ids: Iterable[UUID], staff_id: UUID) -> set[UUID]:
    """Return those of some receipts that are a member of staff's own, or their family's."""
    owners = dict(
        session.exec(
            select(Receipt.id, Receipt.shopper_id).where(col(Receipt.id).in_(set(receipt_ids)))
        ).all()
    )
    related = related_among(session, staff_id, owners.values()) if owners else set()
    return {receipt_id for receipt_id, owner in owners.items() if owner in related}


def lines_of(session: Session, receipt_id: UUID) -> Sequence[ReceiptLine]:
    """Return a receipt's lines in order."""
    statement = select(ReceiptLine).where(ReceiptLine.receipt_id == receipt_id)
    return session.exec(statement.order_by(col(ReceiptLine.position))).all()


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
        NotFoundError: There is no such receipt, or it was erased.
    """
    receipt = session.exec(_LOCKED, params={"receipt_id": receipt_id}).first()
    if receipt is None or receipt.erased_at is not None:
        raise NotFoundError
    return receipt

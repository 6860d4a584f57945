"""Purchases that wait: for who joins, agrees, or is decided on; credited when that happens, or forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, or_, select

from domain.events import readers
from domain.purchases.crediting import settle_purchase
from domain.purchases.members import find_waited_for, note_phone
from domain.purchases.returns import apply_returns
from infra import clock
from schemas.purchases import Purchase

READER: Final = "purchases"
DUE_AGAIN: Final = timedelta(minutes=5)
# Who may now be whom a purchase waits for.
JOINED: Final = frozenset({"shopper.joined", "shopper.agreed"})
# What ends a receipt that a purchase waits for or was earned by, or credits points that went back meanwhile.
DECIDED: Final = frozenset(
    {"receipt.decided", "receipt.settled", "receipt.appeal_answered", "receipt.reversed"}
)


def follow_events(session: Session, limit: int) -> int:
    """Note which purchases the next events let be looked at again; return how many events there were."""
    events = readers.take(session, READER, limit)
    joined = {event.shopper_id for event in events if event.type in JOINED and event.shopper_id}
    # One order for all: two that wait for one phone each never wait for each other.
    for shopper_id in sorted(joined):
        call_for(session, shopper_id)
    if decided := {event.subject_id for event in events if event.type in DECIDED}:
        session.execute(
            update(Purchase)
            .where(col(Purchase.receipt_id).in_(decided), col(Purchase.told).is_not(None))
            .values(due_at=clock.now())
        )
    return len(events)


def call_for(session: Session, shopper_id: UUID) -> None:
    """Let be looked at again what waits for a shopper, by themselves or by their phone."""
    digests = note_phone(session, shopper_id)
    theirs = col(Purchase.shopper_id) == shopper_id
    theirs = or_(theirs, col(Purchase.phone_digest).in_(digests)) if digests else theirs
    waiting = update(Purchase).where(theirs, col(Purchase.state) == "waiting")
    session.execute(waiting.values(due_at=clock.now()))


def claim_due(session: Session, now: datetime) -> UUID | None:
    """Take the purchase that has been due the longest, to be looked at by `settle_claimed`; None without one.

    It is due again after a while, unless it was looked at by then: one that fails keeps no other waiting.
    """
    claimed = session.exec(
        select(Purchase)
        .where(col(Purchase.due_at) <= now)
        .order_by(col(Purchase.due_at), col(Purchase.id))
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if claimed is None:
        return None
    claimed.due_at = now + DUE_AGAIN
    session.flush()
    return claimed.id


def settle_claimed(session: Session, purchase_id: UUID) -> None:
    """Look at a purchase that was claimed. Safe to run twice.

    One a transaction: what it locks is locked for a moment.
    """
    digest = session.exec(select(Purchase.phone_digest).where(Purchase.id == purchase_id)).one()
    # The phone before the row, as those do who note a phone.
    shopper_id = find_waited_for(session, digest) if digest else None
    purchase = session.exec(
        select(Purchase)
        .where(Purchase.id == purchase_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if purchase.shopper_id is None and purchase.phone_digest == digest and shopper_id is not None:
        purchase.shopper_id, purchase.phone_digest = shopper_id, None
    settle_purchase(session, purchase)
    apply_returns(session, purchase)
    session.flush()


def forget_waiting(session: Session, now: datetime, limit: int) -> int:
    """Forget what nobody came for in time: its content and the phone's digest go; return how many there were.

    That the order was told stays, so that telling it again changes nothing. What waits for a person's
    decision is not forgotten: it ends with that.
    """
    over = (
        select(Purchase.id)
        .where(Purchase.state == "waiting", Purchase.waits_until <= now, col(Purchase.receipt_id).is_(None))
        .order_by(col(Purchase.waits_until))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    forgotten = session.execute(
        update(Purchase)
        .where(col(Purchase.id).in_(over))
        .values(
            state="forgotten", told=None, phone_digest=None, shopper_id=None, receipt_id=None, due_at=None
        )
        .returning(col(Purchase.id))
    )
    return len(forgotten.all())

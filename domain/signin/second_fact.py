"""Numbers come back: who has a silent account's number now may be somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from domain.people.shoppers import join_shopper
from domain.signin.errors import SecondFactNotDueError, SecondFactSpentError, SecondFactWrongError
from domain.signin.sessions import end_sessions, knows_device, make_known
from infra import clock
from infra.settings import settings
from schemas.base import table_of
from schemas.catalog import Retailer
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.receipts import Receipt
from schemas.signin import SecondFact, ShopperSession

# Three chains sell most receipts: who may guess twice guesses right too often, so it's once in a month twice.
TRIES_MAX: Final = 2
TRIES_AGAIN_AFTER: Final = timedelta(days=30)


def is_due(session: Session, shopper: Shopper, origin: Origin) -> bool:
    """Say whether an account is asked for a second fact: silent for long, with receipts, on a new device.

    An account without a receipt has nothing that anybody else should not see.
    """
    last_receipt = session.exec(
        select(func.max(Receipt.received_at)).where(Receipt.shopper_id == shopper.id)
    ).one()
    if last_receipt is None or knows_device(session, shopper.id, origin):
        return False
    last_session = session.exec(
        select(func.max(ShopperSession.last_used_at)).where(
            ShopperSession.shopper_id == shopper.id,
            # Whoever could not say who they are has not broken the silence.
            col(ShopperSession.second_fact_due).is_(False),
        )
    ).one()
    last = max(last_receipt, last_session or last_receipt)
    return bool(last < clock.now() - timedelta(days=settings().silent_days))


def give(session: Session, shopper_id: UUID, session_id: UUID, retailer: str) -> None:
    """Compare a chain with that of the account's last receipt; the session shows everything if it is the one.

    Wrong answers are counted by account, whoever gives them. Raising must not undo the count: the caller
    keeps the transaction.

    Raises:
        SecondFactNotDueError: Nothing is asked of this session.
        SecondFactWrongError: It is another chain.
        SecondFactSpentError: It was answered wrong too often.
    """
    current = session.get(ShopperSession, session_id, with_for_update=True)
    if current is None or not current.second_fact_due:
        raise SecondFactNotDueError
    tries = _count(session, shopper_id)
    expected = session.exec(
        select(Retailer.slug)
        .join(Receipt, col(Receipt.retailer_id) == Retailer.id)
        .where(Receipt.shopper_id == shopper_id)
        .order_by(col(Receipt.received_at).desc())
        .limit(1)
    ).first()
    if expected is None or retailer.strip().lower() != expected:
        raise SecondFactWrongError(tries_left=TRIES_MAX - tries)
    current.second_fact_due = False
    make_known(session, current.device_id)
    session.flush()


def start_over(session: Session, shopper_id: UUID, session_id: UUID) -> Shopper:
    """Give the number to a new account: who has it now says that the old one is not theirs.

    The old account keeps its points without a number, for its owner to come back to by passkey or
    through those who look after shoppers.

    Raises:
        SecondFactNotDueError: Nothing is asked of this session: the account is the caller's.
    """
    current = session.get(ShopperSession, session_id, with_for_update=True)
    old = session.get_one(Shopper, shopper_id, with_for_update=True)
    if current is None or not current.second_fact_due or old.phone is None:
        raise SecondFactNotDueError
    phone, old.phone = old.phone, None
    session.flush()
    end_sessions(session, shopper_id, "start_over", session_id=session_id)
    return join_shopper(session, phone)


def _count(session: Session, shopper_id: UUID) -> int:
    """Count one more answer, before it is looked at; return how many there were, this one included."""
    now = clock.now()
    table = table_of(SecondFact).c
    kept = session.exec(
        select(SecondFact).where(SecondFact.shopper_id == shopper_id).with_for_update()
    ).first()
    if kept is not None and kept.counted_from > now - TRIES_AGAIN_AFTER and kept.tries >= TRIES_MAX:
        left = kept.counted_from + TRIES_AGAIN_AFTER - now
        raise SecondFactSpentError(retry_after_seconds=int(left.total_seconds()) + 1)
    fresh = kept is None or kept.counted_from <= now - TRIES_AGAIN_AFTER
    values = {"tries": 1, "counted_from": now} if fresh else {"tries": table.tries + 1}
    return int(
        session.execute(
            insert(table_of(SecondFact))
            .values(shopper_id=shopper_id, tries=1, counted_from=now)
            .on_conflict_do_update(index_elements=["shopper_id"], set_=values)
            .returning(table.tries)
        ).scalar_one()
    )

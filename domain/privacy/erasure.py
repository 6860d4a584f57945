"""Being forgotten: access ends with the request, all that tells of a person goes soon after, and stays gone.

Safe to stop at any point and to run twice: what is left to do is what is still there. The ledger keeps its
transfers between accounts of somebody who is no longer anybody; a paper or picture that was paid stays known
by its hashes; a receipt's row stays because both point to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Delete,
    Integer,
    Update,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlmodel import Session, SQLModel, col

from domain.errors import NotFoundError
from domain.people.audit import record_act
from domain.privacy.errors import ErasureNotConfirmedError
from domain.privacy.held import HELD, belongs
from infra import clock
from schemas.base import new_id, table_of
from schemas.duplicates import ReceiptClaim
from schemas.people import Shopper
from schemas.privacy import PrivacyRequest
from schemas.reasons import Reasons
from schemas.receipts import STANDING_STATUSES, Receipt

CONFIRMATION: Final = "erase"
DUE: Final = timedelta(days=1)
# What was under way when it was asked for has ended by then: uploads, readings, the last access tokens.
LATE: Final = timedelta(hours=1)
UNFINISHED: Final = ("received", "reading", "in_review")


def erased(session: Session) -> Sequence[UUID]:
    """Return every shopper who was forgotten: a backup of before must forget them again."""
    return session.scalars(select(col(Shopper.id)).where(col(Shopper.erased_at).is_not(None))).all()


def ask_erasure(session: Session, shopper_id: UUID, confirmation: str) -> PrivacyRequest:
    """End a shopper's access now, and have everything about them removed. There is no way back.

    The phone is free at once: who joins with it again is somebody new.

    Raises:
        ErasureNotConfirmedError: They have not said so twice.
        NotFoundError: They asked before.
    """
    if confirmation != CONFIRMATION:
        raise ErasureNotConfirmedError
    now = clock.now()
    # Changing the phone waits for uploads that are being taken in, whose rows hold this one.
    ended = session.execute(
        update(Shopper)
        .where(col(Shopper.id) == shopper_id, col(Shopper.erased_at).is_(None))
        .values(phone=None, erased_at=now)
        .returning(col(Shopper.id))
    ).first()
    if ended is None:
        raise NotFoundError
    # Exports that are under way end here: nobody is left who could fetch them.
    session.execute(
        update(PrivacyRequest)
        .where(
            col(PrivacyRequest.shopper_id) == shopper_id,
            col(PrivacyRequest.kind) == "export",
            col(PrivacyRequest.done_at).is_(None),
        )
        .values(done_at=now, expires_at=now)
    )
    request_id = session.execute(
        insert(table_of(PrivacyRequest))
        .values(
            id=new_id(), shopper_id=shopper_id, kind="erasure", asked_at=now, due_at=now + DUE, rung_at=now,
            done=0, total=0, size_bytes=0, found={},
        )
        .returning(table_of(PrivacyRequest).c.id)
    ).scalar_one()  # fmt: skip
    return session.get_one(PrivacyRequest, request_id)


def erasures_to_do(session: Session, now: datetime) -> list[tuple[UUID, UUID]]:
    """Return requests as (id, shopper's id) of which something may be left, the earliest first."""
    done = or_(col(PrivacyRequest.emptied_at).is_(None), col(PrivacyRequest.emptied_at) <= now - LATE)
    rows = session.execute(
        select(col(PrivacyRequest.id), col(PrivacyRequest.shopper_id))
        .where(col(PrivacyRequest.kind) == "erasure", col(PrivacyRequest.done_at).is_(None), done)
        .order_by(col(PrivacyRequest.asked_at))
    ).all()
    return [(request_id, shopper_id) for request_id, shopper_id in rows]


def erase_some(session: Session, shopper_id: UUID, limit: int) -> tuple[str, int] | None:
    """Remove some of what is held of a shopper: of one table, at most `limit` rows.

    Returns:
        The table and how many rows; None when nothing is left in any.
    """
    if count := _close_receipts(session, shopper_id, limit):
        return "receipt", count
    # Children before what they point to.
    for one in reversed(SQLModel.metadata.sorted_tables):
        if one.name in HELD and (statement := _statement(one, shopper_id, limit)) is not None:
            session.execute(select(func.set_config("quetbill.erasing", "on", True)))
            count = len(session.execute(statement).all())
            session.execute(select(func.set_config("quetbill.erasing", "off", True)))
            if count:
                return one.name, count
    return None


def note_erased(session: Session, request_id: UUID, table_name: str, count: int) -> None:
    """Note on a request what was removed."""
    request = session.get_one(PrivacyRequest, request_id, with_for_update=True)
    request.found = request.found | {table_name: request.found.get(table_name, 0) + count}
    request.done += count


def note_emptied(session: Session, request_id: UUID) -> bool:
    """Note that nothing was left; say whether that ends the request, as it does the second time."""
    request = session.get_one(PrivacyRequest, request_id, with_for_update=True)
    now = clock.now()
    if request.emptied_at is None:
        request.emptied_at = now
        return False
    if request.done_at is None:
        request.done_at = now
        details = {"operator": "quetbill", "rows": request.done}
        record_act(session, None, "shopper_erased", subject=str(request.id), details=details)
    return True


def _close_receipts(session: Session, shopper_id: UUID, limit: int) -> int:
    """End receipts that are not erased, so that nobody reads, decides or settles them any more."""
    receipts = table_of(Receipt).c
    chosen = session.scalars(
        select(receipts.id)
        .where(receipts.shopper_id == shopper_id, receipts.erased_at.is_(None))
        .order_by(receipts.id)
        .limit(limit)
        .with_for_update()
    ).all()
    if not chosen:
        return 0
    now = clock.now()
    unfinished = (receipts.id.in_(chosen), receipts.status.in_(UNFINISHED))
    session.execute(update(Receipt).where(*unfinished).values(status="rejected", settled_at=now))
    # What earned nothing leaves its paper to an honest owner.
    lost = select(receipts.id).where(receipts.id.in_(chosen), receipts.status.not_in(STANDING_STATUSES))
    session.execute(delete(ReceiptClaim).where(col(ReceiptClaim.receipt_id).in_(lost)))
    session.execute(update(Receipt).where(receipts.id.in_(chosen)).values(erased_at=now))
    return len(chosen)


def _statement(one: SqlTable, shopper_id: UUID, limit: int) -> Update | Delete | None:
    """Return what removes a table's share of a shopper, at most `limit` rows; None where it keeps all."""
    held = HELD[one.name]
    key = tuple(one.primary_key.columns)
    mine: list[ColumnElement[bool]] = [belongs(one.name, shopper_id)]
    empty = {name: _empty(one, name) for name in held.empties}
    if held.erasure == "kept":
        return None
    if held.erasure == "emptied":
        mine.append(or_(*(one.c[name].is_distinct_from(value) for name, value in empty.items())))
    chosen = select(*key).where(*mine).limit(limit)
    some = tuple_(*key).in_(chosen)
    if held.erasure == "gone":
        return delete(one).where(some).returning(*key)
    return update(one).where(some).values(empty).returning(*key)


def _empty(one: SqlTable, name: str) -> Any:
    """Return what a column holds that says nothing: null where it may, else the least that its type has."""
    column = one.c[name]
    if column.nullable:
        return null()
    if isinstance(column.type, JSONB | Reasons):
        return literal("[]" if isinstance(column.type, Reasons) else "{}").cast(JSONB)
    return 0 if isinstance(column.type, Integer) else ""

"""Receipts that end without having been read, perhaps by a fault of ours: an operator may open them again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from domain.people.audit import record_act
from domain.receipts.told import tell
from infra import clock
from infra.metrics import count_settled_after_commit
from schemas.reasons import Reason
from schemas.receipts import Receipt, ReceiptPage

# Reading died too often; the photograph is gone; something else is kept in its place.
UnreadCode = Literal["reading_failed", "photo_missing", "photo_changed"]
UNREAD_CODES: Final[tuple[UnreadCode, ...]] = get_args(UnreadCode)
_REASONS: Final[dict[UnreadCode, Reason]] = {
    "reading_failed": Reason("reading_failed", "reject"),
    "photo_missing": Reason("photo_missing", "reject"),
    "photo_changed": Reason("photo_changed", "reject"),
}
# So many photographs that must be there tell a store that lost one from a store that is not itself.
NEIGHBOURS: Final = 3


def end_unread(
    session: Session, receipt: Receipt, code: UnreadCode, evidence: dict[str, Any] | None = None
) -> None:
    """End a waiting receipt, whose row is locked, as one that can't be read."""
    receipt.status = "unreadable"
    receipt.settled_at = clock.now()
    receipt.reasons = [replace(_REASONS[code], evidence=evidence or {})]
    key = f"settled:{receipt.id}:{receipt.settled_at.isoformat()}"
    tell(session, receipt, "receipt.settled", key=key, at=receipt.settled_at)
    count_settled_after_commit(session, receipt.status)


def photos_kept_before(session: Session, receipt_id: UUID) -> list[str]:
    """Return the names of photographs that the store must have if it is itself, a few at most.

    A folder that is not mounted and a bucket of the wrong name answer too: that they have nothing. A
    photograph is known to be gone only where those of receipts that came just before are there.
    """
    own = select(ReceiptPage.object_name).where(ReceiptPage.receipt_id == receipt_id)
    return list(
        session.exec(
            select(ReceiptPage.object_name)
            .where(
                # Ids are made in the order of time.
                col(ReceiptPage.receipt_id) < receipt_id,
                ReceiptPage.position == 0,
                col(ReceiptPage.removed_at).is_(None),
                col(ReceiptPage.object_name).not_in(own),
            )
            .order_by(col(ReceiptPage.receipt_id).desc())
            .limit(NEIGHBOURS)
        ).all()
    )


@dataclass(frozen=True, slots=True)
class Unread:
    """Which receipts that ended unread are meant; None means all. `until` is not included."""

    code: UnreadCode | None = None
    ids: tuple[UUID, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what selects them."""
        codes = UNREAD_CODES if self.code is None else (self.code,)
        found: list[ColumnElement[bool]] = [
            col(Receipt.status) == "unreadable",
            or_(*(col(Receipt.reasons).contains([{"code": code}]) for code in codes)),
        ]
        if self.ids is not None:
            found.append(col(Receipt.id).in_(self.ids))
        if self.since is not None:
            found.append(col(Receipt.settled_at) >= self.since)
        if self.until is not None:
            found.append(col(Receipt.settled_at) < self.until)
        return found


def count_unread(session: Session, which: Unread) -> int:
    """Return how many receipts are meant."""
    return session.exec(select(func.count()).select_from(Receipt).where(*which.conditions())).one()


def reopen(
    session: Session, which: Unread, *, operator: str, staff_id: UUID | None = None, limit: int
) -> list[UUID]:
    """Let receipts that ended unread wait to be read again, as if they had just come; return which.

    Args:
        session: The transaction; whoever opened it rings for the receipts afterwards.
        which: Which are meant.
        operator: Whose account on this machine does it, for the trail.
        staff_id: The member of staff that they say they are.
        limit: At most so many, those that ended first.
    """
    rows = session.exec(
        select(Receipt)
        .where(*which.conditions())
        .order_by(col(Receipt.settled_at), col(Receipt.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for receipt in rows:
        details = {"operator": operator, "reason": receipt.reasons[0].code}
        act_id = record_act(session, staff_id, "reopened", receipt_id=receipt.id, details=details)
        receipt.status = "received"
        receipt.reasons = []
        receipt.attempts = receipt.postponed = 0
        receipt.settled_at = None
        receipt.rung_at = clock.now()
        tell(session, receipt, "receipt.reopened", key=f"reopened:{act_id}", at=receipt.rung_at)
    return [receipt.id for receipt in rows]

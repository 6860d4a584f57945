"""What persons do with a receipt, told as events; its row is locked, and its lines say what it earns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from domain.receipts.rows import lines_of
from domain.receipts.told import points_by_brand, tell
from schemas.events import EventType
from schemas.receipts import Receipt
from schemas.review import ReceiptAppeal, ReviewDecision


def tell_decided(session: Session, receipt: Receipt, decided: ReviewDecision) -> None:
    """Tell of a decision: the answer to an appeal, where there was one."""
    appealed = session.get(ReceiptAppeal, receipt.id) is not None
    type_: EventType = "receipt.appeal_answered" if appealed else "receipt.decided"
    points = line_points(session, receipt)
    tell(session, receipt, type_, key=f"decided:{decided.id}", at=decided.decided_at, points=points)


def tell_undone(
    session: Session,
    receipt: Receipt,
    decision_id: UUID,
    *,
    at: datetime,
    credited: Mapping[UUID | None, int],
) -> None:
    """Tell that a decision was taken back, with the points that return to their issuers."""
    points = line_points(session, receipt)
    key = f"undone:{decision_id}"
    tell(session, receipt, "receipt.undone", key=key, at=at, points=points, reversed_points=credited)


def tell_appealed(session: Session, receipt: Receipt, *, at: datetime) -> None:
    """Tell that a receipt waits again because its shopper appealed."""
    points = line_points(session, receipt)
    tell(session, receipt, "receipt.appealed", key=f"appealed:{receipt.id}", at=at, points=points)


def line_points(session: Session, receipt: Receipt) -> dict[UUID | None, int]:
    """Return what a receipt's lines earn, by brand, as they stand now; under None what a group shares."""
    return points_by_brand(lines_of(session, receipt.id), receipt.earning)

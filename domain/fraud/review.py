"""Cases that wait for a person, and what was decided about them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, or_, select

from infra import clock
from schemas.fraud import Decision, ReviewDecision
from schemas.receipts import Receipt
from schemas.shoppers import StaffMember


def waiting_cases(session: Session, *, after: tuple[datetime, UUID] | None, limit: int) -> list[Receipt]:
    """Return receipts in review, longest waiting first, from after a (settled_at, id) on."""
    statement = select(Receipt).where(Receipt.status == "in_review")
    if after is not None:
        at, receipt_id = after
        statement = statement.where(
            or_(
                col(Receipt.settled_at) > at,
                (col(Receipt.settled_at) == at) & (col(Receipt.id) > receipt_id),
            )
        )
    order = (col(Receipt.settled_at), col(Receipt.id))
    return list(session.exec(statement.order_by(*order).limit(limit)).all())


def record_decision(
    session: Session, receipt_id: UUID, reviewer_id: UUID, decision: Decision, reason: str
) -> ReviewDecision:
    """Keep who decided what and when."""
    decided = ReviewDecision(
        receipt_id=receipt_id,
        reviewer_id=reviewer_id,
        decision=decision,
        reason=reason,
        decided_at=clock.now(),
    )
    session.add(decided)
    session.flush()
    return decided


def decisions_of(session: Session, receipt_id: UUID) -> list[tuple[ReviewDecision, str]]:
    """Return a receipt's decisions in order, each with its reviewer's address."""
    rows = session.exec(
        select(ReviewDecision, StaffMember.email)
        .join(StaffMember, col(StaffMember.id) == ReviewDecision.reviewer_id)
        .where(ReviewDecision.receipt_id == receipt_id)
        .order_by(col(ReviewDecision.decided_at))
    ).all()
    return [(decision, email) for decision, email in rows]

"""Taking back what a receipt earned: by new transfers, never by changing old ones."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from domain.ledger.transfers import Movement, transfer_all
from schemas.base import Points
from schemas.ledger import Transfer


def take_back(session: Session, receipt_id: UUID, *, event: str, at: datetime) -> Points:
    """Move what a receipt earned, and still stands, back to its issuers; return how much that was.

    Args:
        session: The open transaction.
        receipt_id: Whose earnings.
        event: What names this taking back for ever, 80 characters at most: once per event.
        at: When it happens.

    Raises:
        InsufficientPointsError: The shopper has spent some of it.
    """
    standing: dict[tuple[UUID | None, UUID, UUID], int] = defaultdict(int)
    rows = session.exec(
        select(Transfer)
        .where(Transfer.receipt_id == receipt_id, col(Transfer.kind).in_(("earn", "reverse")))
        .order_by(col(Transfer.id))
    ).all()
    for row in rows:
        if row.kind == "earn":
            standing[row.campaign_id, row.debit_account_id, row.credit_account_id] += row.points
        else:
            standing[row.campaign_id, row.credit_account_id, row.debit_account_id] -= row.points
    movements = [
        Movement(
            key=f"reverse:{receipt_id}:{event}:{campaign_id}:{shopper_account}",
            kind="reverse",
            debit_account_id=shopper_account,
            credit_account_id=issuer,
            points=Points(points),
            occurred_at=at,
            receipt_id=receipt_id,
            campaign_id=campaign_id,
        )
        for (campaign_id, issuer, shopper_account), points in standing.items()
        if points > 0
    ]
    if movements:
        transfer_all(session, movements)
    return Points(sum(movement.points for movement in movements))

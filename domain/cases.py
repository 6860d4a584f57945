"""A reviewer's view of receipts: joins what fraud found with what the receipt shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.fraud import review
from domain.receipts import major, reason_view, receipt_of, views
from domain.shoppers import pseudonym
from infra.words import Language
from schemas.catalog import Retailer
from schemas.fraud import CaseSummary, CaseView, DecisionView
from schemas.receipts import Receipt, ReceiptLine, ReceiptView

REVIEWERS = "review"


def queue(
    session: Session, *, after: tuple[datetime, UUID] | None, limit: int, language: Language
) -> list[CaseSummary]:
    """Return the waiting cases, longest waiting first, from after a (settled_at, id) on."""
    rows = review.waiting_cases(session, after=after, limit=limit)
    retailers = dict(session.exec(select(Retailer.id, Retailer.name)).all())
    points = dict(
        session.exec(
            select(ReceiptLine.receipt_id, func.sum(ReceiptLine.points))
            .where(col(ReceiptLine.receipt_id).in_([row.id for row in rows]))
            .group_by(col(ReceiptLine.receipt_id))
        ).all()
    )
    return [
        CaseSummary(
            id=row.id,
            received_at=row.received_at,
            waiting_since=row.settled_at or row.received_at,
            shopper=pseudonym(row.shopper_id, REVIEWERS),
            retailer=retailers.get(row.retailer_id) if row.retailer_id else None,
            total=major(row.total_minor, row.currency),
            currency=row.currency,
            points=int(points.get(row.id, 0)),
            reasons=[reason_view(reason, "staff", language) for reason in row.reasons],
        )
        for row in rows
    ]


def case(session: Session, receipt_id: UUID, language: Language) -> CaseView:
    """Return one receipt as a case, whether it still waits or not.

    Raises:
        NotFoundError: There is no such receipt.
    """
    receipt = receipt_of(session, receipt_id, None)
    matching = _matching(session, receipt)
    shown, *others = views(session, [receipt, *matching], audience="staff", language=language)
    return CaseView(
        receipt=shown,
        shopper=pseudonym(receipt.shopper_id, REVIEWERS),
        image_urls=_image_urls([shown]),
        matching=others,
        matching_image_urls=_image_urls(others),
        decisions=[
            DecisionView(
                id=row.id,
                receipt_id=row.receipt_id,
                decision=row.decision,
                reason=row.reason,
                reviewer=email,
                decided_at=row.decided_at,
            )
            for row, email in review.decisions_of(session, receipt_id)
        ],
    )


def _matching(session: Session, receipt: Receipt) -> list[Receipt]:
    named = (reason.get("evidence", {}).get("matching_receipt_id") for reason in receipt.reasons)
    ids = [UUID(value) for value in named if value]
    return list(session.exec(select(Receipt).where(col(Receipt.id).in_(ids))).all())


def _image_urls(shown: Iterable[ReceiptView]) -> list[str]:
    return [f"/v1/receipts/{view.id}/image?page={page}" for view in shown for page in range(view.pages)]

"""What people decided about receipts: decided, proposed to a second person, taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from infra import clock
from infra.settings import settings
from schemas.people import StaffMember
from schemas.receipts import Receipt
from schemas.reversals import ReceiptReversal
from schemas.review import Decision, ReviewDecision, ReviewProposal, ReviewUndo


def record_decision(
    session: Session, receipt: Receipt, reviewer_id: UUID, decision: Decision, reason: str
) -> ReviewDecision:
    """Keep who decided what and when, on a receipt that waits."""
    decided = ReviewDecision(
        receipt_id=receipt.id,
        reviewer_id=reviewer_id,
        decision=decision,
        reason=reason,
        decided_at=clock.now(),
        waiting_since=receipt.waiting_since,
    )
    session.add(decided)
    session.flush()
    return decided


def decisions_of(session: Session, receipt_id: UUID) -> list[tuple[ReviewDecision, str, ReviewUndo | None]]:
    """Return a receipt's decisions in order, each with its reviewer's address and its undoing, if any."""
    rows = session.exec(
        select(ReviewDecision, StaffMember.email, ReviewUndo)
        .join(StaffMember, col(StaffMember.id) == ReviewDecision.reviewer_id)
        .outerjoin(ReviewUndo, col(ReviewUndo.decision_id) == ReviewDecision.id)
        .where(ReviewDecision.receipt_id == receipt_id)
        .order_by(col(ReviewDecision.decided_at), col(ReviewDecision.id))
    ).all()
    return [(decision, email, undo) for decision, email, undo in rows]


def standing_decision(session: Session, receipt_id: UUID) -> ReviewDecision | None:
    """Return the last decision that was not taken back."""
    standing = [decision for decision, _, undo in decisions_of(session, receipt_id) if undo is None]
    return standing[-1] if standing else None


def may_undo(decided: ReviewDecision, status: str, reviewer_id: UUID) -> bool:
    """Say whether a reviewer may still take a decision back, the receipt being in this status."""
    age = (clock.now() - decided.decided_at).total_seconds()
    stands = status == {"approve": "approved", "reject": "rejected"}[decided.decision]
    return stands and decided.reviewer_id == reviewer_id and age <= settings().review_undo_seconds


def record_undo(session: Session, decision_id: UUID, reviewer_id: UUID) -> None:
    """Keep that a decision was taken back."""
    session.add(ReviewUndo(decision_id=decision_id, reviewer_id=reviewer_id, undone_at=clock.now()))
    session.flush()


def propose(
    session: Session,
    receipt_id: UUID,
    reviewer_id: UUID,
    reason: str,
    corrections: dict[str, Any],
    *,
    pays_again: bool = False,
) -> ReviewProposal:
    """Keep an approval that a second person must confirm."""
    proposal = ReviewProposal(
        receipt_id=receipt_id,
        reviewer_id=reviewer_id,
        reason=reason,
        corrections=corrections,
        pays_again=pays_again,
        proposed_at=clock.now(),
    )
    session.add(proposal)
    session.flush()
    return proposal


def open_proposals(session: Session, receipt_ids: list[UUID]) -> dict[UUID, ReviewProposal]:
    """Return the proposals that wait for a second person, by receipt."""
    rows = session.exec(
        select(ReviewProposal).where(
            col(ReviewProposal.receipt_id).in_(receipt_ids), col(ReviewProposal.closed_at).is_(None)
        )
    ).all()
    return {row.receipt_id: row for row in rows}


def close_proposal(session: Session, proposal: ReviewProposal) -> None:
    """Note that a proposal was answered or withdrawn."""
    proposal.closed_at = clock.now()
    session.flush()


def times_taken_back(session: Session, receipt_id: UUID) -> int:
    """Return how often a receipt that was credited was taken back, by undoing or later."""
    undone = sum(
        undo is not None and decision.decision == "approve"
        for decision, _, undo in decisions_of(session, receipt_id)
    )
    return undone + len(_reversals(session, receipt_id, "done"))


def who_reversed(session: Session, receipt_id: UUID) -> set[UUID | None]:
    """Return who had a part in taking an approved receipt back."""
    done = _reversals(session, receipt_id, "done")
    return {person for row in done for person in (row.proposed_by, row.decided_by)}


def open_reversal(session: Session, receipt_id: UUID) -> ReceiptReversal | None:
    """Return the proposal to take a receipt back that waits for a second person."""
    return next(iter(_reversals(session, receipt_id, "proposed")), None)


def _reversals(session: Session, receipt_id: UUID, state: str) -> list[ReceiptReversal]:
    rows = select(ReceiptReversal).where(
        ReceiptReversal.receipt_id == receipt_id, ReceiptReversal.state == state
    )
    return list(session.exec(rows).all())

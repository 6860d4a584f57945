"""An approved receipt taken back when fraud is found later: by one person, or two where it is worth much.

Its points go out of the lots they lie in; what was spent already is owed and repaid by what is earned next.
The receipt ends as `reversed`: its shopper is told so and may appeal, once, to another person.
"""

from __future__ import annotations

from typing import cast
from uuid import UUID

from sqlmodel import Session

from domain.ledger import reversal
from domain.people.audit import record_act
from domain.people.staff import is_related
from domain.receipts.errors import ConflictOfInterestError
from domain.receipts.rows import locked
from domain.receipts.told import tell
from domain.review import records
from domain.review.ends import refuse
from domain.review.errors import DecidedBeforeError, NotApprovedError, ProposalGoneError
from domain.review.told import line_points
from domain.rewards import granting
from infra import clock
from infra.settings import settings
from schemas.people import StaffMember
from schemas.receipts import Receipt
from schemas.reversals import ReceiptReversal
from schemas.review import RefusalKind


def reverse_receipt(
    session: Session, receipt_id: UUID, *, reviewer_id: UUID, reason: str, refusal: RefusalKind | None = None
) -> ReceiptReversal:
    """Take an approved receipt back, or propose it where it brought more points than one person may take.

    A second person's call confirms what the first proposed, for the first one's reason to the shopper where
    the second gives none.

    Raises:
        NotFoundError: There is no such receipt.
        NotApprovedError: It is not approved.
        ConflictOfInterestError: It is the reviewer's own, or their family's.
        DecidedBeforeError: The reviewer proposed it already; another person must confirm it.
    """
    receipt = locked(session, receipt_id)
    if receipt.status != "approved":
        raise NotApprovedError(status=receipt.status)
    if is_related(session, reviewer_id, receipt.shopper_id):
        raise ConflictOfInterestError
    proposal = records.open_reversal(session, receipt_id)
    if proposal is not None and proposal.proposed_by == reviewer_id:
        raise DecidedBeforeError
    if proposal is None:
        proposal = ReceiptReversal(
            receipt_id=receipt_id,
            proposed_by=reviewer_id,
            proposed_at=clock.now(),
            reason=reason,
            refusal=refusal,
        )
        session.add(proposal)
        session.flush()
        if standing_points(session, receipt_id) > settings().second_person_points:
            record_act(session, reviewer_id, "reversal_proposed", receipt_id=receipt_id)
            return proposal
    _reverse(session, receipt, proposal, reviewer_id, refusal)
    return proposal


def _reverse(
    session: Session,
    receipt: Receipt,
    proposal: ReceiptReversal,
    reviewer_id: UUID,
    refusal: RefusalKind | None,
) -> None:
    credited, at = line_points(session, receipt), clock.now()
    proposal.state, proposal.decided_by, proposal.decided_at = "done", reviewer_id, at
    told = refusal or cast("RefusalKind | None", proposal.refusal)
    proposal.refusal = told
    refuse(session, receipt, told, status="reversed")
    session.flush()
    taken = reversal.claw_back(
        session, receipt.id, shopper_id=receipt.shopper_id, event=str(proposal.id), at=at
    )
    rewards = granting.take_back(session, receipt.id, at=at)
    proposal.points, proposal.owed = taken.points, taken.owed
    proposal.vouchers_used = rewards.used
    session.flush()
    details = {
        "reversal_id": str(proposal.id),
        "points": taken.points,
        "owed": taken.owed,
        "vouchers": rewards.cancelled,
        "vouchers_used": rewards.used,
    }
    record_act(session, reviewer_id, "reversed", receipt_id=receipt.id, details=details)
    key = f"reversed:{proposal.id}"
    tell(session, receipt, "receipt.reversed", key=key, at=at, reversed_points=credited)


def withdraw_reversal(session: Session, receipt_id: UUID, *, reviewer_id: UUID) -> None:
    """Take one's own proposal back, or refuse another person's: the receipt stays approved.

    Raises:
        NotFoundError: There is no such receipt.
        ProposalGoneError: Nobody proposes to take it back.
        ConflictOfInterestError: It is the reviewer's own, or their family's.
    """
    receipt = locked(session, receipt_id)
    if is_related(session, reviewer_id, receipt.shopper_id):
        raise ConflictOfInterestError
    proposal = records.open_reversal(session, receipt_id)
    if proposal is None:
        raise ProposalGoneError
    proposal.state, proposal.decided_by, proposal.decided_at = "withdrawn", reviewer_id, clock.now()
    record_act(session, reviewer_id, "reversal_withdrawn", receipt_id=receipt_id)


def standing_points(session: Session, receipt_id: UUID) -> int:
    """Return how many points a receipt brought that still stand: what taking it back costs its shopper."""
    return sum(stands for _, stands in reversal.standing_earnings(session, receipt_id))


def proposed(session: Session, receipt_id: UUID) -> tuple[ReceiptReversal, str] | None:
    """Return the proposal that waits for a second person, and its author's address."""
    proposal = records.open_reversal(session, receipt_id)
    if proposal is None:
        return None
    return proposal, session.get_one(StaffMember, proposal.proposed_by).email

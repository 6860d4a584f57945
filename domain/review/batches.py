"""Many receipts decided at once: what was done is kept, shown to who did it, and taken back by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from domain.errors import DomainError, NotFoundError
from domain.people.audit import record_act
from domain.review import records
from domain.review.decisions import ManyDecided, settle_many, undo_review, withdraw_proposal
from schemas.catalog import Retailer
from schemas.people import StaffAct
from schemas.receipts import Receipt
from schemas.review import Decision, RefusalKind

Outcome = Literal["decided", "proposed", "refused"]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One receipt of many: what was done with it, how it stands now, and whether that can be taken back.

    `code` says why it was refused to be decided, empty otherwise.
    """

    id: UUID
    shop: str | None
    total_minor: int | None
    currency: str | None
    status: str
    outcome: Outcome
    decision: Decision
    code: str
    may_undo: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Many receipts that one person decided at once, in the order of their ids."""

    done_at: datetime
    rows: list[BatchRow]

    def count(self, outcome: Outcome) -> int:
        """Count the receipts with which that was done."""
        return sum(row.outcome == outcome for row in self.rows)


def decide_batch(
    session: Session,
    receipt_ids: list[UUID],
    *,
    reviewer_id: UUID,
    decision: Decision,
    reason: str,
    refusal: RefusalKind | None = None,
    keep: Callable[[], None] = lambda: None,
) -> UUID:
    """Decide many receipts alike and note what was done; return under which id it is found again.

    `keep` commits each receipt by itself, as in `settle_many`.

    Raises:
        TooManyCasesError: More than 100 at once.
    """
    outcome: ManyDecided = settle_many(
        session,
        receipt_ids,
        reviewer_id=reviewer_id,
        decision=decision,
        reason=reason,
        refusal=refusal,
        keep=keep,
    )
    details = {
        "decision": decision,
        "decided": [str(id_) for id_ in outcome.decided],
        "proposed": [str(id_) for id_ in outcome.proposed],
        "refused": {str(id_): code for id_, code in outcome.refused.items()},
    }
    return record_act(session, reviewer_id, "decided_many", details=details)


def batch_of(session: Session, act_id: UUID, reviewer_id: UUID) -> Batch:
    """Return what a reviewer decided at once, as it stands now.

    Raises:
        NotFoundError: They decided nothing of that id.
    """
    act = _act(session, act_id, reviewer_id)
    outcomes: dict[UUID, tuple[Outcome, str]] = {
        UUID(id_): ("refused", code) for id_, code in act.details["refused"].items()
    }
    outcomes |= {UUID(id_): ("proposed", "") for id_ in act.details["proposed"]}
    outcomes |= {UUID(id_): ("decided", "") for id_ in act.details["decided"]}
    proposals = records.open_proposals(session, list(outcomes))
    found = session.exec(
        select(Receipt, Retailer.name)
        .outerjoin(Retailer, col(Retailer.id) == Receipt.retailer_id)
        .where(col(Receipt.id).in_(outcomes))
        .order_by(col(Receipt.id))
    ).all()
    rows = []
    for receipt, chain in found:
        outcome, code = outcomes[receipt.id]
        if outcome == "decided":
            decided = records.standing_decision(session, receipt.id)
            may_undo = decided is not None and records.may_undo(decided, receipt.status, reviewer_id)
        else:
            proposal = proposals.get(receipt.id) if outcome == "proposed" else None
            may_undo = proposal is not None and proposal.reviewer_id == reviewer_id
        rows.append(
            BatchRow(
                id=receipt.id,
                shop=chain or receipt.merchant,
                total_minor=receipt.total_minor,
                currency=receipt.currency,
                status=receipt.status,
                outcome=outcome,
                decision=act.details["decision"],
                code=code,
                may_undo=may_undo,
            )
        )
    return Batch(act.acted_at, rows)


def undo_batch(
    session: Session, act_id: UUID, reviewer_id: UUID, keep: Callable[[], None] = lambda: None
) -> tuple[int, int]:
    """Take back all that still can be of what a reviewer decided at once; `keep` commits each by itself.

    Returns:
        How many were taken back, and how many could not be though they were to.

    Raises:
        NotFoundError: They decided nothing of that id.
    """
    done = refused = 0
    for row in batch_of(session, act_id, reviewer_id).rows:
        if not row.may_undo:
            continue
        take_back = undo_review if row.outcome == "decided" else withdraw_proposal
        try:
            with session.begin_nested():
                take_back(session, row.id, reviewer_id=reviewer_id)
        except DomainError:
            refused += 1
            continue
        done += 1
        keep()
    return done, refused


def _act(session: Session, act_id: UUID, reviewer_id: UUID) -> StaffAct:
    act = session.get(StaffAct, act_id)
    if act is None or act.act != "decided_many" or act.staff_id != reviewer_id:
        raise NotFoundError
    return act

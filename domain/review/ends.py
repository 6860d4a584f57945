"""How a receipt is ended by persons, and how it comes to wait again; its row is locked by who asks.

Locks are taken in the order of docs/decisions/0185: its paper, its shopper's earnings, accounts, budgets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete
from sqlmodel import Session, col

from domain.campaigns import earning
from domain.campaigns.judging import Award
from domain.campaigns.programme import live_at
from domain.duplicates import claims
from domain.loyalty.crediting import hold, let_go, points_by_line, withhold
from domain.receipts.rows import lines_of
from schemas.loyalty import WithheldPoints
from schemas.reasons import Reason
from schemas.receipts import Receipt, ReceiptLine
from schemas.review import RefusalKind


def refuse(
    session: Session,
    receipt: Receipt,
    refusal: RefusalKind | None,
    *,
    status: Literal["rejected", "reversed"] = "rejected",
) -> None:
    """End a receipt as refused, or as taken back: it holds no budget and earns nothing.

    A refused one leaves its paper to an honest owner. One that was paid keeps it: whoever sends that paper
    next is looked at by a person.
    """
    receipt.status = status
    evidence = {"refusal": refusal} if refusal else {}
    receipt.reasons = [*receipt.reasons, Reason("refused_by_reviewer", "reject", evidence)]
    if status == "rejected":
        claims.release_claims(session, receipt.id)
    earning.release(session, receipt)
    let_go(session, receipt)
    lines = lines_of(session, receipt.id)
    withhold(session, receipt.id, [line.points for line in lines])
    for line in lines:
        line.points = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A receipt that waits again: its lines, and what they would earn."""

    lines: Sequence[ReceiptLine]
    awards: Sequence[Award]

    @property
    def budget_ids(self) -> set[int]:
        """The budgets that would pay for it."""
        return {budget_id for award in self.awards for budget_id in award.budget_ids}


def wait_again(session: Session, receipt: Receipt, since: datetime) -> Waiting:
    """Let a decided receipt wait again, since then: its claims are its own. `hold_again` comes last."""
    known = matching_ids(receipt)
    receipt.reasons = [reason for reason in receipt.reasons if reason.code != "refused_by_reviewer"]
    images, prints = claims.claim_kept(session, receipt, (receipt.reading or {}).get("chain"))
    for code, holders in (("same_image", images), ("same_receipt", prints)):
        # Somebody may have sent the same paper while this one was refused.
        new = [str(holder.receipt_id) for holder in holders if str(holder.receipt_id) not in known]
        if new:
            receipt.reasons = [*receipt.reasons, Reason(code, "review", {"matching_receipt_id": new[0]})]
    receipt.status = "in_review"
    receipt.waiting_since = since
    session.execute(delete(WithheldPoints).where(col(WithheldPoints.receipt_id) == receipt.id))
    lines = lines_of(session, receipt.id)
    return Waiting(lines, awards_by_lines(session, receipt, lines))


def hold_again(session: Session, receipt: Receipt, waiting: Waiting) -> None:
    """Reserve of the budgets what a receipt that waits again would earn: its points are pending."""
    session.flush()
    granted = hold(session, receipt, waiting.awards)
    earning.note_granted(session, receipt, granted)
    write_points(waiting.lines, granted)


def matching_ids(receipt: Receipt) -> set[str]:
    """Return the ids of receipts that this one's reasons name as its like."""
    return {reason.matching_receipt_id or "" for reason in receipt.reasons}


def awards_by_lines(session: Session, receipt: Receipt, lines: Sequence[ReceiptLine]) -> list[Award]:
    """Say what kept lines earn by what was live when they were sent; write each line's share on it."""
    live = live_at(session, receipt.received_at)
    awards = earning.earn(session, receipt, earning.lines_kept(session, lines), live).awards
    write_points(lines, awards)
    return awards


def write_points(lines: Sequence[ReceiptLine], awards: Sequence[Award]) -> None:
    """Write on each line what it earns by all awards together."""
    points = points_by_line(awards)
    for position, line in enumerate(lines):
        line.points = points.get(position, 0)

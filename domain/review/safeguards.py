"""What one reviewer may not do alone: pay a paper twice, credit many points, move a figure far.

Every approval passes here, whoever approves and however: one case, many at once, the second person's, one
after a decision was taken back, one after an appeal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.campaigns.judging import Award
from domain.duplicates.claims import alike_prints
from domain.duplicates.paper import paper_kept
from domain.fraud.rules import RULES_BY_KIND
from infra.db import lock_key
from infra.settings import settings
from schemas.receipts import Receipt, ReceiptLine

SAME_PAPER: Final = frozenset(RULES_BY_KIND["same_receipt"])
# A hundred points or so: what a share is of so little is not worth a second person's time.
RAISED_FREE_MINOR: Final = 100_000

# By picture; by what either names as its like; by what both name.
_ALIKE: Final = text(
    """
    SELECT receipt_id FROM receipt_page
    WHERE receipt_id <> :receipt_id
        AND sha256 IN (SELECT sha256 FROM receipt_page WHERE receipt_id = :receipt_id)
    UNION SELECT unnest(CAST(:named AS uuid[]))
    UNION SELECT id FROM receipt
    WHERE status = 'approved' AND reasons @? '$[*].evidence.matching_receipt_id'
        AND reasons @> ANY (CAST(:naming AS jsonb[]))
    """
)


def wait_for_approvals(session: Session) -> None:
    """Wait until nobody else approves a receipt; held until the transaction ends.

    Two copies of one paper may share neither bytes nor a legible number, so no narrower lock covers both.
    Taken before any receipt's row is locked, by all alike. People approve a few receipts a second at most.
    """
    lock_key(session, "approvals by people")


def paid_by(session: Session, receipt: Receipt) -> list[UUID]:
    """Return the approved receipts of the same paper, by print, by picture, or by what was found alike.

    One whose goods all went back counts too: nothing is paid for them again.
    """
    named = [UUID(other) for other in _named(receipt)]
    naming = [f'[{{"evidence": {{"matching_receipt_id": "{other}"}}}}]' for other in (receipt.id, *named)]
    asked = {"receipt_id": receipt.id, "named": named, "naming": naming}
    alike = set(session.scalars(_ALIKE, asked).all())
    paper = paper_kept(receipt, (receipt.reading or {}).get("chain"))
    alike |= {holder.receipt_id for holder in alike_prints(session, receipt, paper)}
    if not alike - {receipt.id}:
        return []
    statement = select(Receipt.id).where(
        col(Receipt.id).in_(alike),
        Receipt.id != receipt.id,
        col(Receipt.status).in_(("approved", "reversed")),
    )
    return list(session.exec(statement.order_by(col(Receipt.received_at), col(Receipt.id))).all())


def looks_like_another(receipt: Receipt) -> bool:
    """Say whether a receipt waits because it looks like another one of the same paper."""
    return any(reason.code in SAME_PAPER for reason in receipt.reasons)


def needs_second_person(receipt: Receipt, lines: Sequence[ReceiptLine], awards: Sequence[Award]) -> bool:
    """Say whether an approval, its corrections written, credits or moves too much for one person."""
    points = sum(award.points for award in awards)
    return points > settings().second_person_points or moved_far(receipt, lines)


def moved_far(receipt: Receipt, lines: Sequence[ReceiptLine]) -> bool:
    """Say whether persons raised the total, or all lines together, far above what the machine read.

    Measured against the machine's reading, so that small steps add up, over lines and over corrections
    that were taken back. Where it read no total, its lines' sum stands for it.
    """
    lines_read = [
        line.amount_minor if line.amount_read_minor is None else line.amount_read_minor for line in lines
    ]
    lines_raised = sum(max(0, line.amount_minor - read) for line, read in zip(lines, lines_read, strict=True))
    total_read = (receipt.reading or {}).get("total_minor")
    if total_read is None:
        total_read = sum(lines_read)
    total_raised = (receipt.total_minor or 0) - total_read
    return _is_far(lines_raised, sum(lines_read)) or _is_far(total_raised, total_read)


def _is_far(raised_minor: int, read_minor: int) -> bool:
    if raised_minor <= RAISED_FREE_MINOR:
        return False
    return raised_minor > min(
        settings().correction_minor_max, max(0, read_minor) * settings().correction_share_max
    )


def _named(receipt: Receipt) -> list[str]:
    return [other for reason in receipt.reasons if (other := reason.matching_receipt_id)]

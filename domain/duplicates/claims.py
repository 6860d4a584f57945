"""One paper earns once: receipts claim their pictures and their print, and clashes are found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from domain.duplicates.facts import Holder
from domain.duplicates.likeness import may_be_same_number
from domain.duplicates.paper import PaperFacts, paper_kept
from infra import clock
from infra.db import lock_key
from infra.statements import Statement
from schemas.duplicates import ReceiptClaim
from schemas.receipts import STANDING_STATUSES, Receipt

# The order is the same for all, so that two claims never wait for each other.
_CLAIM = Statement("""
    WITH wanted AS (
        SELECT 'image:' || sha256 AS key FROM receipt_page WHERE receipt_id = :receipt_id
        UNION SELECT unnest(CAST(:prints AS text[]))
    ), claimed AS (
        INSERT INTO receipt_claim (key, receipt_id, claimed_at)
        SELECT key, :receipt_id, :at FROM wanted ORDER BY key
        ON CONFLICT DO NOTHING RETURNING key
    )
    SELECT key FROM wanted EXCEPT SELECT key FROM claimed
""")


def claim(
    session: Session, receipt: Receipt, paper: PaperFacts, at: datetime
) -> tuple[list[Holder], list[Holder]]:
    """Claim a receipt's pictures and its print; return who holds its pictures, and who its print.

    Holders are other receipts, earliest first. Of several transactions claiming one key at once,
    one gets it and the others wait for its end. The caller holds the lock on the paper's identity,
    so nobody settles another photo of this paper meanwhile, also when its number was misread.
    """
    fingerprint = paper.fingerprint
    asked = {"receipt_id": receipt.id, "prints": [fingerprint] if fingerprint else [], "at": at}
    missed = [key for (key,) in _CLAIM.rows(session, asked)]
    images: list[Holder] = []
    prints: list[Holder] = []
    if missed:
        rows = session.exec(
            select(ReceiptClaim.key, Receipt.id, Receipt.shopper_id, Receipt.channel)
            .join(Receipt, col(ReceiptClaim.receipt_id) == Receipt.id)
            .where(col(ReceiptClaim.key).in_(missed), Receipt.id != receipt.id)
            .order_by(col(Receipt.received_at))
        ).all()
        for key, receipt_id, shopper_id, channel in rows:
            held = prints if key == fingerprint else images
            held.append(Holder(receipt_id, shopper_id == receipt.shopper_id, channel))
    return images, prints or alike_prints(session, receipt, paper)


def print_holders(session: Session, receipt: Receipt, paper: PaperFacts) -> list[Holder]:
    """Return who holds the print that a receipt would claim that is not kept yet; claim nothing."""
    rows = session.exec(
        select(Receipt.id, Receipt.shopper_id, Receipt.channel)
        .join(ReceiptClaim, col(ReceiptClaim.receipt_id) == Receipt.id)
        .where(ReceiptClaim.key == paper.fingerprint)
    ).all()
    held = [
        Holder(receipt_id, shopper_id == receipt.shopper_id, channel)
        for receipt_id, shopper_id, channel in rows
    ]
    return held or alike_prints(session, receipt, paper)


def claim_kept(session: Session, receipt: Receipt, chain: str | None) -> tuple[list[Holder], list[Holder]]:
    """Claim by what stands on a receipt's row, which a person may have corrected. Returns as `claim`."""
    paper = paper_kept(receipt, chain)
    if paper.identity is not None:
        lock_key(session, paper.identity)
    return claim(session, receipt, paper, clock.now())


def release_claims(session: Session, receipt_id: UUID) -> None:
    """Give back what a refused receipt claimed, so that an honest owner can still send the paper."""
    session.execute(delete(ReceiptClaim).where(col(ReceiptClaim.receipt_id) == receipt_id))


def release_print(session: Session, receipt_id: UUID) -> None:
    """Give back a receipt's print, which was misread; its pictures stay claimed."""
    mine = (col(ReceiptClaim.receipt_id) == receipt_id, col(ReceiptClaim.key).startswith("print:"))
    session.execute(delete(ReceiptClaim).where(*mine))


_ALIKE = Statement(
    """
    SELECT id, shopper_id, receipt_no, channel FROM receipt
    WHERE retailer_id IS NOT DISTINCT FROM :retailer AND purchased_at = :at AND total_minor = :total
        AND id <> :itself AND status = ANY(CAST(:standing AS text[]))
    ORDER BY received_at LIMIT 20
    """,
    standing=list(STANDING_STATUSES),
)


def alike_prints(session: Session, receipt: Receipt, paper: PaperFacts) -> list[Holder]:
    """Return receipts with the same chain, minute and total whose number may be the same misread."""
    if paper.identity is None:
        return []
    asked = {
        "retailer": paper.retailer_id,
        "at": paper.at,
        "total": paper.total_minor,
        "itself": receipt.id,
    }
    rows = _ALIKE.rows(session, asked)
    return [
        Holder(receipt_id, shopper_id == receipt.shopper_id, channel)
        for receipt_id, shopper_id, number, channel in rows
        if may_be_same_number(number, paper.number)
    ]

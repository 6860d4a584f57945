"""One paper earns once: receipts claim their pictures and their print, and clashes are found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy
from rapidfuzz.distance import Levenshtein
from sqlalchemy import bindparam, delete, text
from sqlmodel import Session, col, select

from domain.duplicates.facts import Holder
from infra import clock
from infra.db import lock_key
from schemas.base import table_of
from schemas.duplicates import ReceiptClaim
from schemas.receipts import Receipt

# One or two misread characters must not make a second paper of the first.
MISREAD_CHARACTERS_MAX = 2
NUMBER_LENGTH_MIN = 6


@dataclass(frozen=True, slots=True)
class PrintFacts:
    """What is printed on one paper only, as far as it was read. `shop` is the chain or merchant."""

    retailer_id: UUID | None
    shop: str
    receipt_no: str | None
    purchased_at: datetime
    total_minor: int

    @property
    def identity(self) -> str:
        """Name what even a half-read print shares with another photo of the same paper."""
        return f"{self.shop}|{self.purchased_at:%Y-%m-%dT%H:%M}|{self.total_minor}"

    @property
    def fingerprint(self) -> str:
        """Return the claim key of this print, at most 80 characters."""
        return "print:" + hashlib.sha256(f"{self.identity}|{self.receipt_no}".encode()).hexdigest()


# The order is the same for all, so that two claims never wait for each other.
_CLAIM = text("""
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
    session: Session, receipt: Receipt, fingerprint: str | None, at: datetime
) -> tuple[list[Holder], list[Holder]]:
    """Claim a receipt's pictures and its print; return who holds its pictures, and who its print.

    Holders are other receipts, earliest first. Of several transactions claiming one key at once,
    one gets it and the others wait for its end.
    """
    asked = {"receipt_id": receipt.id, "prints": [fingerprint] if fingerprint else [], "at": at}
    missed = session.scalars(_CLAIM, asked).all()
    if not missed:
        return [], []
    rows = session.exec(
        select(ReceiptClaim.key, Receipt.id, Receipt.shopper_id)
        .join(Receipt, col(ReceiptClaim.receipt_id) == Receipt.id)
        .where(col(ReceiptClaim.key).in_(missed), Receipt.id != receipt.id)
        .order_by(col(Receipt.received_at))
    ).all()
    images: list[Holder] = []
    prints: list[Holder] = []
    for key, receipt_id, shopper_id in rows:
        held = prints if key == fingerprint else images
        held.append(Holder(receipt_id, shopper_id == receipt.shopper_id))
    return images, prints


def release_claims(session: Session, receipt_id: UUID) -> None:
    """Give back what a refused receipt claimed, so that an honest owner can still send the paper."""
    session.execute(delete(ReceiptClaim).where(col(ReceiptClaim.receipt_id) == receipt_id))


def release_print(session: Session, receipt_id: UUID) -> None:
    """Give back a receipt's print, which was misread; its pictures stay claimed."""
    mine = (col(ReceiptClaim.receipt_id) == receipt_id, col(ReceiptClaim.key).startswith("print:"))
    session.execute(delete(ReceiptClaim).where(*mine))


_receipt = table_of(Receipt).c
_ALIKE = (
    sqlalchemy.select(_receipt.id, _receipt.shopper_id, _receipt.receipt_no)
    .where(
        _receipt.retailer_id.is_not_distinct_from(bindparam("retailer")),
        _receipt.purchased_at == bindparam("at"),
        _receipt.total_minor == bindparam("total"),
        _receipt.id != bindparam("itself"),
        _receipt.status.in_(("approved", "in_review", "reversed")),
    )
    .order_by(_receipt.received_at)
    .limit(20)
)


def alike_prints(session: Session, receipt: Receipt, facts: PrintFacts) -> list[Holder]:
    """Return receipts with the same shop, minute and total whose number may be the same misread.

    The caller holds the lock on `facts.identity`, so nobody settles a twin meanwhile.
    """
    asked = {
        "retailer": facts.retailer_id,
        "at": facts.purchased_at,
        "total": facts.total_minor,
        "itself": receipt.id,
    }
    rows = session.execute(_ALIKE, asked)
    return [
        Holder(receipt_id, shopper_id == receipt.shopper_id)
        for receipt_id, shopper_id, number in rows
        if may_be_same_number(number, facts.receipt_no)
    ]


def may_be_same_number(one: str | None, other: str | None) -> bool:
    """Say whether two receipt numbers can be one, misread: unread, or a character or two apart.

    Short numbers count up from one receipt to the next, so there a digit's difference is real.
    """
    if not one or not other or one == other:
        return True
    if min(len(one), len(other)) < NUMBER_LENGTH_MIN:
        return False
    return Levenshtein.distance(one, other) <= MISREAD_CHARACTERS_MAX


def claim_all(session: Session, receipt: Receipt) -> tuple[list[Holder], list[Holder]]:
    """Claim a receipt's pictures and print; return who held one of its pictures, and who its print."""
    print_facts = _print_facts(receipt)
    if print_facts is not None:
        # Whoever settles another photo of this paper waits here, also when its number was misread.
        lock_key(session, print_facts.identity)
    return _claim(session, receipt, print_facts)


def _claim(
    session: Session, receipt: Receipt, print_facts: PrintFacts | None
) -> tuple[list[Holder], list[Holder]]:
    if print_facts is None:
        return claim(session, receipt, None, clock.now())
    image_holders, print_holders = claim(session, receipt, print_facts.fingerprint, clock.now())
    return image_holders, print_holders or alike_prints(session, receipt, print_facts)


def _print_facts(receipt: Receipt) -> PrintFacts | None:
    if receipt.purchased_at is None or receipt.total_minor is None:
        return None
    return PrintFacts(
        retailer_id=receipt.retailer_id,
        shop=(receipt.reading or {}).get("chain") or receipt.merchant or "",
        receipt_no=receipt.receipt_no,
        purchased_at=receipt.purchased_at,
        total_minor=receipt.total_minor,
    )

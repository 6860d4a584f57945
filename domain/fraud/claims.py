"""One paper earns once: receipts claim their pictures and their print, and clashes are found."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapidfuzz.distance import Levenshtein
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.fraud.signals import Holder
from schemas.base import table_of
from schemas.receipts import Receipt, ReceiptClaim

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


def image_claim(sha256: str) -> str:
    """Return the claim key of one photograph's bytes."""
    return f"image:{sha256}"


def claim(session: Session, receipt: Receipt, keys: Sequence[str], at: datetime) -> dict[str, list[Holder]]:
    """Claim keys for a receipt; return who holds those that it did not get, earliest first.

    Of several transactions claiming one key at once, one gets it and the others wait for its end.
    """
    # One order for all, so that two claims never wait for each other.
    rows = [{"key": key, "receipt_id": receipt.id, "claimed_at": at} for key in sorted(set(keys))]
    got = session.scalars(
        insert(table_of(ReceiptClaim)).on_conflict_do_nothing().returning(col(ReceiptClaim.key)), rows
    ).all()
    held: dict[str, list[Holder]] = {key: [] for key in keys}
    if len(got) == len(rows):
        return held
    holders = session.exec(
        select(ReceiptClaim.key, Receipt.id, Receipt.shopper_id)
        .join(Receipt, col(ReceiptClaim.receipt_id) == Receipt.id)
        .where(col(ReceiptClaim.key).in_(keys), Receipt.id != receipt.id)
        .order_by(col(Receipt.received_at))
    ).all()
    for key, receipt_id, shopper_id in holders:
        held[key].append(Holder(receipt_id, shopper_id == receipt.shopper_id))
    return held


def release_claims(session: Session, receipt_id: UUID) -> None:
    """Give back what a refused receipt claimed, so that an honest owner can still send the paper."""
    session.execute(delete(ReceiptClaim).where(col(ReceiptClaim.receipt_id) == receipt_id))


def release_print(session: Session, receipt_id: UUID) -> None:
    """Give back a receipt's print, which was misread; its pictures stay claimed."""
    mine = (col(ReceiptClaim.receipt_id) == receipt_id, col(ReceiptClaim.key).startswith("print:"))
    session.execute(delete(ReceiptClaim).where(*mine))


def alike_prints(session: Session, receipt: Receipt, facts: PrintFacts) -> list[Holder]:
    """Return receipts with the same shop, minute and total whose number may be the same misread.

    The caller holds the lock on `facts.identity`, so nobody settles a twin meanwhile.
    """
    rows = session.exec(
        select(Receipt.id, Receipt.shopper_id, Receipt.receipt_no)
        .where(
            col(Receipt.retailer_id).is_not_distinct_from(facts.retailer_id),
            Receipt.purchased_at == facts.purchased_at,
            Receipt.total_minor == facts.total_minor,
            Receipt.id != receipt.id,
            col(Receipt.status).in_(("approved", "in_review", "reversed")),
        )
        .order_by(col(Receipt.received_at))
        .limit(20)
    ).all()
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

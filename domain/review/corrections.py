"""What a reviewer read where the machine misread: put on the receipt, with what stood there before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from domain.errors import InvalidValueError
from schemas.catalog import Brand, Retailer
from schemas.receipts import Receipt, ReceiptLine
from schemas.review import Corrections, LineCorrection

# Corrected, these make it another paper.
IDENTITY = frozenset({"retailer", "receipt_no", "purchased_at", "total_minor"})

Changes = dict[str, list[Any]]


def correct(session: Session, receipt: Receipt, lines: Sequence[ReceiptLine], wanted: Corrections) -> Changes:
    """Write a person's reading on a receipt; return what changed as field → [before, after].

    Raises:
        InvalidValueError: A retailer, brand or line is not known.
    """
    changes: Changes = {}
    if wanted.retailer is not None:
        _correct_retailer(session, receipt, wanted.retailer, changes)
    for field in ("store", "receipt_no", "purchased_at", "total_minor"):
        after = getattr(wanted, field)
        before = getattr(receipt, field)
        if after is not None and after != before:
            setattr(receipt, field, after)
            changes[field] = [_plain(before), _plain(after)]
    if "purchased_at" in changes and receipt.purchased_at is not None:
        receipt.purchased_on = receipt.purchased_at.date()
    by_position = {line.position: line for line in lines}
    for correction in wanted.lines:
        if correction.position not in by_position:
            raise InvalidValueError(field="lines")
        _correct_line(session, by_position[correction.position], correction, changes)
    return changes


def _correct_retailer(session: Session, receipt: Receipt, name: str, changes: Changes) -> None:
    retailer_id = session.exec(select(Retailer.id).where(Retailer.name == name)).first()
    if retailer_id is None:
        raise InvalidValueError(field="retailer")
    if retailer_id == receipt.retailer_id:
        return
    before = session.get(Retailer, receipt.retailer_id) if receipt.retailer_id else None
    changes["retailer"] = [before.name if before else None, name]
    receipt.retailer_id = retailer_id
    receipt.reading = (receipt.reading or {}) | {"chain": name}


def _correct_line(session: Session, line: ReceiptLine, wanted: LineCorrection, changes: Changes) -> None:
    place = f"line_{line.position + 1}"
    if wanted.amount_minor is not None and wanted.amount_minor != line.amount_minor:
        changes[f"{place}_amount_minor"] = [line.amount_minor, wanted.amount_minor]
        line.amount_minor = wanted.amount_minor
        # A price that belongs to another amount would contradict the line.
        line.unit_price_minor = None
    if wanted.brand is None:
        return
    brand_id = _brand_id(session, wanted.brand)
    if brand_id == line.brand_id:
        return
    before = session.get(Brand, line.brand_id) if line.brand_id else None
    changes[f"{place}_brand"] = [before.name if before else None, wanted.brand or None]
    line.brand_id = brand_id
    line.product_id = None
    line.match_method, line.match_score = "person", 1.0


def _brand_id(session: Session, name: str) -> UUID | None:
    if not name.strip():
        return None
    found = session.exec(select(Brand.id).where(Brand.name == name.strip())).first()
    if found is None:
        raise InvalidValueError(field="brand")
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value

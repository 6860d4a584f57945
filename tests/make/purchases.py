"""Builds approved receipts whose lines brand managers may ask about."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptLine
from tests.make import NOON, brand_id, make_receipt, make_shopper, retailer_id


def shopper_number(session: Session, number: int) -> Shopper:
    return make_shopper(session, f"09012345{number:02d}")


def bought(
    session: Session,
    shopper: Shopper | int = 0,
    *lines: ReceiptLine,
    at: datetime | None = NOON,
    retailer: str | None = "WinMart",
    **values: Any,
) -> Receipt:
    """An approved receipt, of one OMO line unless others are given."""
    owner = shopper if isinstance(shopper, Shopper) else shopper_number(session, shopper)
    given: dict[str, Any] = {
        "status": "approved",
        "retailer_id": retailer_id(session, retailer) if retailer else None,
        "merchant": retailer,
        "store": "WM HCM Ba Tháng Hai",
        "purchased_at": at,
        "purchased_on": at.date() if at else None,
        "currency": "VND",
    }
    receipt = make_receipt(session, owner, **(given | values))
    for position, line in enumerate(lines or (line_of(session),)):
        line.receipt_id = receipt.id
        line.position = position
        session.add(line)
    session.flush()
    return receipt


def line_of(session: Session, brand: str | None = "OMO", amount_minor: int = 100_000, **values: Any) -> Any:
    given: dict[str, Any] = {
        "raw_name": "OMO Bột giặt 5.5kg",
        "brand_id": brand_id(session, brand) if brand else None,
        "quantity": Decimal(1),
        "amount_minor": amount_minor,
    }
    return ReceiptLine(**(given | values))

"""Items as the reading's lines, each with a calibrated confidence."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ocr.items.confidence import line_confidence
from ocr.items.draft import Draft
from ocr.types import ReadingLine


def make_lines(drafts: Sequence[Draft], *, closed: bool) -> list[ReadingLine]:
    """The lines of the reading; `closed` says that they add up to what the paper states."""
    return [make_line(draft, closed=closed) for draft in drafts]


def make_line(draft: Draft, *, closed: bool) -> ReadingLine:
    """One item as a line; a quantity that nothing tells is one."""
    barcode = draft.finish_barcode()
    quantity = draft.quantity if draft.quantity is not None else Decimal(1)
    price = draft.unit_price
    if price is None and quantity == 1:
        price = draft.amount
    return ReadingLine(
        raw_name=draft.name,
        barcode=barcode,
        quantity=quantity,
        unit=draft.unit,
        unit_price_minor=price,
        amount_minor=draft.amount,
        discount_minor=draft.discount,
        confidence=line_confidence(draft, closed=closed),
        box=draft.box,
        page=draft.rows[0].page,
        inferred=tuple(sorted(draft.inferred)),
    )

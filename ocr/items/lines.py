"""Items as the reading's lines, each with a calibrated confidence."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from ocr.items.confidence import line_confidence
from ocr.items.draft import Draft
from ocr.types import ReadingLine

# A name that the tagger takes for none was taken from what stood near.
NAMED_MIN: Final = 0.5
# As sure as that is a line whose name may be its neighbour's.
OFF_CONFIDENCE_MAX: Final = 0.8


def make_lines(drafts: Sequence[Draft], *, closed: bool) -> list[ReadingLine]:
    """The lines of the reading; `closed` says that they add up to what the paper states."""
    lines = [make_line(draft, closed=closed) for draft in drafts]
    if not _stands_off(drafts):
        return lines
    return [
        line.model_copy(update={"confidence": min(line.confidence, OFF_CONFIDENCE_MAX)}) for line in lines
    ]


def _stands_off(drafts: Sequence[Draft]) -> bool:
    """Whether names may stand a row off: the first item has none of its own, the last one more than its own.

    Then figures fit as well with the names above them as with those below.
    """
    if len(drafts) < 2 or drafts[0].name_likelihood > NAMED_MIN:  # noqa: PLR2004 - one item has no neighbour
        return False
    rows = drafts[-1].rows
    return len(rows) > 1 and bool(rows[0].figures) and not rows[-1].figures


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

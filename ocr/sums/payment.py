"""How the receipt was paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ocr.sums.equations import Sums
from ocr.text.labels import TENDER_KINDS
from ocr.text.rows import Row

METHODS = tuple(kind for kind in TENDER_KINDS if kind != "tendered")


def find_payment(sums: Sums, rows: Sequence[Row], start: int) -> str | None:
    """The method that paid most: cash, card, transfer, wallet or voucher; None where none is named."""
    paid: Counter[str] = Counter()
    for item in sums.found:
        if item.kind in METHODS:
            paid[item.kind] += item.value or 1
    if paid:
        return paid.most_common(1)[0][0]
    named = [row.kind for row in rows[start:] if row.kind in METHODS]
    if named:
        return named[0]
    return "cash" if sums.change else None

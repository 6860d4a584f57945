"""Purchases as CSV that a spreadsheet opens: UTF-8 with a mark, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from schemas.insights import PurchaseView

# Without it Excel takes UTF-8 for the machine's old code page, and Vietnamese for noise.
BYTE_ORDER_MARK = "\ufeff"
# A cell that starts so is run as a formula (OWASP, "CSV Injection"); full-width forms count too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
COLUMNS = tuple(PurchaseView.model_fields)


def csv_lines(purchases: Iterable[PurchaseView]) -> Iterator[str]:
    """Yield the header, then one CSV row (RFC 4180) for each purchase as it comes."""
    yield BYTE_ORDER_MARK + _row(COLUMNS)
    for purchase in purchases:
        yield _row([cell(getattr(purchase, name)) for name in COLUMNS])


def cell(value: object) -> str:
    """Return a value as a cell: nothing for None, whole money without a point, text made harmless."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, str) and value.lstrip(" \u00a0").startswith(FORMULA_STARTS):
        return "'" + value
    return str(value)


def _row(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()

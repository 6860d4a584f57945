"""Purchases as CSV that a spreadsheet opens: UTF-8 with a mark, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

from schemas.insights import PurchaseView

# Without it Excel takes UTF-8 for the machine's old code page, and Vietnamese for noise.
BYTE_ORDER_MARK = "\ufeff"
# A cell that starts so is run as a formula (OWASP, "CSV Injection"); full-width forms count too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
ROWS_PER_CHUNK = 1_000
COLUMNS = tuple(PurchaseView.model_fields)


def csv_lines(purchases: Iterable[PurchaseView]) -> Iterator[str]:
    """Yield the header, then one CSV row (RFC 4180) for each purchase as it comes."""
    yield BYTE_ORDER_MARK + _row(COLUMNS)
    for purchase in purchases:
        yield _row([cell(getattr(purchase, name)) for name in COLUMNS])


def csv_chunks(purchases: Iterable[PurchaseView]) -> Iterator[bytes]:
    """Yield the same file in UTF-8, many rows at a time: a chunk a row would cost a thread's turn each."""
    lines = csv_lines(purchases)
    while chunk := list(islice(lines, ROWS_PER_CHUNK)):
        yield "".join(chunk).encode()


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

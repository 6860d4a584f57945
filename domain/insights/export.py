"""Purchases as CSV that a spreadsheet opens: UTF-8 with a mark, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from schemas.insights import PurchaseView

# Without it Excel takes UTF-8 for the machine's old code page, and Vietnamese for noise.
BYTE_ORDER_MARK = "\ufeff"
# A cell that starts so is run as a formula (OWASP, "CSV Injection"); full-width forms count too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
ROWS_PER_CHUNK = 1_000
# What a spreadsheet may skip before it looks for a formula: spaces of any width, marks that have none.
_UNSEEN = re.compile(
    "^[^\\S\t\r\n]*(?:[\x00-\x08\x0b\x0c\x0e-\x1f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|[^\\S\t\r\n])*"
)
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
    if isinstance(value, str) and _UNSEEN.sub("", value, count=1).startswith(FORMULA_STARTS):
        return "'" + value
    return str(value)


def _row(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()

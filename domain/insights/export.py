"""Purchases as CSV that a spreadsheet opens: UTF-8 with a mark, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from uuid import UUID

from sqlmodel import Session

from domain.people.audit import record_act
from schemas.insights import PurchasesQuery, PurchaseView

# Without it Excel takes UTF-8 for the machine's old code page, and Vietnamese for noise.
BYTE_ORDER_MARK = "\ufeff"
# A cell that starts so is run as a formula (OWASP, "CSV Injection"); full-width forms count too.
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
ROWS_PER_CHUNK = 1_000
COLUMNS = tuple(PurchaseView.model_fields)


def record_export(session: Session, staff_id: UUID, brand: str, query: PurchasesQuery) -> None:
    """Keep on the trail who took a brand's purchases along, and which of them were asked for."""
    asked = query.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    record_act(session, staff_id, "exported", subject=brand, details={"asked": asked})


def csv_lines(purchases: Iterable[PurchaseView]) -> Iterator[str]:
    """Yield the header, then one CSV row (RFC 4180) for each purchase as it comes."""
    yield BYTE_ORDER_MARK + _row(COLUMNS)
    for purchase in purchases:
        yield _row([cell(getattr(purchase, name)) for name in COLUMNS])


def csv_chunks(purchases: Iterable[PurchaseView]) -> Iterator[bytes]:
    """Yield the same file in UTF-8, many rows at a time: a chunk a row would cost a thread's turn each."""
    return _in_chunks(csv_lines(purchases))


def csv_file(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield any rows as such a file, under a header of names."""
    header = BYTE_ORDER_MARK + _row(names)
    return _in_chunks(chain([header], (_row(map(cell, row)) for row in rows)))


def _in_chunks(lines: Iterator[str]) -> Iterator[bytes]:
    while chunk := list(islice(lines, ROWS_PER_CHUNK)):
        yield "".join(chunk).encode()


def cell(value: object) -> str:
    """Return a value as a cell: nothing for None, whole money without a point, text made harmless."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, str) and _may_be_run(value):
        return "'" + value
    return str(value)


def _may_be_run(text: str) -> bool:
    """Say whether a spreadsheet may take a text for a formula, whatever it drops before the first sign."""
    place = next((place for place, sign in enumerate(text) if not _is_dropped(sign)), len(text))
    dropped = text[:place]
    return text[place:].startswith(FORMULA_STARTS) or any(
        not sign.isprintable() for sign in dropped.strip(" ")
    )


def _is_dropped(sign: str) -> bool:
    # Spaces of every alphabet, control signs, and signs without a width: U+000B, U+3000, U+200B.
    return sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf", "Zs", "Zl", "Zp"}


def _row(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()

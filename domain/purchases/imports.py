"""Purchases from a CSV file: a row a line of an order; all orders are taken, or none where any row is bad."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TextIO

from pydantic import ValidationError
from sqlmodel import Session

from domain.catalog.sheets import Sheet
from domain.errors import DomainError
from domain.purchases.errors import ChainUnknownError, OrderChangedError
from domain.purchases.orders import note_order
from infra import clock
from infra.words import DEFAULT_LANGUAGE, Language
from schemas.catalog import ImportErrorCode, ImportReport
from schemas.partners import Partner
from schemas.purchases import NewPurchase

REQUIRED_COLUMNS: Final = ("order", "channel", "purchased_at", "total", "name", "amount")
_OF_ORDER: Final = (
    "order",
    "channel",
    "purchased_at",
    "total",
    "phone",
    "phone_hash",
    "membership_code",
    "chain",
    "store",
    "address",
    "number",
)
_OF_LINE: Final = ("name", "amount", "ean", "sku", "quantity", "discount")
COLUMNS: Final = (*_OF_ORDER, *_OF_LINE)
# Whole numbers: what is none is left as it is, and refused where the body is checked.
_WHOLE: Final = frozenset({"total", "amount", "discount"})
# Longer ones are beyond any limit, and Python makes no number of thousands of digits.
_DIGITS_MAX: Final = 18
# By which code a cell of a column is refused. What has no code of its own lacks a value that can be used.
_CODES: Final[Mapping[str, ImportErrorCode]] = {
    "purchased_at": "invalid_day",
    "chain": "unknown_retailer",
    "ean": "invalid_ean",
    "total": "invalid_number",
    "amount": "invalid_number",
    "quantity": "invalid_number",
    "discount": "invalid_number",
    "phone": "invalid_number",
    "membership_code": "invalid_number",
}
_WITHOUT_VALUE: Final[ImportErrorCode] = "missing_value"
# As spreadsheets in Vietnam write a time.
_DAY_FIRST: Final = ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S")


class _BadRowsError(Exception):
    """Ends the savepoint within which orders were taken."""


@dataclass(slots=True)
class _Order:
    """What rows say of one order, and on which line each of its lines stands."""

    line: int
    told: dict[str, Any]
    lines: list[dict[str, Any]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


def import_purchases(
    session: Session, partner: Partner, text_stream: TextIO, *, language: Language = DEFAULT_LANGUAGE
) -> ImportReport:
    """Take a partner's orders from a CSV file; where any row is bad, take none.

    A row is one line of an order. What is said of the order stands on each of its rows, or on the first.
    An order told before with the same content is taken as it stands. They are credited one by one afterwards:
    `domain.purchases.waiting.claim_due`.

    Args:
        session: Open; the caller commits.
        partner: Whose orders.
        text_stream: Text with a header row, from `sheets.csv_text`.
        language: Of the errors' messages.

    Returns:
        How many orders are new (`created`) and how many stood before (`updated`), or every error found.
    """
    sheet = Sheet(REQUIRED_COLUMNS, COLUMNS, language)
    found: dict[str, _Order] = {}
    for line, cells in sheet.rows(text_stream):
        _add(line, cells, found, sheet)
    wanted = [(order, body) for order in found.values() if (body := _checked(order, sheet)) is not None]
    created = 0
    if not sheet.errors:
        with suppress(_BadRowsError), session.begin_nested():
            created = sum(_take(session, partner, order, body, sheet) for order, body in wanted)
            if sheet.errors:
                raise _BadRowsError
    if sheet.errors:
        return ImportReport(rows=sheet.rows_read, created=0, updated=0, retired=0, errors=sheet.errors)
    return ImportReport(
        rows=sheet.rows_read, created=created, updated=len(wanted) - created, retired=0, errors=[]
    )


def _add(line: int, cells: Mapping[str, str], found: dict[str, _Order], sheet: Sheet) -> None:
    name = cells.get("order", "")
    if not name:
        sheet.refuse(line, "order", "missing_value")
        return
    told = {column: _value(column, cell) for column in _OF_ORDER if (cell := cells.get(column))}
    order = found.setdefault(name, _Order(line, told))
    if any(order.told.get(column) != value for column, value in told.items()):
        sheet.refuse(line, "order", "duplicate", "order_differs", held=order.line)
    order.rows.append(line)
    order.lines.append({column: _value(column, cell) for column in _OF_LINE if (cell := cells.get(column))})


def _value(column: str, cell: str) -> Any:
    if column in _WHOLE and cell.isascii() and cell.isdigit() and len(cell) <= _DIGITS_MAX:
        return int(cell)
    if column == "purchased_at":
        for form in _DAY_FIRST:
            try:
                return datetime.strptime(cell, form).isoformat()  # noqa: DTZ007 - as printed, without a zone
            except ValueError:
                continue
    return cell


def _checked(order: _Order, sheet: Sheet) -> NewPurchase | None:
    try:
        return NewPurchase.model_validate({**order.told, "lines": order.lines})
    except ValidationError as error:
        for wrong in error.errors(include_url=False, include_context=False, include_input=False):
            at = [part for part in wrong["loc"] if part != "lines"]
            place = at[0] if at and isinstance(at[0], int) else None
            line = order.line if place is None else order.rows[min(place, len(order.rows) - 1)]
            column = next((part for part in at if isinstance(part, str)), None)
            words = "one_buyer" if wrong["type"] == "one_buyer" else "invalid_purchase"
            is_missing = wrong["type"] == "missing"
            code = _WITHOUT_VALUE if is_missing else _CODES.get(column or "", _WITHOUT_VALUE)
            sheet.refuse(line, column, code, None if is_missing else words)
        return None


def _take(session: Session, partner: Partner, order: _Order, body: NewPurchase, sheet: Sheet) -> bool:
    try:
        return note_order(session, partner, body, due_at=clock.now()).is_new
    except ChainUnknownError:
        sheet.refuse(order.line, "chain", "unknown_retailer", value=body.chain)
    except OrderChangedError:
        sheet.refuse(order.line, "order", "duplicate", "order_changed")
    except DomainError as error:
        column = error.values.get("field", "membership_code")
        sheet.refuse(order.line, column, _CODES[column], "invalid_purchase")
    return False

"""A chain's shops from an admin's CSV file: all rows or none, every bad row reported by its line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any, Final, TextIO
from uuid import UUID

from sqlalchemy import delete, func, literal_column, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.catalog.folding import fold
from domain.catalog.products import new_version
from domain.catalog.sheets import Sheet
from infra import clock
from infra.db import lock_key
from schemas.base import new_id
from schemas.catalog import NAME_LENGTH_MAX, SHOP_ADDRESS_LENGTH_MAX, ImportReport, Retailer, Shop

REQUIRED_COLUMNS: Final = ("retailer", "name")
COLUMNS: Final = (*REQUIRED_COLUMNS, "address", "opens", "closes", "first_day", "last_day")
_LENGTHS_MAX: Final = {"name": NAME_LENGTH_MAX, "address": SHOP_ADDRESS_LENGTH_MAX}
_KEPT: Final = ("name", "address", "opens_at", "closes_at", "first_on", "last_on")


def import_shops(session: Session, text_stream: TextIO, *, complete: bool = False) -> ImportReport:
    """Create or update the shops of a CSV file; where any row is bad, change nothing.

    A shop's key is its chain and name. Hours are written 08:00, days 2026-01-31.

    Args:
        session: Open; the caller commits.
        text_stream: Text with a header row, from `sheets.csv_text`.
        complete: Whether the file names every shop of its chains: others of theirs are taken out, and
            receipts of shops that it does not name are noticed from now on. Without it nothing is
            said of the chains' other shops any more.

    Returns:
        What was done (`retired` counts shops taken out), or every error found, at most 1,000.
    """
    lock_key(session, "shop import")
    retailers = {fold(name): id_ for name, id_ in session.exec(select(Retailer.name, Retailer.id)).all()}
    sheet = Sheet(REQUIRED_COLUMNS, COLUMNS)
    rows = [_row(line, cells, sheet, retailers) for line, cells in sheet.rows(text_stream)]
    shops = [row for row in rows if row is not None]
    if sheet.errors or not shops:
        return ImportReport(rows=sheet.rows_read, created=0, updated=0, retired=0, errors=sheet.errors)
    chains = {row["retailer_id"] for row in shops}
    statement = insert(Shop)
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["retailer_id", "folded"],
            set_={name: statement.excluded[name] for name in _KEPT},
        ).returning(col(Shop.id), literal_column("xmax = 0").label("is_new")),
        shops,
    ).all()
    retired = _take_out_others(session, chains, [row.id for row in written]) if complete else 0
    since = clock.now() if complete else None
    session.execute(update(Retailer).where(col(Retailer.id).in_(chains)).values(shops_complete_at=since))
    new_version(session)
    created = sum(row.is_new for row in written)
    return ImportReport(
        rows=sheet.rows_read, created=created, updated=len(shops) - created, retired=retired, errors=[]
    )


def _take_out_others(session: Session, chains: set[UUID], named: list[UUID]) -> int:
    kept = func.unnest(named)
    gone = session.execute(
        delete(Shop)
        .where(col(Shop.retailer_id).in_(chains), col(Shop.id).not_in(select(kept)))
        .returning(col(Shop.id))
    ).all()
    return len(gone)


def _row(
    line: int, cells: Mapping[str, str], sheet: Sheet, retailers: Mapping[str, UUID]
) -> dict[str, Any] | None:
    """Return a good row's columns, or None after refusing each cell that is not."""
    before = len(sheet.errors)
    for column, length_max in _LENGTHS_MAX.items():
        if len(cells.get(column, "")) > length_max:
            sheet.refuse(line, column, "too_long", f"{column} has more than {length_max} characters.")
    retailer_id = retailers.get(fold(cells["retailer"]))
    if retailer_id is None:
        sheet.refuse(line, "retailer", "unknown_retailer", f"No chain is named {cells['retailer'][:80]}.")
    folded = fold(cells["name"])
    if not folded:
        sheet.refuse(line, "name", "missing_value", "name holds no letter or digit.")
    elif held := sheet.is_new("shop", (retailer_id, folded), line):
        sheet.refuse(line, "name", "duplicate", f"Line {held} names the same shop.")
    opens, closes = (_hour(line, column, cells, sheet) for column in ("opens", "closes"))
    if (opens is None) != (closes is None):
        sheet.refuse(line, "closes", "invalid_hours", "Hours need both opens and closes.")
    first, last = (_day(line, column, cells, sheet) for column in ("first_day", "last_day"))
    if first and last and first > last:
        sheet.refuse(line, "last_day", "invalid_day", "It is before first_day.")
    if len(sheet.errors) > before:
        return None
    return {
        "id": new_id(),
        "retailer_id": retailer_id,
        "name": cells["name"],
        "folded": folded,
        "address": cells.get("address") or None,
        "opens_at": opens,
        "closes_at": closes,
        "first_on": first,
        "last_on": last,
    }


def _hour(line: int, column: str, cells: Mapping[str, str], sheet: Sheet) -> time | None:
    if not (cell := cells.get(column)):
        return None
    try:
        return time.fromisoformat(cell.zfill(5)).replace(tzinfo=None)
    except ValueError:
        sheet.refuse(line, column, "invalid_hours", f"{cell[:20]} is no hour as 08:00.")
        return None


def _day(line: int, column: str, cells: Mapping[str, str], sheet: Sheet) -> date | None:
    if not (cell := cells.get(column)):
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        sheet.refuse(line, column, "invalid_day", f"{cell[:20]} is no day as 2026-01-31.")
        return None

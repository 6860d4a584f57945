"""A chain's stores from an admin's CSV file: all rows or none, every bad row reported by its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TextIO
from uuid import UUID

from sqlalchemy import delete, func, literal_column, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.catalog.builtin import slug_of
from domain.catalog.folding import fold
from domain.catalog.products import new_version
from domain.catalog.sheets import Sheet
from infra import clock
from infra.db import lock_key
from infra.words import DEFAULT_LANGUAGE, Language
from schemas.base import new_id
from schemas.catalog import (
    NAME_LENGTH_MAX,
    REGION_LENGTH_MAX,
    STORE_ADDRESS_LENGTH_MAX,
    ImportReport,
    Retailer,
    Store,
)

REQUIRED_COLUMNS: Final = ("retailer", "name")
COLUMNS: Final = (*REQUIRED_COLUMNS, "address", "region", "opens", "closes", "first_day", "last_day")
_LENGTHS_MAX: Final = {
    "name": NAME_LENGTH_MAX,
    "address": STORE_ADDRESS_LENGTH_MAX,
    "region": REGION_LENGTH_MAX,
}
_KEPT: Final = ("name", "address", "region", "opens_at", "closes_at", "first_on", "last_on")


def import_stores(
    session: Session,
    text_stream: TextIO,
    *,
    complete: bool = False,
    language: Language = DEFAULT_LANGUAGE,
) -> ImportReport:
    """Create or update the stores of a CSV file; where any row is bad, change nothing.

    A store's key is its chain and name; its region is kept as a slug. Hours are written 08:00, days
    2026-12-31 or 31/12/2026.

    Args:
        session: Open; the caller commits.
        text_stream: Text with a header row, from `sheets.csv_text`.
        complete: Whether the file names every store of its chains: others of theirs are taken out, and
            receipts of stores that it does not name are noticed from now on. Without it nothing is
            said of the chains' other stores any more.
        language: Of the errors' messages.

    Returns:
        What was done (`retired` counts stores taken out), or every error found, at most 1,000.
    """
    lock_key(session, "store import")
    retailers = {fold(name): id_ for name, id_ in session.exec(select(Retailer.name, Retailer.id)).all()}
    sheet = Sheet(REQUIRED_COLUMNS, COLUMNS, language)
    rows = [_row(line, cells, sheet, retailers) for line, cells in sheet.rows(text_stream)]
    stores = [row for row in rows if row is not None]
    if sheet.errors or not stores:
        return ImportReport(rows=sheet.rows_read, created=0, updated=0, retired=0, errors=sheet.errors)
    chains = {row["retailer_id"] for row in stores}
    statement = insert(Store)
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["retailer_id", "folded"],
            set_={name: statement.excluded[name] for name in _KEPT},
        ).returning(col(Store.id), literal_column("xmax = 0").label("is_new")),
        stores,
    ).all()
    retired = _take_out_others(session, chains, [row.id for row in written]) if complete else 0
    since = clock.now() if complete else None
    session.execute(update(Retailer).where(col(Retailer.id).in_(chains)).values(stores_complete_at=since))
    new_version(session)
    created = sum(row.is_new for row in written)
    return ImportReport(
        rows=sheet.rows_read, created=created, updated=len(stores) - created, retired=retired, errors=[]
    )


def _take_out_others(session: Session, chains: set[UUID], named: list[UUID]) -> int:
    kept = func.unnest(named)
    gone = session.execute(
        delete(Store)
        .where(col(Store.retailer_id).in_(chains), col(Store.id).not_in(select(kept)))
        .returning(col(Store.id))
    ).all()
    return len(gone)


def _row(
    line: int, cells: Mapping[str, str], sheet: Sheet, retailers: Mapping[str, UUID]
) -> dict[str, Any] | None:
    """Return a good row's columns, or None after refusing each cell that is not."""
    before = len(sheet.errors)
    sheet.check_cells(line, cells, _LENGTHS_MAX)
    retailer_id = retailers.get(fold(cells["retailer"]))
    if retailer_id is None and cells["retailer"]:
        sheet.refuse(line, "retailer", "unknown_retailer", value=cells["retailer"])
    folded = fold(cells["name"])
    if not folded and cells["name"]:
        sheet.refuse(line, "name", "missing_value", "no_letter", value=cells["name"])
    elif held := sheet.is_new("store", (retailer_id, folded), line):
        sheet.refuse(line, "name", "duplicate", "duplicate_row", held=held)
    opens, closes = (sheet.hour(line, column, cells) for column in ("opens", "closes"))
    if (opens is None) != (closes is None):
        sheet.refuse(line, "closes", "invalid_hours", "hours_by_halves")
    first, last = (sheet.day(line, column, cells) for column in ("first_day", "last_day"))
    if first and last and first > last:
        sheet.refuse(line, "last_day", "invalid_day", "days_in_disorder")
    if len(sheet.errors) > before:
        return None
    return {
        "id": new_id(),
        "retailer_id": retailer_id,
        "name": cells["name"],
        "folded": folded,
        "address": cells.get("address") or None,
        "region": slug_of(cells.get("region") or "") or None,
        "opens_at": opens,
        "closes_at": closes,
        "first_on": first,
        "last_on": last,
    }

"""Brands and chains from an admin's CSV file: all rows or none, every bad row reported by its line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TextIO

from sqlalchemy import literal_column
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, SQLModel, select

from domain.catalog.builtin import kinds_of_cues, slug_of, split
from domain.catalog.products import new_version
from domain.catalog.sheets import Sheet
from infra import clock
from infra.db import lock_key
from infra.words import DEFAULT_LANGUAGE, Language
from schemas.base import new_id
from schemas.catalog import NAME_LENGTH_MAX, Brand, ImportReport, Retailer

BRAND_COLUMNS_REQUIRED: Final = ("name", "owner", "category")
BRAND_LISTS: Final = ("aliases", "ambiguous", "cues", "vetoes")
BRAND_COLUMNS: Final = ("slug", *BRAND_COLUMNS_REQUIRED, *BRAND_LISTS, "restricted_class")
CHAIN_COLUMNS_REQUIRED: Final = ("name",)
CHAIN_COLUMNS: Final = ("slug", *CHAIN_COLUMNS_REQUIRED)
_SLUG_LENGTH_MAX: Final = 60
_LENGTHS_MAX: Final = {
    "slug": _SLUG_LENGTH_MAX,
    "name": NAME_LENGTH_MAX,
    "owner": NAME_LENGTH_MAX,
    "category": 60,
    **dict.fromkeys(BRAND_LISTS, 4000),
}


def import_brands(
    session: Session, text_stream: TextIO, *, language: Language = DEFAULT_LANGUAGE
) -> ImportReport:
    """Create or update the brands of a CSV file with their owners; where any row is bad, change nothing.

    A brand is known by its `slug` or, without one, by its name: a row with the slug of a standing brand
    and another name renames it. Lists (`aliases`, `ambiguous`, `cues`, `vetoes`) separate values by `|`;
    `@dishwash` stands for the packaged cues of a kind; `restricted_class` is what law says of promoting
    its goods. Columns that the file lacks stay as they are.

    Returns:
        What was done, or every error found, at most 1,000.
    """
    sheet = Sheet(BRAND_COLUMNS_REQUIRED, BRAND_COLUMNS, language)
    return _import(session, text_stream, sheet, Brand)


def import_chains(
    session: Session, text_stream: TextIO, *, language: Language = DEFAULT_LANGUAGE
) -> ImportReport:
    """Create or rename the chains of a CSV file; where any row is bad, change nothing.

    A chain is known by its `slug` or, without one, by its name, which is the spelling that readings carry.

    Returns:
        What was done, or every error found, at most 1,000.
    """
    sheet = Sheet(CHAIN_COLUMNS_REQUIRED, CHAIN_COLUMNS, language)
    return _import(session, text_stream, sheet, Retailer)


def _import(
    session: Session, text_stream: TextIO, sheet: Sheet, table: type[Brand | Retailer]
) -> ImportReport:
    lock_key(session, "catalog import")
    slugs = {name: slug for name, slug in session.exec(select(table.name, table.slug)).all()}  # noqa: C416 - rows are no pairs to mypy
    rows = [_row(line, cells, sheet, slugs) for line, cells in sheet.rows(text_stream)]
    good = [row for row in rows if row is not None]
    if sheet.errors or not good:
        return ImportReport(rows=sheet.rows_read, created=0, updated=0, retired=0, errors=sheet.errors)
    created = _write(session, table, good, clock.now())
    new_version(session)
    return ImportReport(
        rows=sheet.rows_read, created=created, updated=len(good) - created, retired=0, errors=[]
    )


def _row(
    line: int, cells: Mapping[str, str], sheet: Sheet, slugs: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return a good row's columns, or None after refusing each cell that is not."""
    before = len(sheet.errors)
    sheet.check_cells(line, cells, {name: most for name, most in _LENGTHS_MAX.items() if name in cells})
    name = cells["name"]
    slug = slug_of(cells["slug"]) if cells.get("slug") else slugs.get(name) or slug_of(name)
    if name and not slug:
        sheet.refuse(line, "name", "missing_value", "no_letter", value=name)
    elif len(slug) > _SLUG_LENGTH_MAX:
        sheet.refuse(line, "name", "too_long", most=_SLUG_LENGTH_MAX)
    elif held := sheet.is_new("slug", slug, line) or sheet.is_new("name", name, line):
        sheet.refuse(line, "name", "duplicate", "duplicate_row", held=held)
    elif slugs.get(name, slug) != slug:
        sheet.refuse(line, "name", "duplicate", "held", value=name, holder=slugs[name])
    restricted_class = sheet.restricted_class(line, cells)
    if len(sheet.errors) > before:
        return None
    row: dict[str, Any] = {"slug": slug} | {
        column: cells[column] for column in ("name", "owner", "category") if column in cells
    }
    if "restricted_class" in cells:
        row["restricted_class"] = restricted_class
    for column in BRAND_LISTS:
        if column in cells:
            row[column] = kinds_of_cues(split(cells[column])) if column == "cues" else split(cells[column])
    return row


def _write(session: Session, table: type[SQLModel], rows: list[dict[str, Any]], at: datetime) -> int:
    """Write good rows; return how many are new."""
    statement = insert(table)
    said = [name for name in rows[0] if name != "slug"]
    empty: dict[str, Any] = {}
    if table is Brand:
        empty = {name: [] for name in BRAND_LISTS} | {"restricted_class": "none"}
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["slug"],
            set_={name: statement.excluded[name] for name in (*said, "imported_at")},
        ).returning(literal_column("xmax = 0").label("is_new")),
        [{**empty, **row, "id": new_id(), "imported_at": at} for row in rows],
    ).all()
    return sum(row.is_new for row in written)

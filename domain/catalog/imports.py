"""Products from an admin's CSV file: all rows or none, every bad row reported by its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, delete, literal, literal_column, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from domain.catalog.builtin import product_slug, split, till_name
from domain.catalog.folding import fold
from domain.catalog.gtin import to_ean
from domain.catalog.products import new_version
from domain.catalog.sheets import Sheet
from infra import clock
from infra.db import lock_key
from infra.words import DEFAULT_LANGUAGE, Language
from schemas.base import new_id
from schemas.catalog import (
    NAME_LENGTH_MAX,
    Barcode,
    Brand,
    ImportReport,
    Product,
    Retailer,
    TillName,
)

REQUIRED_COLUMNS = ("brand", "name", "category")
COLUMNS = (*REQUIRED_COLUMNS, "pack", "eans", "till_names", "restricted_class")
_LENGTHS_MAX = {"name": NAME_LENGTH_MAX, "category": 60, "pack": 40}
_SLUG_LENGTH_MAX = 160
_LOCK = "catalog import"


@dataclass(frozen=True, slots=True)
class _TillName:
    retailer_id: UUID | None
    name: str
    folded: str


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    slug: str
    brand_id: UUID
    name: str
    category: str
    pack: str | None
    eans: tuple[str, ...]
    till_names: tuple[_TillName, ...]
    restricted_class: str


@dataclass(slots=True)
class _File(Sheet):
    """What has been read of the file: good rows, errors, and who holds a code or name already."""

    brands: Mapping[str, UUID] = field(default_factory=dict)
    retailers: Mapping[str, UUID] = field(default_factory=dict)
    good: list[_Row] = field(default_factory=list)


def import_products(
    session: Session,
    text_stream: TextIO,
    *,
    replace: bool = False,
    language: Language = DEFAULT_LANGUAGE,
) -> ImportReport:
    """Create or update the products of a CSV file; where any row is bad, change nothing.

    A product's key is its brand and name. A row's EANs and till names replace those that the
    product had; `restricted_class` says what law says of promoting it, and stays where the file has no such
    column. Cells with several values separate them by `|`; `LOTTE Mart=NAME` is one chain's
    till name. The delimiter is a comma, semicolon or tab, as the header shows.

    Args:
        session: Open; the caller commits.
        text_stream: Text with a header row, from `sheets.csv_text`.
        replace: Whether products that the file does not name are retired.
        language: Of the errors' messages.

    Returns:
        What was done, or every error found with its line, at most 1,000.
    """
    lock_key(session, _LOCK)
    brands: dict[str, UUID] = {}
    for slug, name, brand_id in session.exec(select(Brand.slug, Brand.name, Brand.id)).all():
        brands[slug] = brands[fold(name)] = brand_id
    retailers = {fold(name): id_ for name, id_ in session.exec(select(Retailer.name, Retailer.id)).all()}
    file = _File(REQUIRED_COLUMNS, COLUMNS, language, brands=brands, retailers=retailers)
    _read(text_stream, file)
    if not file.errors:
        _refuse_held(session, file, replace=replace)
    if file.errors:
        return ImportReport(rows=file.rows_read, created=0, updated=0, retired=0, errors=file.errors)
    retired = _retire_others(session, file) if replace else 0
    created = _apply(session, file) if file.good else 0
    if file.good or retired:
        new_version(session)
    return ImportReport(
        rows=file.rows_read, created=created, updated=len(file.good) - created, retired=retired, errors=[]
    )


def _read(text_stream: TextIO, file: _File) -> None:
    for line, cells in file.rows(text_stream):
        row = _row(line, cells, file)
        if row is not None:
            file.good.append(row)


def _row(line: int, cells: Mapping[str, str], file: _File) -> _Row | None:
    """Return a good row, or None after refusing each cell that is not."""
    before = len(file.errors)
    file.check_cells(line, cells, _LENGTHS_MAX)
    brand_id = file.brands.get(cells["brand"]) or file.brands.get(fold(cells["brand"]))
    if brand_id is None and cells["brand"]:
        file.refuse(line, "brand", "unknown_brand", value=cells["brand"])
    slug = product_slug(cells["brand"], cells["name"])
    if len(slug) > _SLUG_LENGTH_MAX:
        file.refuse(line, "name", "too_long", "too_long_key", most=_SLUG_LENGTH_MAX)
    if held := file.is_new("product", slug, line):
        file.refuse(line, "name", "duplicate", "duplicate_row", held=held)
    eans = _eans(line, cells.get("eans", ""), file)
    till_names = _till_names(line, slug, cells.get("till_names", ""), file)
    restricted_class = file.restricted_class(line, cells)
    if brand_id is None or len(file.errors) > before:
        return None
    pack = cells.get("pack") or None
    return _Row(
        line, slug, brand_id, cells["name"], cells["category"], pack, eans, till_names, restricted_class
    )


def _eans(line: int, cell: str, file: _File) -> tuple[str, ...]:
    found: list[str] = []
    for printed in split(cell):
        ean = to_ean(printed)
        if ean is None or not printed.isascii() or not printed.isdigit():
            file.refuse(line, "eans", "invalid_ean", value=printed)
        elif held := file.is_new("ean", ean, line):
            file.refuse(line, "eans", "duplicate", value=ean, held=held)
        else:
            found.append(ean)
    return tuple(dict.fromkeys(found))


def _till_names(line: int, slug: str, cell: str, file: _File) -> tuple[_TillName, ...]:
    found: list[_TillName] = []
    for part in split(cell):
        name = till_name(slug, part)
        retailer_id = file.retailers.get(fold(name.retailer)) if name.retailer is not None else None
        if name.retailer is not None and retailer_id is None:
            file.refuse(line, "till_names", "unknown_retailer", value=name.retailer)
        elif not name.folded:
            file.refuse(line, "till_names", "missing_value", "no_letter", value=part)
        elif len(name.printed) > NAME_LENGTH_MAX or len(name.folded) > NAME_LENGTH_MAX:
            file.refuse(line, "till_names", "too_long", most=NAME_LENGTH_MAX)
        elif held := file.is_new("till_name", (retailer_id, name.folded), line):
            file.refuse(line, "till_names", "duplicate", value=part, held=held)
        elif all((retailer_id, name.folded) != (known.retailer_id, known.folded) for known in found):
            found.append(_TillName(retailer_id, name.printed, name.folded))
    return tuple(found)


def _refuse_held(session: Session, file: _File, *, replace: bool) -> None:
    """Refuse codes and names that a product outside the file holds, unless it will be retired."""
    if replace:
        return
    inside = {row.slug for row in file.good}
    eans = session.exec(select(Barcode.ean, Product.slug).join(Product)).all()
    held_eans = {ean: slug for ean, slug in eans if slug not in inside}
    names = session.exec(select(TillName.retailer_id, TillName.folded, Product.slug).join(Product)).all()
    held_names = {(retailer, folded): slug for retailer, folded, slug in names if slug not in inside}
    for row in file.good:
        for ean in row.eans:
            if ean in held_eans:
                file.refuse(row.line, "eans", "duplicate", "held", value=ean, holder=held_eans[ean])
        for name in row.till_names:
            if slug := held_names.get((name.retailer_id, name.folded)):
                file.refuse(row.line, "till_names", "duplicate", "held", value=name.name, holder=slug)


def _retire_others(session: Session, file: _File) -> int:
    """Retire products that the file does not name; their codes and names become free."""
    inside = {row.slug for row in file.good}
    living = session.exec(select(Product.id, Product.slug).where(col(Product.retired_at).is_(None))).all()
    retired = [product_id for product_id, slug in living if slug not in inside]
    if retired:
        session.execute(update(Product).where(col(Product.id).in_(retired)).values(retired_at=clock.now()))
        _free(session, retired)
    return len(retired)


def _free(session: Session, product_ids: list[UUID]) -> None:
    session.execute(delete(Barcode).where(_among(col(Barcode.product_id), product_ids)))
    session.execute(delete(TillName).where(_among(col(TillName.product_id), product_ids)))


def _among(column: Mapped[UUID], ids: list[UUID]) -> ColumnElement[bool]:
    """Like `IN`, with one parameter however many ids: PostgreSQL takes no more than 65,535."""
    return column == any_(literal(ids, ARRAY(Uuid)))


def _apply(session: Session, file: _File) -> int:
    """Write good rows; return how many products are new."""
    rows = file.good
    statement = insert(Product)
    kept = ["brand_id", "name", "category", "pack", "retired_at"]
    # A file that says nothing of it makes no formula promotable.
    kept += ["restricted_class"] if "restricted_class" in file.header else []
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["slug"], set_={name: statement.excluded[name] for name in kept}
        ).returning(col(Product.slug), col(Product.id), literal_column("xmax = 0").label("is_new")),
        [
            {
                "id": new_id(),
                "slug": row.slug,
                "brand_id": row.brand_id,
                "name": row.name,
                "category": row.category,
                "pack": row.pack,
                "restricted_class": row.restricted_class,
                "retired_at": None,
            }
            for row in rows
        ],
    ).all()
    ids = {row.slug: row.id for row in written}
    _free(session, list(ids.values()))
    barcodes = [{"ean": ean, "product_id": ids[row.slug]} for row in rows for ean in row.eans]
    till_names = [
        {
            "id": new_id(),
            "product_id": ids[row.slug],
            "retailer_id": name.retailer_id,
            "name": name.name,
            "folded": name.folded,
        }
        for row in rows
        for name in row.till_names
    ]
    if barcodes:
        session.execute(insert(Barcode), barcodes)
    if till_names:
        session.execute(insert(TillName), till_names)
    return sum(row.is_new for row in written)

"""The catalogue in the database: load it for matching, and seed it from the packaged files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_
from sqlalchemy import select as select_columns
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, SQLModel, col, select

from domain.catalog.builtin import builtin_rows, general_rules
from domain.catalog.snapshot import (
    CatalogBrand,
    CatalogProduct,
    CatalogRetailer,
    CatalogTillName,
    Catalogue,
    Rows,
    build_catalogue,
)
from infra.statements import Statement
from schemas.base import new_id
from schemas.catalog import Barcode, Brand, CatalogState, LearnedLink, Product, Retailer, TillName

# The last snapshot this process built. Versions are never used twice, so a stale one is never met.
_built: dict[UUID, Catalogue] = {}

_PRODUCT_COLUMNS = ("id", "slug", "name", "category", "pack", "restricted_class")

_VERSION = Statement("SELECT version FROM catalog_state")


def current_catalogue(session: Session) -> Catalogue:
    """Return the catalogue as it stands, built again only when its version has changed."""
    found = _VERSION.rows(session)
    if not found:
        return load_catalogue(session)
    version = found[0][0]
    catalogue = _built.get(version)
    if catalogue is None:
        catalogue = load_catalogue(session)
        _built.clear()
        _built[version] = catalogue
    return catalogue


def load_catalogue(session: Session) -> Catalogue:
    """Build the snapshot from the tables; retired products are left out."""
    # Columns, not rows as objects: 50,000 products load in a third of the time.
    retailers = [
        CatalogRetailer(*row)
        for row in session.exec(
            select(Retailer.id, Retailer.slug, Retailer.name, col(Retailer.stores_complete_at).is_not(None))
        ).all()
    ]
    brands = [_catalog_brand(brand) for brand in session.exec(select(Brand)).all()]
    brand_slugs = {brand.id: brand.slug for brand in brands}
    chains: dict[UUID | None, str] = {retailer.id: retailer.name for retailer in retailers}
    products = {
        row.id: CatalogProduct(
            row.id,
            row.slug,
            brand_slugs[row.brand_id],
            row.name,
            row.category,
            row.pack,
            row.restricted_class,
        )
        for row in session.execute(
            select_columns(
                *_columns_of(
                    Product, "id", "slug", "brand_id", "name", "category", "pack", "restricted_class"
                )
            ).where(col(Product.retired_at).is_(None))
        )
    }
    till_names = session.execute(
        select_columns(*_columns_of(TillName, "product_id", "name", "folded", "retailer_id"))
    )
    barcodes = session.execute(select_columns(*_columns_of(Barcode, "ean", "product_id")))
    rows = Rows(
        retailers=retailers,
        brands=brands,
        products=list(products.values()),
        till_names=[
            CatalogTillName(products[row.product_id].slug, row.name, row.folded, chains.get(row.retailer_id))
            for row in till_names
            if row.product_id in products
        ],
        barcodes={row.ean: products[row.product_id].slug for row in barcodes if row.product_id in products},
    )
    return build_catalogue(_with_learned(session, rows, products, chains), general_rules())


def _with_learned(
    session: Session,
    rows: Rows,
    products: Mapping[UUID, CatalogProduct],
    chains: Mapping[UUID | None, str],
) -> Rows:
    """Add what was learned; what a file or the package says of a name or code stands before it."""
    learned = session.execute(
        select_columns(
            *_columns_of(LearnedLink, "subject", "retailer_id", "value", "name", "product_id")
        ).where(col(LearnedLink.state) == "acting")
    ).all()
    known = {(name.retailer, name.folded) for name in rows.till_names}
    till_names, barcodes = list(rows.till_names), dict(rows.barcodes)
    for link in learned:
        product, chain = products.get(link.product_id), chains.get(link.retailer_id)
        if product is None:
            continue
        if link.subject == "ean":
            barcodes.setdefault(link.value, product.slug)
        elif (chain, link.value) not in known:
            till_names.append(CatalogTillName(product.slug, link.name, link.value, chain))
    return replace(rows, till_names=till_names, barcodes=barcodes)


def new_version(session: Session) -> None:
    """Tell every process that the catalogue has changed, once this transaction commits."""
    version = new_id()
    session.execute(
        insert(CatalogState)
        .values(id=1, version=version)
        .on_conflict_do_update(index_elements=["id"], set_={"version": version})
    )


def seed(session: Session) -> None:
    """Bring the packaged catalogue into the database. Safe to run again.

    Retailers and brands are set to what the package says. Products are only added where their key
    is new, with their EANs and till names: those that stand were perhaps imported since.
    """
    rows = builtin_rows()
    changed = _set_rows(session, Retailer, [_columns(r, ("id", "slug", "name")) for r in rows.retailers])
    changed |= _set_rows(session, Brand, [_brand_columns(brand) for brand in rows.brands])
    changed |= _add_products(session, rows)
    if changed:
        new_version(session)


def _catalog_brand(brand: Brand) -> CatalogBrand:
    return CatalogBrand(
        brand.id,
        brand.slug,
        brand.name,
        brand.owner,
        brand.category,
        tuple(brand.aliases),
        tuple(brand.ambiguous),
        tuple(brand.cues),
        tuple(brand.vetoes),
        brand.restricted_class,
    )


def _set_rows(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> bool:
    """Insert rows or update those of the same slug; tell whether any row is now different.

    What an admin's file has said since is left as it is.
    """
    statement = insert(table)
    columns = [name for name in rows[0] if name not in {"id", "slug"}]
    changed = session.execute(
        statement.on_conflict_do_update(
            index_elements=["slug"],
            set_={name: statement.excluded[name] for name in columns},
            where=and_(
                getattr(table, "imported_at").is_(None),  # noqa: B009 - SQLModel itself declares none
                or_(*(getattr(table, name) != statement.excluded[name] for name in columns)),
            ),
        ).returning(getattr(table, "id")),  # noqa: B009 - SQLModel itself declares no id
        list(rows),
    ).all()
    return bool(changed)


def _add_products(session: Session, rows: Rows) -> bool:
    if not rows.products:
        return False
    brand_ids = dict(session.exec(select(Brand.slug, Brand.id)).all())
    retailer_ids = dict(session.exec(select(Retailer.name, Retailer.id)).all())
    result = session.execute(
        insert(Product)
        .on_conflict_do_nothing(index_elements=["slug"])
        .returning(col(Product.slug), col(Product.id)),
        [{**_columns(p, _PRODUCT_COLUMNS), "brand_id": brand_ids[p.brand]} for p in rows.products],
    )
    added: dict[str, UUID] = {row.slug: row.id for row in result}
    _add_missing(
        session,
        TillName,
        (
            {
                "id": new_id(),
                "product_id": added[name.product],
                "retailer_id": retailer_ids[name.retailer] if name.retailer else None,
                "name": name.printed,
                "folded": name.folded,
            }
            for name in rows.till_names
            if name.product in added
        ),
    )
    _add_missing(
        session,
        Barcode,
        ({"ean": ean, "product_id": added[slug]} for ean, slug in rows.barcodes.items() if slug in added),
    )
    return bool(added)


def _add_missing(session: Session, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    values = list(rows)
    if values:
        session.execute(insert(table).on_conflict_do_nothing(), values)


def _brand_columns(brand: CatalogBrand) -> dict[str, Any]:
    lists = {name: list(getattr(brand, name)) for name in ("aliases", "ambiguous", "cues", "vetoes")}
    return _columns(brand, ("id", "slug", "name", "owner", "category", "restricted_class")) | lists


def _columns_of(table: type[SQLModel], *names: str) -> list[Any]:
    return [getattr(table, name) for name in names]


def _columns(row: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}

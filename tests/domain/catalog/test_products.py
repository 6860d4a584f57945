"""The catalogue's tables: seeding, loading, and when a process loads again."""

from __future__ import annotations

from sqlmodel import Session, col, func, select

from domain.catalog.builtin import builtin_catalogue
from domain.catalog.products import current_catalogue, load_catalogue, new_version, seed
from schemas.catalog import Barcode, Brand, CatalogState, Product, Retailer, TillName


def count(session: Session, table: type[Brand | Product | Retailer | Barcode | TillName]) -> int:
    return session.exec(select(func.count()).select_from(table)).one()


def test_the_seeded_tables_match_the_packaged_catalogue(session: Session) -> None:
    assert count(session, Retailer) == 22
    assert count(session, Brand) >= 80
    loaded, packaged = load_catalogue(session), builtin_catalogue()
    assert loaded.brands == packaged.brands
    assert loaded.products == packaged.products
    assert loaded.till_names == packaged.till_names
    assert loaded.product_by_ean == packaged.product_by_ean


def test_seeding_again_changes_nothing(session: Session) -> None:
    before = {table: count(session, table) for table in (Brand, Product, Retailer, Barcode, TillName)}
    version = session.exec(select(CatalogState.version)).one()
    seed(session)
    assert {table: count(session, table) for table in before} == before
    assert session.exec(select(CatalogState.version)).one() == version


def test_seeding_restores_a_brand_but_leaves_a_product_that_was_edited(session: Session) -> None:
    brand = session.exec(select(Brand).where(Brand.slug == "omo")).one()
    product = session.exec(select(Product).order_by(col(Product.slug)).limit(1)).one()
    brand.owner, product.name = "Nobody", "Edited by staff"
    session.flush()
    seed(session)
    session.expire_all()
    assert session.exec(select(Brand.owner).where(Brand.slug == "omo")).one() == "Unilever Việt Nam"
    assert session.exec(select(Product.name).where(Product.id == product.id)).one() == "Edited by staff"


def test_the_snapshot_is_built_again_only_when_the_catalogue_changed(session: Session) -> None:
    first = current_catalogue(session)
    assert current_catalogue(session) is first
    new_version(session)
    assert current_catalogue(session) is not first

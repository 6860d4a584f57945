"""What the catalogue holds, as lists for people and programs to choose from."""

from __future__ import annotations

from sqlmodel import Session, col, select

from schemas.catalog import Brand, BrandBody, Product, ProductBody, Retailer, RetailerBody


def retailers(session: Session, *, after: str | None, limit: int) -> list[RetailerBody]:
    """Return chains by slug, from after a slug on."""
    statement = select(Retailer).where(col(Retailer.slug) > (after or ""))
    rows = session.exec(statement.order_by(col(Retailer.slug)).limit(limit)).all()
    return [RetailerBody(slug=row.slug, name=row.name) for row in rows]


def brands(session: Session, *, after: str | None, limit: int) -> list[BrandBody]:
    """Return brands by slug, from after a slug on."""
    statement = select(Brand).where(col(Brand.slug) > (after or ""))
    rows = session.exec(statement.order_by(col(Brand.slug)).limit(limit)).all()
    return [BrandBody(slug=row.slug, name=row.name, owner=row.owner, category=row.category) for row in rows]


def products(session: Session, *, brand: str | None, after: str | None, limit: int) -> list[ProductBody]:
    """Return products on sale by slug, of one brand (slug) or all, from after a slug on."""
    statement = (
        select(Product, Brand.slug)
        .join(Brand, col(Brand.id) == Product.brand_id)
        .where(col(Product.retired_at).is_(None), col(Product.slug) > (after or ""))
    )
    if brand is not None:
        statement = statement.where(Brand.slug == brand)
    rows = session.exec(statement.order_by(col(Product.slug)).limit(limit)).all()
    return [
        ProductBody(slug=row.slug, name=row.name, brand=brand_slug, category=row.category, pack=row.pack)
        for row, brand_slug in rows
    ]

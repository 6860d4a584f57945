"""What the catalogue holds, as lists for people and programs to choose from."""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, and_, col, or_, select

from schemas.catalog import Brand, BrandBody, Product, ProductBody, Retailer, RetailerBody

# A browser offers so many while one types; a search narrows them.
PRODUCTS_OFFERED_MAX: Final = 500


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


def products_like(session: Session, words: str) -> list[ProductBody]:
    """Return products on sale whose name, brand or key holds every one of some words, by slug."""
    statement = (
        select(Product, Brand.slug)
        .join(Brand, col(Brand.id) == Product.brand_id)
        .where(
            col(Product.retired_at).is_(None),
            and_(
                True,
                *(
                    or_(
                        col(Product.name).icontains(word, autoescape=True),
                        col(Product.slug).icontains(word, autoescape=True),
                        col(Brand.name).icontains(word, autoescape=True),
                    )
                    for word in words.split()
                ),
            ),
        )
    )
    rows = session.exec(statement.order_by(col(Product.slug)).limit(PRODUCTS_OFFERED_MAX)).all()
    return [
        ProductBody(slug=row.slug, name=row.name, brand=brand_slug, category=row.category, pack=row.pack)
        for row, brand_slug in rows
    ]


def brand_slugs(session: Session) -> dict[str, str]:
    """Return every brand's slug by its id as text, as events name brands."""
    return {str(brand_id): slug for brand_id, slug in session.exec(select(Brand.id, Brand.slug)).all()}

"""The printed names that most often find no product: what an admin should link next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from rapidfuzz import fuzz, process
from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.catalog.folding import fold
from domain.catalog.packs import pack_of, packs_of
from domain.catalog.products import current_catalogue
from domain.catalog.snapshot import CatalogBrand, Catalogue
from schemas.catalog import NAME_LENGTH_MAX, LearnedLink, Product, UnmatchedName

PERIOD_DAYS: Final = 90
NAMES_SHOWN_MAX: Final = 100
# Spellings that fold alike are added up, so more are fetched than shown.
_FORMS_MAX: Final = 5000
_ALIKE_MIN: Final = 60.0

_FORMS = text("""
    SELECT r.retailer_id, l.raw_name, l.brand_id, count(*) AS lines,
           count(DISTINCT r.shopper_id) AS shoppers, max(l.receipt_id::text) AS example
    FROM receipt r JOIN receipt_line l ON l.receipt_id = r.id
    WHERE r.status = 'approved' AND r.settled_at > :since AND l.product_id IS NULL AND l.raw_name <> ''
      AND (NOT :branded OR l.brand_id IS NOT NULL)
      AND (CAST(:retailer AS uuid) IS NULL OR r.retailer_id = :retailer)
    GROUP BY 1, 2, 3 ORDER BY lines DESC, 2 LIMIT :most
""")


def unmatched_names(
    session: Session, *, since: datetime, branded: bool, retailer: str | None, limit: int
) -> list[UnmatchedName]:
    """Return the names of approved receipts' lines without a product, the most frequent first.

    Names that are linked by now, or were marked as not ours, are left out.

    Args:
        session: Open.
        since: Receipts settled after this count.
        branded: Only lines whose brand is known.
        retailer: Slug of a chain, whose names alone are asked for; an unknown one has none.
        limit: So many at most.
    """
    catalogue = current_catalogue(session)
    chains = {chain.id: chain for chain in catalogue.retailers.values()}
    asked = next((chain.id for chain in chains.values() if chain.slug == retailer), None)
    if retailer and asked is None:
        return []
    forms = session.execute(
        _FORMS, {"since": since, "branded": branded, "retailer": asked, "most": _FORMS_MAX}
    ).all()
    settled, candidates = _links(session)
    brands = {brand.id: brand for brand in catalogue.brands.values()}
    found: dict[tuple[UUID | None, str], UnmatchedName] = {}
    for form in forms:
        key = (form.retailer_id, fold(form.raw_name)[:NAME_LENGTH_MAX])
        if not key[1] or {key, (None, key[1])} & settled:
            continue
        if known := found.get(key):
            found[key] = known.model_copy(
                update={
                    "lines": known.lines + form.lines,
                    "shoppers": max(known.shoppers, form.shoppers),
                }
            )
            continue
        brand = brands.get(form.brand_id)
        found[key] = UnmatchedName(
            name=form.raw_name[:NAME_LENGTH_MAX],
            retailer=chains[form.retailer_id].slug if form.retailer_id in chains else None,
            brand=brand.slug if brand else None,
            lines=form.lines,
            shoppers=form.shoppers,
            example=UUID(form.example),
            suggested=candidates.get(key),
        )
    shown = sorted(found.values(), key=lambda one: (-one.lines, one.name))[:limit]
    return [one.model_copy(update={"suggested": one.suggested or _nearest(one, catalogue)}) for one in shown]


def _links(session: Session) -> tuple[set[tuple[UUID | None, str]], Mapping[Any, str]]:
    """Return the names that are settled, and for those that are not what most shoppers saw beside them."""
    rows = session.exec(
        select(LearnedLink.retailer_id, LearnedLink.value, LearnedLink.state, Product.slug)
        .outerjoin(Product, col(Product.id) == LearnedLink.product_id)
        .where(LearnedLink.subject == "name", LearnedLink.state != "withdrawn")
        .order_by(col(LearnedLink.shoppers))
    ).all()
    settled = {(retailer, value) for retailer, value, state, _ in rows if state != "candidate"}
    return settled, {(retailer, value): slug for retailer, value, state, slug in rows if state == "candidate"}


def _nearest(name: UnmatchedName, catalogue: Catalogue) -> str | None:
    """Return the product of its brand that a name is nearest to, for a person to look at."""
    brand: CatalogBrand | None = catalogue.brands.get(name.brand or "")
    printed = pack_of(name.name)
    products = {
        product.slug: fold(product.name)
        for product in catalogue.products_by_brand.get(brand.slug if brand else "", ())
        if printed is None or printed in (packs_of(product.name, product.pack) or {printed})
    }
    near = process.extractOne(fold(name.name), products, scorer=fuzz.token_set_ratio, score_cutoff=_ALIKE_MIN)
    return near[2] if near else None

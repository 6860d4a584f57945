"""Which products lie in the same baskets as a brand more often than chance puts them there, to be offered.

Counted in the columnar store and kept in PostgreSQL, so that an offer is chosen without waiting for the
store, and with what was known last while that is away.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from domain.insights.measures.affinity import BASKETS_MIN
from domain.insights.measures.statistic import Z, discoveries, log_lift, p_above
from infra import clock
from infra.columnar.store import Store
from infra.settings import settings
from schemas.base import table_of
from schemas.catalog import Brand, Product
from schemas.offers import GoesWith

DAYS: Final = 91
# Of one brand; the strongest. What comes after them is put before nobody.
PRODUCTS_MAX: Final = 50
_WRITTEN_AT_ONCE: Final = 5000

# Without a join: what one trip holds lies side by side.
_PAIRS: Final = """
    SELECT brand, one.2 AS product, count() AS baskets, uniqExact(shopper) AS shoppers FROM (
        SELECT shopper, brand, arrayJoin(products) AS one FROM (
            SELECT shopper, arrayJoin(brands) AS brand, products FROM (
                SELECT any(shopper) AS shopper, groupUniqArray(brand) AS brands,
                    groupUniqArrayIf((brand, product), product != '') AS products
                FROM purchase WHERE day >= {since:Date} AND brand != '' GROUP BY receipt
            ) WHERE length(brands) > 1
        )
    ) WHERE one.1 != brand
    GROUP BY brand, product HAVING baskets >= {baskets_min:UInt32} AND shoppers >= {shoppers_min:UInt32}
"""
_BRANDS: Final = """
    SELECT brand AS slug, uniqExact(receipt) AS baskets FROM purchase
    WHERE day >= {since:Date} AND brand != '' GROUP BY brand
"""
_PRODUCTS: Final = """
    SELECT product AS slug, uniqExact(receipt) AS baskets FROM purchase
    WHERE day >= {since:Date} AND product != '' GROUP BY product
"""
_ALL: Final = "SELECT count() AS baskets FROM receipt WHERE day >= {since:Date}"

# Slugs of a brand and a product, and by how much more often than by chance they lie together.
Pair = tuple[str, str, float]


def find_pairs(store: Store) -> list[Pair]:
    """Return what goes with which brand, in the last quarter, the strongest of each brand first.

    Told is what lies together in 50 baskets of enough shoppers, whose lower 95 % bound is above chance and
    which holds among all pairs looked at.

    Raises:
        ColumnarError: The store does not answer.
    """
    asked: dict[str, Any] = {"since": clock.till_today() - timedelta(days=DAYS)}
    brands = {row["slug"]: int(row["baskets"]) for row in store.query(_BRANDS, asked)}
    products = {row["slug"]: int(row["baskets"]) for row in store.query(_PRODUCTS, asked)}
    of = int(store.query(_ALL, asked)[0]["baskets"])
    limits = {"baskets_min": BASKETS_MIN, "shoppers_min": settings().group_shoppers_min}
    looked_at = [
        (brand, product, *log_lift(int(row["baskets"]), brands[brand], products[product], of))
        for row in store.query(_PAIRS, asked | limits)
        for brand, product in [(row["brand"], row["product"])]
    ]
    holds = discoveries([p_above(lift, error) for *_, lift, error in looked_at])
    found: dict[str, list[Pair]] = defaultdict(list)
    for (brand, product, lift, error), held in zip(looked_at, holds, strict=True):
        if held and lift - Z * error > 0:
            found[brand].append((brand, product, math.exp(lift)))
    return [
        pair
        for pairs in found.values()
        for pair in sorted(pairs, key=lambda pair: (-pair[2], pair[1]))[:PRODUCTS_MAX]
    ]


def keep(session: Session, pairs: Sequence[Pair]) -> int:
    """Keep what was found in place of what was found before; return how much of it the catalogue knows."""
    brands = _ids(session, Brand, {brand for brand, _, _ in pairs})
    products = _ids(session, Product, {product for _, product, _ in pairs})
    today = clock.till_today()
    rows = [
        {"brand_id": brands[brand], "product_id": products[product], "lift": lift, "counted_on": today}
        for brand, product, lift in pairs
        if brand in brands and product in products
    ]
    session.execute(delete(GoesWith))
    for start in range(0, len(rows), _WRITTEN_AT_ONCE):
        session.execute(insert(table_of(GoesWith)), rows[start : start + _WRITTEN_AT_ONCE])
    return len(rows)


def _ids(session: Session, model: type[Brand | Product], slugs: set[str]) -> dict[str, UUID]:
    return dict(session.exec(select(model.slug, model.id).where(col(model.slug).in_(slugs))).all())

"""What a question about a brand can be narrowed to, for those who choose from lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlmodel import Session, col, select

from domain.insights.guard import grid
from domain.insights.guard.grid import Kind
from domain.insights.scope import all_brands
from schemas.campaigns import Campaign
from schemas.catalog import Brand, Product, Retailer, Store

# How far back lists of periods go; an address can name any other.
_LISTED: Final[dict[Kind, int]] = {"year": 3, "quarter": 6, "month": 14, "week": 14}


@dataclass(frozen=True, slots=True)
class Choices:
    """Slug and name of each chain, of the brand's products and campaigns, of each brand; and the regions."""

    chains: list[tuple[str, str]]
    regions: list[str]
    products: list[tuple[str, str]]
    campaigns: list[tuple[str, str]]
    brands: list[tuple[str, str]]

    @property
    def region_pairs(self) -> list[tuple[str, str]]:
        """Return the regions as the others are: each is called as it is written."""
        return [(region, region) for region in self.regions]

    def name(self, axis: str, slug: str) -> str:
        """Return what a slug is called; itself where nothing is called so."""
        named = {
            "chain": self.chains,
            "product": self.products,
            "campaign": self.campaigns,
            "brand": self.brands,
        }
        return dict(named.get(axis, [])).get(slug, slug)


def choices(session: Session, brand: str) -> Choices:
    """Return what questions about a brand can name."""
    products = select(Product.slug, Product.name).join(Brand).where(Brand.slug == brand)
    campaigns = (
        select(Campaign.slug, Campaign.name)
        .outerjoin(Brand)
        .where((col(Campaign.brand_id).is_(None)) | (Brand.slug == brand))
    )
    chains = select(Retailer.slug, Retailer.name)
    regions = select(Store.region).where(col(Store.region).is_not(None)).distinct()
    return Choices(
        chains=[(slug, name) for slug, name in session.exec(chains.order_by(Retailer.name)).all()],
        regions=sorted(region for region in session.exec(regions).all() if region),
        products=[(slug, name) for slug, name in session.exec(products.order_by(Product.name)).all()],
        campaigns=[(slug, name) for slug, name in session.exec(campaigns.order_by(Campaign.name)).all()],
        brands=all_brands(session),
    )


def periods(kind: Kind, today: date) -> list[str]:
    """Return the names of the latest periods of a kind that have begun, the newest first."""
    period = grid.containing(kind, today)
    names = []
    for _ in range(_LISTED[kind]):
        names.append(period.name)
        period = grid.before(period)
    return names

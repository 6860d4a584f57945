"""Which offers a shopper can be shown, as the law and their word allow, and how they stand to each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.campaigns.budgets import left_of
from domain.campaigns.compiled import Version, taking_part
from domain.campaigns.facts import Case
from domain.campaigns.history import FOR_ADULTS, history_of, is_adult
from domain.campaigns.offers import OFFERS_MAX, empty_basket
from domain.campaigns.programme import live_at
from domain.campaigns.reach import within_reach
from domain.offers.sampling import Arm
from domain.origins.clusters import household_of
from domain.privacy.consents import who_gave
from infra import clock
from infra.statements import Statement
from schemas.catalog import Brand
from schemas.lifetime import BrandMargin
from schemas.offers import Bucket, OfferArm
from schemas.people import Shopper

BUYER_DAYS: Final = 91
LAPSED_DAYS: Final = 364
# What lies together in baskets is counted daily; where the store was away so long, nothing is known of it.
GOES_WITH_DAYS: Final = 35


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that may be shown, and how its shopper stands to it."""

    version: Version
    arm: Arm


def agreed_brands(session: Session, shopper_id: UUID, brand_ids: Collection[UUID]) -> set[UUID]:
    """Return the brands whose offers may be chosen for a shopper, by their word as it stands."""
    asked = (
        select(Brand.id)
        .join(Shopper, col(Shopper.id) == shopper_id)
        .where(col(Brand.id).in_(brand_ids), who_gave(col(Shopper.id), "personal_offers", col(Brand.id)))
    )
    return set(session.exec(asked).all())


def candidates(session: Session, shopper_id: UUID, today: date) -> list[Candidate]:
    """Return the offers that a shopper can be shown today.

    Campaigns that are live and by which they can still earn, of brands of which they agreed to personal
    offers, none of whose goods law forbids to promote to them.
    """
    versions = [
        version
        for version in taking_part(live_at(session, clock.now()).versions, shopper_id)
        if version.rules and version.runs_on(today)
    ]
    versions = versions[:OFFERS_MAX]
    within = {brand_id for version in versions for brand_id in version.scope.within}
    if not within:
        return []
    agreed = agreed_brands(session, shopper_id, within)
    versions = [version for version in versions if version.scope.within <= agreed]
    lawful = lawful_of(session, shopper_id, today, versions)
    versions = [version for version in versions if lawful.allows(version)]
    versions = _within_reach(session, shopper_id, today, versions)
    return _placed(session, shopper_id, today, versions)


def _within_reach(
    session: Session, shopper_id: UUID, today: date, versions: Sequence[Version]
) -> list[Version]:
    now = clock.now()
    basket = empty_basket(shopper_id, today)
    asks_household = any(version.asks.household for version in versions)
    household_id = household_of(session, shopper_id, now) if asks_household else None
    case = Case(basket, history_of(session, basket, versions, household_id))
    left = left_of(session, versions, now)
    return [version for version in versions if within_reach(version, case, left.get(version.campaign_id))]


@dataclass(frozen=True, slots=True)
class Lawful:
    """What law keeps from being promoted to one shopper, of some brands and the products that terms name."""

    brand_ids: frozenset[UUID]
    product_ids: frozenset[UUID]

    def allows(self, version: Version) -> bool:
        """Whether law forbids nothing that a campaign names: to name it is to promote it."""
        named = {product_id for key in version.goods for product_id in key.products}
        return not (version.scope.within & self.brand_ids or named & self.product_ids)


def lawful_of(session: Session, shopper_id: UUID, today: date, versions: Sequence[Version]) -> Lawful:
    """Return what of versions' goods law keeps from being promoted to a shopper."""
    asked = {
        "brands": list({brand_id for version in versions for brand_id in version.scope.within}),
        "products": list({one for version in versions for key in version.goods for one in key.products}),
        "allowed": allowed_classes(session, shopper_id, today),
    }
    forbidden = _FORBIDDEN.rows(session, asked)
    return Lawful(
        frozenset(of for of, is_brand in forbidden if is_brand),
        frozenset(of for of, is_brand in forbidden if not is_brand),
    )


def allowed_classes(session: Session, shopper_id: UUID, today: date) -> list[str]:
    """Return the classes of goods that law lets be promoted to a shopper."""
    born = session.exec(select(Shopper.birth_year).where(Shopper.id == shopper_id)).one_or_none()
    return ["none", FOR_ADULTS] if is_adult(born, today) else ["none"]


_FORBIDDEN: Final = Statement("""
    SELECT id, true FROM brand
    WHERE id = ANY (CAST(:brands AS uuid[])) AND restricted_class <> ALL (CAST(:allowed AS text[]))
    UNION ALL
    SELECT product.id, false FROM product JOIN brand ON brand.id = product.brand_id
    WHERE product.id = ANY (CAST(:products AS uuid[]))
        AND coalesce(nullif(product.restricted_class, 'none'), brand.restricted_class)
            <> ALL (CAST(:allowed AS text[]))
""")


def _placed(session: Session, shopper_id: UUID, today: date, versions: Sequence[Version]) -> list[Candidate]:
    """Return versions with how the shopper stands to each, what was learned of it, what a use is worth."""
    if not versions:
        return []
    brand_ids = {brand_id for version in versions for brand_id in version.scope.within}
    bought = last_bought(session, shopper_id, today)
    lifts = brand_lifts(session, bought, brand_ids, today)
    margins = margins_of(session, brand_ids)
    seen = _seen(session, [version.campaign_id for version in versions])
    found = []
    for version in versions:
        within = version.scope.within
        lift = max((lifts.get(brand_id, 1.0) for brand_id in within), default=1.0)
        bucket = _bucket([bought[one] for one in within if one in bought], lift)
        shown, used = seen.get((version.campaign_id, bucket), (0, 0))
        worth = sum(margins[brand_id] for brand_id in within) / len(within)
        found.append(Candidate(version, Arm(bucket, shown, used, worth, lift)))
    return found


def _bucket(days_since: Sequence[int], lift: float) -> Bucket:
    if days_since and min(days_since) <= BUYER_DAYS:
        return "buyer"
    if days_since:
        return "lapsed"
    return "near" if lift > 1 else "stranger"


def last_bought(session: Session, shopper_id: UUID, today: date) -> dict[UUID, int]:
    """Return how many days ago a shopper last bought each brand, of the last year."""
    asked = {"shopper": shopper_id, "since": today - timedelta(days=LAPSED_DAYS)}
    return {brand_id: (today - day).days for brand_id, day in _LAST_BOUGHT.rows(session, asked)}


_LAST_BOUGHT: Final = Statement("""
    SELECT line.brand_id, max(receipt.purchased_on) FROM receipt
    JOIN receipt_line AS line ON line.receipt_id = receipt.id
    WHERE receipt.shopper_id = :shopper AND receipt.status = 'approved' AND receipt.purchased_on >= :since
        AND line.brand_id IS NOT NULL
    GROUP BY line.brand_id
""")


def brand_lifts(
    session: Session, bought: Mapping[UUID, int], brand_ids: Collection[UUID], today: date
) -> dict[UUID, float]:
    """Return how many times as often as by chance something of a brand lies with what is bought."""
    lifts: dict[UUID, float] = {}
    for _, brand_id, lift in product_lifts(session, bought, brand_ids, today):
        lifts[brand_id] = max(lift, lifts.get(brand_id, 1.0))
    return lifts


def product_lifts(
    session: Session, bought: Mapping[UUID, int], brand_ids: Collection[UUID], today: date
) -> list[tuple[UUID, UUID, float]]:
    """Return products of some brands that go with what a shopper buys: (product, brand, lift)."""
    buys = [brand_id for brand_id, days in bought.items() if days <= BUYER_DAYS]
    if not buys:
        return []
    asked = {"buys": buys, "brands": list(brand_ids), "since": today - timedelta(days=GOES_WITH_DAYS)}
    return [(product_id, brand_id, lift) for product_id, brand_id, lift in _GOES_WITH.rows(session, asked)]


_GOES_WITH: Final = Statement("""
    SELECT product.id, product.brand_id, max(goes_with.lift) FROM goes_with
    JOIN product ON product.id = goes_with.product_id
    WHERE goes_with.brand_id = ANY (CAST(:buys AS uuid[]))
        AND product.brand_id = ANY (CAST(:brands AS uuid[]))
        AND goes_with.counted_on >= :since
    GROUP BY product.id
""")


def margins_of(session: Session, brand_ids: Collection[UUID]) -> dict[UUID, float]:
    """Return what of its price each brand keeps; one that did not say counts as the mean of them.

    Taking the silent as keeping all would put them before every brand that tells the truth.
    """
    said = {margin.brand_id: float(margin.share) for margin in session.exec(select(BrandMargin)).all()}
    usual = sum(said.values()) / len(said) if said else 1.0
    return {brand_id: said.get(brand_id, usual) for brand_id in brand_ids}


def _seen(session: Session, campaign_ids: Sequence[UUID]) -> dict[tuple[UUID, str], tuple[int, int]]:
    rows = session.exec(select(OfferArm).where(col(OfferArm.campaign_id).in_(campaign_ids))).all()
    return {(row.campaign_id, row.bucket): (row.shown, row.used) for row in rows}

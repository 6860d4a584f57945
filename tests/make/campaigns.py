"""Baskets and campaign versions for tests of rules alone, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid5

from domain.campaigns.compiled import Known, Version, compile_terms
from domain.campaigns.compiling import Named, Names
from domain.campaigns.facts import NO_HISTORY, Basket, BasketLine, Case, History
from domain.campaigns.judging import Judgement, Limits, judge
from domain.campaigns.terms import Terms
from domain.catalog.folding import fold
from infra.clock import TILL_ZONE

SPACE = UUID(int=13)
BRANDS = ("omo", "knorr", "dove", "beer", "formula")
PRODUCTS = (
    "omo-3kg",
    "omo-5kg",
    "omo-gel",
    "knorr-cube",
    "knorr-sauce",
    "dove-soap",
    "beer-can",
    "formula-1",
)
RETAILERS = ("winmart", "aeon", "coopmart")
CATEGORIES = {"omo": "laundry", "knorr": "food", "dove": "care", "beer": "drinks", "formula": "infant"}
SHOPPER = uuid5(SPACE, "shopper")
# A Monday.
DAY = date(2026, 11, 30)


def id_of(slug: str) -> UUID:
    return uuid5(SPACE, slug)


def named(slugs: Sequence[str]) -> dict[str, Named]:
    return {slug: Named(id_of(slug), slug.replace("-", " ").title()) for slug in slugs}


NAMES = Names(named(BRANDS), named(PRODUCTS), named(RETAILERS))


def line(
    product: str = "omo-3kg", net: int = 100_000, units: float = 1, restricted: str = "none"
) -> BasketLine:
    brand = product.split("-", maxsplit=1)[0]
    known = product if product in PRODUCTS else None
    return BasketLine(
        0,
        id_of(brand) if brand in BRANDS else None,
        id_of(known) if known else None,
        CATEGORIES.get(brand),
        round(units * 1000),
        net,
        restricted,
    )


def basket(*lines: BasketLine, total: int | None = None, **values: Any) -> Basket:
    """A basket of WinMart bought on DAY at noon and sent that day; `total` is less where discounted."""
    placed = [
        BasketLine(
            position,
            one.brand_id,
            one.product_id,
            one.category,
            one.milli,
            one.net_minor,
            one.restricted,
        )
        for position, one in enumerate(lines)
    ]
    gross = sum(one.net_minor for one in placed)
    paid = gross if total is None else total
    day: date = values.get("purchased_on", DAY)
    uploaded: date = values.get("uploaded_on", day)
    usual: dict[str, Any] = {
        "receipt_id": id_of("receipt"),
        "shopper_id": SHOPPER,
        "lines": placed,
        "paid_of": paid if paid < gross else 1,
        "paid_in": gross if paid < gross else 1,
        "retailer_id": id_of("winmart"),
        "store": fold("WM Ba Tháng Hai"),
        "region": fold("3 Ba Tháng Hai, Quận 10, TP. Hồ Chí Minh"),
        "purchased_on": day,
        "purchased_at": datetime.combine(day, time(12)),
        "uploaded_at": datetime.combine(uploaded, time(13), TILL_ZONE).astimezone(UTC),
        "uploaded_on": uploaded,
    }
    return Basket(**(usual | values))


def terms(*rules: dict[str, Any], **values: Any) -> Terms:
    """A campaign of this autumn on every brand, whose rules are given as `{when, give}`."""
    usual = {
        "starts_on": date(2026, 9, 1),
        "ends_on": date(2026, 12, 31),
        "brands": BRANDS,
        "rules": [{"name": f"r{place}", **rule} for place, rule in enumerate(rules)],
    }
    return Terms.model_validate(usual | values)


def version(said: Terms, slug: str = "c", no: int = 1) -> Version:
    return compile_terms(Known(id_of(f"{slug}-version"), id_of(slug), no, slug, slug), said, NAMES)


def judged(
    bought: Basket, *versions: Version, history: History = NO_HISTORY, limits: Limits | None = None
) -> Judgement:
    return judge(versions, Case(bought, history), limits or Limits())


def points(judgement: Judgement) -> dict[str, int]:
    """Points by brand's slug, of all campaigns together."""
    slugs = {id_of(slug): slug for slug in BRANDS}
    found: dict[str, int] = {}
    for award in judgement.awards:
        found[slugs[award.brand_id]] = found.get(slugs[award.brand_id], 0) + award.points
    return found


def spend(points_: int = 10, minor: int = 10_000, **values: Any) -> dict[str, Any]:
    return {"kind": "points_per_amount", "points": points_, "minor": minor, **values}

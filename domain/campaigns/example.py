"""Terms tried on one made-up receipt: what it would earn, and in words why, and why not more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.campaigns.compiled import Known, Version, compile_terms
from domain.campaigns.earning import CURRENCY, basket_of, lines_kept
from domain.campaigns.facts import Basket, Case, History
from domain.campaigns.judging import Limits, judge
from domain.campaigns.names import check_names
from domain.campaigns.terms import Terms
from domain.campaigns.told import tell_cut, tell_effect, tell_miss
from infra import clock
from infra.words import Language
from schemas.base import new_id
from schemas.campaigns import Campaign, WhyView
from schemas.catalog import Brand, Product, Retailer
from schemas.receipts import Receipt, ReceiptLine

GOODS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """So many of a product, by its slug, for so much in all, in minor units."""

    product: str
    units: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Example:
    """A made-up receipt, sent when it was bought; `is_first` where its shopper never bought before.

    `purchased_at` is the till's time, without a zone; a `retailer` of None is an unknown shop.
    """

    lines: Sequence[ExampleLine]
    retailer: str | None
    purchased_at: datetime
    is_first: bool = False
    tier: str = ""


@dataclass(frozen=True, slots=True)
class ToldRule:
    """A rule in words: what it gives, whether it held, and what kept it from that."""

    name: str
    gives: Sequence[str]
    holds: bool
    missed: Sequence[WhyView]


@dataclass(frozen=True, slots=True)
class ToldExample:
    """What a made-up receipt would earn, by line too; `kept_off` is what keeps it from more as a whole."""

    points: int
    points_of: Sequence[int]
    stamps: int
    rewards: Sequence[str]
    rules: Sequence[ToldRule]
    kept_off: Sequence[WhyView]


def goods_for(session: Session, brands: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return products of brands as (slug, name, brand's name), those of the first brands first."""
    rows = session.exec(
        select(Product.slug, Product.name, Brand.name, Brand.slug)
        .join(Brand, col(Brand.id) == Product.brand_id)
        .where(col(Brand.slug).in_(brands), col(Product.retired_at).is_(None))
        .order_by(col(Product.name))
        .limit(GOODS_MAX)
    ).all()
    place = {slug: number for number, slug in enumerate(brands)}
    return [row[:3] for row in sorted(rows, key=lambda row: place[row[3]])]


def try_on_example(
    session: Session, campaign: Campaign, terms: Terms, example: Example, language: Language
) -> ToldExample:
    """Judge a made-up receipt by terms alone, beside no other campaign and with nothing used before.

    Raises:
        UnknownNamesError: The terms name what the catalogue lacks.
    """
    names = check_names(session, terms)
    known = Known(new_id(), campaign.id, campaign.no or 0, campaign.slug, campaign.name)
    version = compile_terms(known, terms, names)
    basket = _basket(session, example)
    case = Case(basket, _history(example, basket))
    judgement = judge([version], case, Limits(left=_left(version)))
    outcome = next(iter(judgement.outcomes), None)
    by_line = [0] * len(example.lines)
    for shares in outcome.lines.values() if outcome else ():
        for position, points in shares.items():
            by_line[position] += points
    kept_off = [tell_miss(miss, language) for miss in version.gate(case)]
    if outcome and outcome.cut:
        kept_off.append(tell_cut(outcome.cut, language, outcome.total))
    return ToldExample(
        points=outcome.total if outcome else 0,
        points_of=by_line,
        stamps=sum(outcome.given.stamps.values()) if outcome else 0,
        rewards=sorted(outcome.given.rewards) if outcome else [],
        rules=list(_rules(version, case, language)),
        kept_off=kept_off,
    )


def _rules(version: Version, case: Case, language: Language) -> Iterator[ToldRule]:
    for rule, said in zip(version.rules, version.terms.rules, strict=True):
        missed = [tell_miss(miss, language) for miss in (rule.when.misses(case) if rule.when else ())]
        gives = [tell_effect(effect, version.scope, language) for effect in said.give]
        yield ToldRule(rule.name, gives, not missed, missed)


def _left(version: Version) -> dict[UUID, int]:
    budget = version.terms.budget
    left = [amount for amount in (budget.total, budget.daily) if amount is not None]
    return {version.campaign_id: min(left)} if left else {}


def _history(example: Example, basket: Basket) -> History:
    before = not example.is_first
    bought = basket.lines if before else ()
    return History(
        bought_before=before,
        retailer_before=before,
        brands_before=frozenset(line.brand_id for line in bought if line.brand_id),
        products_before=frozenset(line.product_id for line in bought if line.product_id),
        tier=example.tier,
        segments=frozenset(),
    )


def _basket(session: Session, example: Example) -> Basket:
    rows = session.exec(
        select(Product).where(col(Product.slug).in_([line.product for line in example.lines]))
    ).all()
    products = {product.slug: product for product in rows}
    receipt = Receipt(
        shopper_id=new_id(),
        request_hash="",
        received_at=example.purchased_at.replace(tzinfo=clock.TILL_ZONE),
        rung_at=clock.now(),
        purchased_at=example.purchased_at,
        purchased_on=example.purchased_at.date(),
        currency=CURRENCY,
    )
    if example.retailer:
        receipt.retailer_id = session.exec(
            select(Retailer.id).where(Retailer.slug == example.retailer)
        ).first()
    lines = [
        ReceiptLine(
            receipt_id=receipt.id,
            position=position,
            raw_name="",
            product_id=product.id if product else None,
            brand_id=product.brand_id if product else None,
            quantity=Decimal(line.units),
            amount_minor=line.amount_minor,
        )
        for position, line in enumerate(example.lines)
        for product in [products.get(line.product)]
    ]
    basket = basket_of(receipt, lines_kept(session, lines))
    assert basket is not None  # noqa: S101 - it has a day and our currency
    return basket

"""The offer that is put before a shopper first: chosen when they ask, kept for the day, with its chance."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.campaigns.compiled import Version
from domain.campaigns.facts import PER_UNIT, BasketLine
from domain.campaigns.offers import offers_of
from domain.errors import NotFoundError
from domain.events.due import note_due
from domain.offers.candidates import (
    Candidate,
    allowed_classes,
    candidates,
    last_bought,
    margins_of,
    product_lifts,
)
from domain.offers.sampling import POLICY, chances, draw
from domain.people.holdout import held_out
from domain.privacy import consents
from domain.surveys import drawing
from infra import clock
from infra.statements import Statement
from infra.words import Language
from schemas.base import new_id, table_of
from schemas.campaigns import Campaign
from schemas.offers import NextOffer, NextOfferAnswer, OfferChoice, OfferProduct

PRODUCTS_MAX: Final = 5
# Of one offer's brands; more are no help to anybody.
_PRODUCTS_LOOKED_AT: Final = 2000
_CHANCE_DIGITS: Final = 6
# The lot must not be foreseen by whoever could shop for it.
_lots = random.SystemRandom()


def next_offer(session: Session, shopper_id: UUID, language: Language) -> NextOfferAnswer:
    """Return the offer to put before a shopper today; the same all day, as long as they can use it.

    Who is held out this year has one chosen too, which is kept and not shown: what they buy anyway is what
    the offers of all others are held against.
    """
    today = clock.till_today()
    found = candidates(session, shopper_id, today)
    if not found and not consents.given(session, shopper_id, "personal_offers"):
        return NextOfferAnswer(next=None, why_none="no_consent")
    choice = _standing(session, shopper_id, today)
    chosen = _chosen(choice, found)
    if found and chosen is None:
        choice = _choose(session, shopper_id, today, found, 0 if choice is None else choice.round + 1)
        chosen = _chosen(choice, found)
    if choice is None or chosen is None or choice.held_out:
        return NextOfferAnswer(next=None, why_none="none_left")
    [offer] = offers_of(session, shopper_id, [chosen.version], language)
    products = _products(session, shopper_id, today, chosen.version)
    return NextOfferAnswer(next=NextOffer(id=choice.id, offer=offer, products=products), why_none=None)


def note_shown(session: Session, shopper_id: UUID, choice_id: UUID) -> None:
    """Note that a shopper saw the offer that was chosen for them; again it changes nothing.

    It is also when they may be asked what they think of it, as surveys ask.

    Raises:
        NotFoundError: None was chosen for them by this id, or they are held out.
    """
    mine = select(OfferChoice).where(OfferChoice.id == choice_id, OfferChoice.shopper_id == shopper_id)
    choice = session.exec(mine.with_for_update()).one_or_none()
    if choice is None or choice.held_out:
        raise NotFoundError
    if choice.shown_at is None:
        choice.shown_at = clock.now()
        session.add(choice)
        session.flush()
        note_due(session, "offer", [choice.id])
        brand_id = session.exec(select(Campaign.brand_id).where(Campaign.id == choice.campaign_id)).one()
        if brand_id is not None:
            drawing.ask_of_offer(session, shopper_id, choice.campaign_id, brand_id)


def _standing(session: Session, shopper_id: UUID, today: date) -> OfferChoice | None:
    mine = select(OfferChoice).where(OfferChoice.shopper_id == shopper_id, OfferChoice.chosen_on == today)
    return session.exec(mine.order_by(col(OfferChoice.round).desc()).limit(1)).first()


def _chosen(choice: OfferChoice | None, found: Sequence[Candidate]) -> Candidate | None:
    if choice is None:
        return None
    return next((one for one in found if one.version.campaign_id == choice.campaign_id), None)


def _choose(
    session: Session, shopper_id: UUID, today: date, found: Sequence[Candidate], round_: int
) -> OfferChoice | None:
    """Choose one and keep the choice; where two ask at once, both get the first one's."""
    of_each = chances([one.arm for one in found])
    place = draw(of_each, _lots.random())
    told = [
        [one.version.no, one.arm.bucket, round(float(chance), _CHANCE_DIGITS)]
        for one, chance in zip(found, of_each, strict=True)
    ]
    row = {
        "id": new_id(),
        "shopper_id": shopper_id,
        "chosen_on": today,
        "round": round_,
        "chosen_at": clock.now(),
        "campaign_id": found[place].version.campaign_id,
        "bucket": found[place].arm.bucket,
        "chance": float(of_each[place]),
        "policy": POLICY,
        "held_out": held_out(shopper_id, today.year),
        "candidates": told,
    }
    session.execute(insert(table_of(OfferChoice)).values(row).on_conflict_do_nothing())
    return _standing(session, shopper_id, today)


def _products(session: Session, shopper_id: UUID, today: date, version: Version) -> list[OfferProduct]:
    """Return products that an offer counts and law lets be promoted.

    Those first that go with what the shopper buys, then those of the brand that keeps most of its price.
    """
    within = version.scope.within
    asked = {
        "brands": list(within),
        "allowed": allowed_classes(session, shopper_id, today),
        "most": _PRODUCTS_LOOKED_AT,
    }
    goods = version.goods
    rows = [
        row
        for row in _PRODUCTS.rows(session, asked)
        if any(key.names(BasketLine(0, row[1], row[0], row[4], PER_UNIT, 1)) for key in goods)
    ]
    bought = last_bought(session, shopper_id, today)
    lifts = {product_id: lift for product_id, _, lift in product_lifts(session, bought, within, today)}
    margins: Mapping[UUID, float] = margins_of(session, within)
    rows.sort(key=lambda row: (-lifts.get(row[0], 1.0), -margins[row[1]], row[2]))
    return [OfferProduct(slug=row[2], name=row[3], brand=row[5]) for row in rows[:PRODUCTS_MAX]]


_PRODUCTS: Final = Statement("""
    SELECT product.id, product.brand_id, product.slug, product.name, product.category, brand.name
    FROM product JOIN brand ON brand.id = product.brand_id
    WHERE product.brand_id = ANY (CAST(:brands AS uuid[])) AND product.retired_at IS NULL
        AND coalesce(nullif(product.restricted_class, 'none'), brand.restricted_class)
            = ANY (CAST(:allowed AS text[]))
    ORDER BY product.slug LIMIT :most
""")

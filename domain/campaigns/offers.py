"""What a shopper can earn now, and why not yet: rules asked about an empty basket, in the words that pay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from domain.campaigns import terms as t
from domain.campaigns.budgets import left_of
from domain.campaigns.compiled import Version, cap_key, taking_part
from domain.campaigns.facts import Basket, Case, History
from domain.campaigns.history import history_of
from domain.campaigns.programme import live_at
from domain.campaigns.told import tell_effect, tell_miss, why
from domain.origins.clusters import household_of
from infra import clock
from infra.words import Language
from schemas.base import new_id
from schemas.campaigns import OfferList, OfferRule, OfferView, StampsView, WhyView
from schemas.catalog import Brand

OFFERS_MAX = 100


def offers(session: Session, shopper_id: UUID, language: Language) -> OfferList:
    """Return what a shopper can earn by campaigns that run or begin within a week, soonest to end first."""
    now, today = clock.now(), clock.till_today()
    versions = [
        version
        for version in taking_part(live_at(session, now).versions, shopper_id)
        if version.runs_near(today) and today <= version.terms.ends_on
    ]
    versions.sort(key=lambda version: (version.terms.ends_on, version.no))
    return OfferList(offers=offers_of(session, shopper_id, versions[:OFFERS_MAX], language))


def offers_of(
    session: Session, shopper_id: UUID, versions: Sequence[Version], language: Language
) -> list[OfferView]:
    """Return some versions as a shopper sees them."""
    now = clock.now()
    basket = empty_basket(shopper_id, clock.till_today())
    household_id = None
    if any(version.asks.household for version in versions):
        household_id = household_of(session, shopper_id, now)
    history = history_of(session, basket, versions, household_id)
    left = left_of(session, versions, now)
    case = Case(basket, history)
    brand_ids = {brand_id for version in versions for brand_id in version.scope.within}
    named = dict(session.exec(select(Brand.id, Brand.name).where(col(Brand.id).in_(brand_ids))).all())
    return [_offer(version, case, left.get(version.campaign_id), named, language) for version in versions]


def empty_basket(shopper_id: UUID, today: date) -> Basket:
    """Return a basket of a shopper's with nothing in it yet, for rules to look at."""
    return Basket(
        receipt_id=new_id(),
        shopper_id=shopper_id,
        lines=(),
        paid_of=1,
        paid_in=1,
        retailer_id=None,
        store=None,
        region=None,
        purchased_on=today,
        purchased_at=clock.till_now(),
        uploaded_at=clock.now(),
        uploaded_on=today,
    )


def _offer(
    version: Version, case: Case, left: int | None, named: dict[UUID, str], language: Language
) -> OfferView:
    terms = version.terms
    return OfferView(
        campaign=version.slug,
        name=version.name,
        brands=sorted(named[brand_id] for brand_id in version.scope.within),
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        rules=[
            OfferRule(
                gives=[tell_effect(effect, version.scope, language) for effect in said.give],
                not_yet=[
                    tell_miss(miss, language)
                    for miss in (rule.when.misses(case) if rule.when else ())
                    # Of a basket not bought yet much is unknown, and none of it keeps anybody from buying.
                    if miss.state == "missed"
                ],
            )
            for rule, said in zip(version.rules, terms.rules, strict=True)
        ],
        stamps=_stamps(version, case.history),
        not_yet=_not_yet(version, case, left, language),
    )


def _stamps(version: Version, history: History) -> list[StampsView]:
    return [
        StampsView(
            card=effect.card,
            have=max(0, history.on_card((version.campaign_id, effect.card))),
            full=effect.full,
        )
        for rule in version.terms.rules
        for effect in rule.give
        if isinstance(effect, t.Stamp)
    ]


def _not_yet(version: Version, case: Case, left: int | None, language: Language) -> Sequence[WhyView]:
    told = [tell_miss(miss, language) for miss in version.gate(case) if miss.path == "days"]
    for cap in version.terms.caps:
        used = case.history.caps.get((version.campaign_id, cap_key(cap)), 0)
        if used >= cap.most:
            told.append(why(f"offer_cap_{cap.per}", language))
    if left is not None and left <= 0:
        told.append(why("offer_budget", language))
    return told

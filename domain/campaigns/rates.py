"""Exchanges of all campaigns together: nobody's points may grow by going round.

One campaign may give more for a brand's points than they took, to bring shoppers over. But where another lets
them come back, a shopper who goes round and round would make points out of nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col, or_

from domain.campaigns.errors import ExchangeGainsError
from domain.campaigns.programme import terms_of
from domain.campaigns.terms import Exchange, Terms
from infra import clock
from infra.db import lock_key
from schemas.base import table_of
from schemas.campaigns import Campaign, CampaignSpan, CampaignVersion


def check_rates(session: Session, campaign_id: UUID, terms: Terms, from_at: datetime) -> None:
    """Refuse terms by whose exchanges, and those of others of the same days, points would grow.

    Raises:
        ExchangeGainsError: They would.
    """
    if not terms.exchanges:
        return
    # Two that are published at once would not see each other.
    lock_key(session, "rates of exchange")
    since = max(from_at, clock.now())
    others = select(func.distinct(col(CampaignVersion.id))).select_from(CampaignSpan)
    others = others.join(CampaignVersion, col(CampaignVersion.id) == col(CampaignSpan.version_id))
    others = others.join(Campaign, col(Campaign.id) == col(CampaignVersion.campaign_id)).where(
        col(Campaign.id) != campaign_id,
        or_(col(CampaignSpan.until_at).is_(None), col(CampaignSpan.until_at) > since),
        col(Campaign.ends_on) >= terms.starts_on,
        table_of(CampaignVersion).c.terms.has_key("exchanges"),
    )
    beside = [
        one
        for one in terms_of(session, session.scalars(others).all()).values()
        if one.starts_on <= terms.ends_on and terms.starts_on <= one.ends_on
    ]
    allowed = [exchange for one in (terms, *beside) for exchange in one.exchanges]
    for place, exchange in enumerate(terms.exchanges):
        if _brings(allowed, exchange.to_points_of, exchange.from_points_of) * _rate(exchange) > 1:
            raise ExchangeGainsError(field=f"exchanges.{place}")


def _rate(exchange: Exchange) -> Fraction:
    return Fraction(exchange.becoming, exchange.points)


def _brings(allowed: Iterable[Exchange], given: str, wanted: str) -> Fraction:
    """Return the most of what is wanted that one point brings; 0 where there is no way.

    `group` is taken for one kind of points, though each owner has its own: brands of two owners never meet.
    """
    ways = list(allowed)
    best = {given: Fraction(1)}
    # No way without a round is longer than there are kinds.
    for _ in {exchange.from_points_of for exchange in ways}:
        for one in ways:
            if one.from_points_of in best and one.to_points_of != given:
                more = best[one.from_points_of] * _rate(one)
                best[one.to_points_of] = max(more, best.get(one.to_points_of, Fraction(0)))
    return best.get(wanted, Fraction(0))

"""Points of one brand turned into another's of the same group, at the rate that a live campaign allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.campaigns import terms as t
from domain.campaigns.compiled import Version, taking_part
from domain.campaigns.programme import live_at
from domain.events.outbox import NewEvent, record
from domain.ledger import budgets, spending
from domain.ledger.accounts import currency_of, group_currency
from domain.ledger.budgets import Claim
from domain.ledger.lots import last_day
from domain.ledger.transfers import key_of
from domain.loyalty.errors import (
    ExchangeClosedError,
    ExchangeLimitError,
    ExchangeSpentError,
    ExchangeStepError,
    RequestReusedError,
)
from infra import clock
from schemas.base import Points
from schemas.ledger import ExchangeOffer, ExchangeRequest, ExchangeView


@dataclass(frozen=True, slots=True)
class _Allowed:
    """An exchange that a campaign allows now, between two currencies."""

    version: Version
    said: t.Exchange
    from_currency: int
    to_currency: int


def _open(session: Session, shopper_id: UUID) -> Iterator[tuple[Version, t.Exchange]]:
    today = clock.till_today()
    for version in taking_part(live_at(session, clock.now()).versions, shopper_id):
        if version.runs_on(today):
            yield from ((version, said) for said in version.terms.exchanges)


def offers(session: Session, shopper_id: UUID) -> list[ExchangeOffer]:
    """Return what a shopper may exchange now, and how much more of each today."""
    return [
        ExchangeOffer(
            campaign=version.slug,
            from_points_of=said.from_points_of,
            to_points_of=said.to_points_of,
            points=said.points,
            becoming=said.becoming,
            left_today=_left_today(session, _between(session, version, said), shopper_id),
            ends_on=version.terms.ends_on,
        )
        for version, said in _open(session, shopper_id)
    ]


def exchange(session: Session, shopper_id: UUID, request: str, asked: ExchangeRequest) -> ExchangeView:
    """Exchange a shopper's points, once for each `request`; the same again is answered the same.

    Raises:
        ExchangeClosedError: No campaign that is live allows it.
        ExchangeStepError: The points are no whole steps.
        ExchangeLimitError: It is more than the shopper may give today.
        InsufficientPointsError: The shopper can't spend so many.
        ExchangeSpentError: The campaign's budget holds less than what would come.
        RequestReusedError: The shopper used this `request` for another exchange.
    """
    key = key_of("exchange", shopper_id, request)
    if (before := _done_before(session, key, asked)) is not None:
        return before
    allowed = _find(session, shopper_id, asked)
    if asked.points % allowed.said.points:
        raise ExchangeStepError(step=allowed.said.points)
    owner = spending.Owner(shopper_id, allowed.from_currency)
    # What was exchanged today is counted once nobody else can exchange.
    spending.lock_pair(session, owner, allowed.to_currency)
    if (before := _done_before(session, key, asked)) is not None:
        return before
    left = _left_today(session, allowed, shopper_id)
    if left is not None and asked.points > left:
        raise ExchangeLimitError(left=left)
    at, becoming = clock.now(), asked.points // allowed.said.points * allowed.said.becoming
    until = last_day(at, allowed.version.terms.valid_days)
    spending.exchange(
        session,
        key,
        owner,
        Points(asked.points),
        to_currency_id=allowed.to_currency,
        becoming=Points(becoming),
        last_day=until,
        at=at,
        campaign_id=allowed.version.campaign_id,
    )
    data = {"points": asked.points, "became": becoming, "campaign": allowed.version.slug}
    record(session, [NewEvent(f"exchanged:{key}", "points.exchanged", shopper_id, at, shopper_id, data)])
    # Budgets come last: nobody waits for them longer than the commit takes.
    claim = Claim(key, becoming, allowed.version.budget_ids)
    if budgets.claim(session, [claim], at=at)[key] < becoming:
        raise ExchangeSpentError
    return ExchangeView(id=key, points=asked.points, became=becoming, expires_on=until, occurred_at=at)


def _find(session: Session, shopper_id: UUID, asked: ExchangeRequest) -> _Allowed:
    wanted = asked.campaign, asked.from_points_of, asked.to_points_of
    for version, said in _open(session, shopper_id):
        if (version.slug, said.from_points_of, said.to_points_of) == wanted:
            return _between(session, version, said)
    raise ExchangeClosedError


def _between(session: Session, version: Version, said: t.Exchange) -> _Allowed:
    source, target = (_currency(session, version, name) for name in (said.from_points_of, said.to_points_of))
    return _Allowed(version, said, source, target)


def _currency(session: Session, version: Version, points_of: str) -> int:
    if points_of != t.GROUP:
        return currency_of(session, version.scope.names.brands[points_of].id)
    return group_currency(session, version.scope.names.brands[version.terms.brands[0]].owner)


def _left_today(session: Session, allowed: _Allowed, shopper_id: UUID) -> int | None:
    if allowed.said.day_max is None:
        return None
    asked = {
        "shopper": shopper_id,
        "source": allowed.from_currency,
        "target": allowed.to_currency,
        "campaign": allowed.version.campaign_id,
        "since": clock.day_begins(clock.till_today()),
    }
    return max(0, allowed.said.day_max - int(session.execute(_GIVEN, asked).scalar_one()))


_GIVEN: Final = text("""
    SELECT COALESCE(sum(given.points), 0)
    FROM account JOIN transfer AS given ON given.debit_id = account.id
        AND given.kind <> 'earn' AND given.kind = 'exchange' AND given.occurred_at >= :since
        AND given.campaign_id = CAST(:campaign AS uuid)
    JOIN transfer AS come ON come.follows = given.key
    JOIN account AS into_account ON into_account.id = come.credit_id
    WHERE account.shopper_id = CAST(:shopper AS uuid) AND account.kind = 'shopper'
        AND account.currency_id = :source AND into_account.currency_id = :target
""")


def _done_before(session: Session, key: UUID, asked: ExchangeRequest) -> ExchangeView | None:
    """Return the exchange that stands under a key, if it is what is asked for."""
    row = session.execute(_BEFORE, {"key": key}).one_or_none()
    if row is None:
        return None
    view = ExchangeView(
        id=key, points=row.points, became=row.became, expires_on=row.last_day, occurred_at=row.occurred_at
    )
    said = row.campaign, row.from_points_of, row.to_points_of, row.points
    if said != (asked.campaign, asked.from_points_of, asked.to_points_of, asked.points):
        raise RequestReusedError
    return view


_BEFORE: Final = text(f"""
    SELECT given.points, come.points AS became, come.last_day, given.occurred_at, campaign.slug AS campaign,
        COALESCE(source_brand.slug, '{t.GROUP}') AS from_points_of,
        COALESCE(target_brand.slug, '{t.GROUP}') AS to_points_of
    FROM transfer AS given JOIN transfer AS come ON come.follows = given.key
    JOIN campaign ON campaign.id = given.campaign_id
    JOIN account AS source ON source.id = given.debit_id JOIN account AS target ON target.id = come.credit_id
    JOIN currency AS source_currency ON source_currency.id = source.currency_id
    JOIN currency AS target_currency ON target_currency.id = target.currency_id
    LEFT JOIN brand AS source_brand ON source_brand.id = source_currency.brand_id
    LEFT JOIN brand AS target_brand ON target_brand.id = target_currency.brand_id
    WHERE given.key = CAST(:key AS uuid) AND given.kind = 'exchange'
""")  # noqa: S608 - of a constant

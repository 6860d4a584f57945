"""What is to be had while all fails: budgets that run out, few vouchers, a partner who listens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlmodel import Session, select

from bench.chaos_journeys import begin as begin_journey
from domain.campaigns.terms import (
    Budget,
    Cap,
    Effect,
    Fixed,
    PointsPerAmount,
    Rule,
    Shops,
    Stacking,
    Terms,
)
from domain.campaigns.versions import create_campaign, publish_terms
from domain.partners import access
from domain.people.shoppers import join_shopper, join_staff
from domain.privacy.consents import record_for_trial
from domain.purchases import members, orders
from domain.rewards import catalogue, stock
from domain.webhooks import endpoints
from infra import clock
from infra.db import transaction
from schemas.partners import NewPartner, Partner
from schemas.purchases import NewPurchase, NewPurchaseLine
from schemas.rewards import NewReward
from schemas.webhooks import EndpointChanges, NewEndpoint

PARTNER: Final = "chaos-shops"
BRAND: Final = "omo"
GOODS: Final = "OMO Bột giặt 5.5kg"
BUYERS: Final = 8
REWARD_POINTS: Final = 100
# More points than a buyer can spend on every voucher that there is.
PURSE_DONG: Final = 500_000_000
TOTAL_POINTS, DAILY_POINTS = 30, 20
# What is left at last is less than one award: a part of it is paid, or nothing.
REST_POINTS: Final = 10
DAYS_BACK: Final = 300


@dataclass(frozen=True, slots=True)
class Buyer:
    """A shopper whom tills know, with more points than they can spend."""

    id: UUID
    membership_code: str


@dataclass(frozen=True, slots=True)
class Stage:
    """What was set up: `campaigns` are those with a budget, `secret` is the partner's."""

    admin_id: UUID
    campaigns: tuple[UUID, ...]
    reward_id: UUID
    stock: int
    secret: str
    buyers: tuple[Buyer, ...]
    endpoint_id: UUID
    endpoint_secret: str

    def listen_again(self) -> None:
        """Switch the endpoint on afresh, as staff do: what it missed does not make it wait."""
        with transaction() as session:
            endpoints.change_endpoint(session, self.endpoint_id, EndpointChanges(enabled=True), self.admin_id)


def set_up(session: Session, faults: int, receiver: str) -> Stage:
    """Set up what lasts for about half of so many faults.

    Args:
        session: The open transaction.
        faults: How many are to be done.
        receiver: The address that is told of events.
    """
    admin_id = join_staff(session, "chaos@example.com", "admin").id
    listening = endpoints.add_endpoint(session, NewEndpoint(url=f"{receiver}/events"), admin_id)
    secret = access.join_partner(session, NewPartner(slug=PARTNER, name="Chaos")).secret
    buyers = tuple(_buyer(session, number) for number in range(BUYERS))
    earns = PointsPerAmount(kind="points_per_amount", points=10, minor=10_000)
    _publish(session, "chaos-purse", earns, valid_days=30)
    _fill_purses(session, buyers)
    # What fills the purses is told of before there are budgets to pay for it.
    reward_id = _offer(session, admin_id, size := faults // 2 + 2)
    total = Budget(total=TOTAL_POINTS * (faults // 2 + 1) + REST_POINTS, short="rest")
    daily = Budget(daily=DAILY_POINTS * (faults // 4 + 1) + REST_POINTS)
    caps = (
        Cap(per="day", most=DAILY_POINTS + REST_POINTS),
        Cap(of="receipts", per="campaign", most=faults // 8 + 2),
    )
    campaigns = (
        _publish(session, "chaos-total", Fixed(kind="fixed", points=TOTAL_POINTS), budget=total),
        _publish(session, "chaos-daily", Fixed(kind="fixed", points=DAILY_POINTS), budget=daily, caps=caps),
    )
    begin_journey(session)
    return Stage(
        admin_id=admin_id,
        campaigns=campaigns,
        reward_id=reward_id,
        stock=size,
        secret=secret,
        buyers=buyers,
        endpoint_id=listening.id,
        endpoint_secret=listening.secret or "",
    )


def _buyer(session: Session, number: int) -> Buyer:
    shopper = join_shopper(session, f"0977{number:06}")
    record_for_trial(session, shopper.id)
    return Buyer(shopper.id, members.code_of(session, shopper.id))


def _publish(
    session: Session,
    slug: str,
    effect: Effect,
    *,
    budget: Budget | None = None,
    caps: tuple[Cap, ...] = (),
    valid_days: int | None = None,
) -> UUID:
    today = clock.till_today()
    days = today - timedelta(days=DAYS_BACK), today + timedelta(days=30)
    terms = Terms(
        starts_on=days[0],
        ends_on=days[1],
        accepted_days=2 * DAYS_BACK,
        valid_days=valid_days,
        brands=(BRAND,),
        rules=(Rule(name="each", give=(effect,)),),
        budget=budget or Budget(),
        caps=caps,
        # A web shop is no chain of the catalogue.
        shops=Shops(take="any"),
        stacking=Stacking(group=slug),
    )
    campaign = create_campaign(session, slug=slug, name=slug, days=days)
    publish_terms(session, campaign.id, terms)
    return campaign.id


def _fill_purses(session: Session, buyers: tuple[Buyer, ...]) -> None:
    partner = session.exec(select(Partner).where(Partner.slug == PARTNER)).one()
    for number, buyer in enumerate(buyers):
        orders.take_order(session, partner, order_of(f"purse-{number}", buyer, PURSE_DONG, number))


def order_of(name: str, buyer: Buyer, dong: int, number: int) -> NewPurchase:
    """Return an order of two packs: by its number another day and minute, so that none is another's paper."""
    day = clock.till_today() - timedelta(days=1 + number % (DAYS_BACK - 60))
    return NewPurchase(
        order=name,
        channel="web",
        membership_code=buyer.membership_code,
        purchased_at=datetime.combine(day, time(8 + number // 60 % 12, number % 60)),
        total=dong,
        lines=[NewPurchaseLine(name=GOODS, quantity=Decimal(2), amount=dong)],
    )


def _offer(session: Session, admin_id: UUID, size: int) -> UUID:
    wanted = NewReward(
        slug="chaos-coffee",
        name_vi="Cà phê",
        name_en="Coffee",
        points=REWARD_POINTS,
        starts_at=clock.now() - timedelta(minutes=1),
        partners=(PARTNER,),
    )
    reward = catalogue.draft_reward(session, BRAND, wanted, staff_id=admin_id)
    catalogue.set_state(session, BRAND, wanted.slug, offered=True, staff_id=admin_id)
    stock.draw_batch(session, reward, size, admin_id)
    return reward.id

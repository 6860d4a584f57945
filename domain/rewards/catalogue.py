"""Which rewards there are: drafted, offered and ended by the brand's managers, seen by shoppers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert
from sqlmodel import Session, col, func, or_, select

from domain.errors import InvalidValueError, NotFoundError
from domain.events.outbox import NewEvent, record
from domain.ledger import lots
from domain.partners import access
from domain.people.audit import Act, record_act
from domain.rewards import points
from domain.rewards.errors import RewardExistsError
from infra import clock
from infra.words import Language
from schemas.base import new_id, table_of
from schemas.catalog import Brand
from schemas.events import EventType
from schemas.partners import Partner
from schemas.rewards import (
    ManagedReward,
    NewReward,
    Reward,
    RewardPartner,
    RewardTerms,
    RewardView,
    Stock,
    Voucher,
    WhyNot,
)

# Shoppers are told that few are left, not how many: that figure is the brand's own.
FEW_LEFT = 20
OFFERED_MAX = 200


def draft_reward(session: Session, brand: str, wanted: NewReward, *, staff_id: UUID) -> Reward:
    """Draft a reward of a brand, not offered yet.

    Raises:
        RewardExistsError: Another has its name.
        InvalidValueError: A partner is not known.
        NotFoundError: The brand is not known.
    """
    if session.exec(select(Reward.id).where(Reward.slug == wanted.slug)).first() is not None:
        raise RewardExistsError
    terms = wanted.model_dump(exclude={"slug", "partners"})
    brand_id = _brand_id(session, brand)
    reward = Reward(
        id=new_id(),
        slug=wanted.slug,
        brand_id=brand_id,
        currency_id=points.currency(session, brand_id, of_group=wanted.points_of == "group"),
        made_at=clock.now(),
        **terms,
    )
    session.add(reward)
    session.flush()
    _take_partners(session, reward.id, wanted.partners)
    _tell(session, reward, "reward_changed", staff_id, points=reward.points)
    return reward


def change_reward(session: Session, brand: str, slug: str, terms: RewardTerms, *, staff_id: UUID) -> Reward:
    """Say anew what a reward is; issued vouchers keep what they were issued with.

    Raises:
        NotFoundError: The brand has no such reward.
        InvalidValueError: A partner is not known.
    """
    reward = of_brand(session, brand, slug, locked=True)
    for name, value in terms.model_dump(exclude={"partners"}).items():
        setattr(reward, name, value)
    reward.currency_id = points.currency(session, reward.brand_id, of_group=terms.points_of == "group")
    session.add(reward)
    _take_partners(session, reward.id, terms.partners)
    session.flush()
    _tell(session, reward, "reward_changed", staff_id, points=reward.points)
    return reward


def set_state(session: Session, brand: str, slug: str, *, offered: bool, staff_id: UUID) -> Reward:
    """Offer a reward to shoppers, or end it; issued vouchers stay good.

    Raises:
        NotFoundError: The brand has no such reward.
    """
    reward = of_brand(session, brand, slug, locked=True)
    reward.state = "offered" if offered else "ended"
    session.add(reward)
    session.flush()
    _tell(session, reward, "reward_offered" if offered else "reward_ended", staff_id)
    return reward


def _tell(session: Session, reward: Reward, act: Act, staff_id: UUID, **details: int) -> None:
    """Keep on the trail what somebody did with a reward, and tell other systems of it."""
    record_act(session, staff_id, act, subject=reward.slug, details=details)
    now = clock.now()
    data = {"reward": str(reward.id), "slug": reward.slug, **details}
    record(session, [NewEvent(f"{act}:{now.isoformat()}", _EVENTS[act], reward.id, now, data=data)])


_EVENTS: Final[Mapping[Act, EventType]] = {
    "reward_changed": "reward.changed",
    "reward_offered": "reward.offered",
    "reward_ended": "reward.ended",
}


def of_brand(session: Session, brand: str, slug: str, *, locked: bool = False) -> Reward:
    """Return a brand's reward by its slug.

    Raises:
        NotFoundError: The brand has no such reward.
    """
    statement = (
        select(Reward)
        .join(Brand, col(Brand.id) == Reward.brand_id)
        .where(Brand.slug == brand, Reward.slug == slug)
    )
    found = session.exec(
        statement.with_for_update(of=table_of(Reward)) if locked else statement
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def managed(session: Session, brand: str) -> list[ManagedReward]:
    """Return a brand's rewards with their stock, newest first."""
    rewards = session.exec(
        select(Reward)
        .join(Brand, col(Brand.id) == Reward.brand_id)
        .where(Brand.slug == brand)
        .order_by(col(Reward.id).desc())
        .limit(OFFERED_MAX)
    ).all()
    stocks = _stocks(session, [reward.id for reward in rewards])
    partners = _partners(session, [reward.id for reward in rewards])
    return [
        managed_body(reward, stocks.get(reward.id, {}), partners.get(reward.id, [])) for reward in rewards
    ]


def managed_one(session: Session, reward: Reward) -> ManagedReward:
    """Return one reward as its managers see it."""
    stock = _stocks(session, [reward.id]).get(reward.id, {})
    return managed_body(reward, stock, _partners(session, [reward.id]).get(reward.id, []))


def managed_body(reward: Reward, stock: dict[str, int], partners: list[str]) -> ManagedReward:
    """Return a reward as its managers see it, from its row, counts by state, and partners' slugs."""
    terms = {name: getattr(reward, name) for name in RewardTerms.model_fields if name != "partners"}
    return ManagedReward(
        slug=reward.slug,
        state=reward.state,
        terms=RewardTerms(**terms, partners=tuple(partners)),
        stock=Stock(
            free=stock.get("free", 0),
            issued=stock.get("issued", 0) + stock.get("reserved", 0),
            used=stock.get("used", 0),
            cancelled=stock.get("cancelled", 0),
        ),
    )


def offers(session: Session, shopper_id: UUID, language: Language) -> list[RewardView]:
    """Return rewards on offer, cheapest first, with what keeps this shopper from each."""
    now = clock.now()
    rows = session.exec(
        select(Reward, Brand)
        .join(Brand, col(Brand.id) == Reward.brand_id)
        .where(
            Reward.state == "offered",
            or_(col(Reward.ends_at).is_(None), col(Reward.ends_at) > now),
            _TAKEN,
        )
        .order_by(col(Reward.points), col(Reward.id))
        .limit(OFFERED_MAX)
    ).all()
    ids = [reward.id for reward, _ in rows]
    free, had = _free(session, ids), _had(session, ids, shopper_id)
    held = lots.spendable(session, shopper_id, clock.till_today())
    shown = []
    for reward, brand in rows:
        short = max(0, reward.points - held.get(reward.currency_id, 0))
        why = why_not(reward, now=now, free=free.get(reward.id, 0), had=had.get(reward.id, 0), short=short)
        shown.append(
            RewardView(
                id=reward.id,
                brand=brand.name,
                name=reward.name_en if language == "en" else reward.name_vi,
                words=reward.words_en if language == "en" else reward.words_vi,
                points=reward.points,
                money_minor=reward.money_minor,
                valid_days=reward.valid_days,
                ends_at=reward.ends_at,
                few_left=0 < free.get(reward.id, 0) <= FEW_LEFT,
                why_not=why,
                points_short=short,
            )
        )
    return shown


_partner_of = select(RewardPartner.reward_id).where(RewardPartner.reward_id == Reward.id).correlate(Reward)
_standing_partner_of = _partner_of.join(Partner, col(Partner.id) == RewardPartner.partner_id).where(
    col(Partner.ended_at).is_(None)
)
# Nobody is to give points for what no till takes any more: its partners have all ended.
_TAKEN = or_(~_partner_of.exists(), _standing_partner_of.exists())


def is_taken(session: Session, reward_id: UUID) -> bool:
    """Say whether a reward's vouchers are taken: some partner of it stands, or it never had any."""
    return session.exec(select(Reward.id).where(Reward.id == reward_id, _TAKEN)).first() is not None


def why_not(reward: Reward, *, now: datetime, free: int, had: int, short: int) -> WhyNot | None:
    """Say what keeps a shopper from a reward, the most lasting reason first; None where nothing does."""
    if reward.state != "offered" or (reward.ends_at is not None and reward.ends_at <= now):
        return "ended"
    if reward.starts_at > now:
        return "not_yet"
    if reward.per_shopper_max is not None and had >= reward.per_shopper_max:
        return "limit_reached"
    if free < 1:
        return "sold_out"
    return "points_short" if short > 0 else None


def _free(session: Session, reward_ids: list[UUID]) -> dict[UUID, int]:
    # Counted no further than matters: a million vouchers in stock cost no more than twenty-one.
    few = (
        select(Voucher.id)
        .where(Voucher.reward_id == Reward.id, Voucher.state == "free")
        .limit(FEW_LEFT + 1)
        .correlate(Reward)
        .subquery()
    )
    counted = select(func.count()).select_from(few).scalar_subquery()
    rows = session.exec(select(Reward.id, counted).where(col(Reward.id).in_(reward_ids))).all()
    return {reward_id: int(number) for reward_id, number in rows}


def had(session: Session, reward_id: UUID, shopper_id: UUID) -> int:
    """Return how many vouchers of a reward a shopper has had and not given back."""
    return _had(session, [reward_id], shopper_id).get(reward_id, 0)


def _had(session: Session, reward_ids: list[UUID], shopper_id: UUID) -> dict[UUID, int]:
    rows = session.exec(
        select(Voucher.reward_id, func.count())
        .where(
            col(Voucher.reward_id).in_(reward_ids),
            Voucher.shopper_id == shopper_id,
            col(Voucher.state).in_(("issued", "reserved", "used")),
        )
        .group_by(col(Voucher.reward_id))
    ).all()
    return {reward_id: int(number) for reward_id, number in rows}


def _stocks(session: Session, reward_ids: list[UUID]) -> dict[UUID, dict[str, int]]:
    rows = session.exec(
        select(Voucher.reward_id, Voucher.state, func.count())
        .where(col(Voucher.reward_id).in_(reward_ids))
        .group_by(col(Voucher.reward_id), col(Voucher.state))
    ).all()
    stocks: dict[UUID, dict[str, int]] = {}
    for reward_id, state, number in rows:
        stocks.setdefault(reward_id, {})[state] = int(number)
    return stocks


def _partners(session: Session, reward_ids: list[UUID]) -> dict[UUID, list[str]]:
    rows = session.exec(
        select(RewardPartner.reward_id, Partner.slug)
        .join(Partner, col(Partner.id) == RewardPartner.partner_id)
        .where(col(RewardPartner.reward_id).in_(reward_ids))
        .order_by(col(Partner.slug))
    ).all()
    slugs: dict[UUID, list[str]] = {}
    for reward_id, slug in rows:
        slugs.setdefault(reward_id, []).append(slug)
    return slugs


def _take_partners(session: Session, reward_id: UUID, slugs: Sequence[str]) -> None:
    # One that ended since may stay named, so that the rest can be changed.
    named = select(Partner.slug, Partner.id).join(RewardPartner, col(RewardPartner.partner_id) == Partner.id)
    before = dict(
        session.exec(named.where(RewardPartner.reward_id == reward_id, col(Partner.slug).in_(slugs))).all()
    )
    known = before | access.partner_ids(session, slugs)
    if unknown := set(slugs) - known.keys():
        raise InvalidValueError(field=f"partners: {min(unknown)}")
    session.execute(delete(RewardPartner).where(col(RewardPartner.reward_id) == reward_id))
    if known:
        rows = [{"reward_id": reward_id, "partner_id": partner_id} for partner_id in known.values()]
        session.execute(insert(table_of(RewardPartner)), rows)


def _brand_id(session: Session, slug: str) -> UUID:
    brand_id = session.exec(select(Brand.id).where(Brand.slug == slug)).one_or_none()
    if brand_id is None:
        raise NotFoundError
    return brand_id

"""Tiers: by what was earned in the last 365 days, never by what is left of it. Spending demotes nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, text
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlmodel import Session, col, select

from domain.events.outbox import NewEvent, record
from domain.people.audit import record_act
from infra import clock
from infra.words import Language
from schemas.base import table_of
from schemas.events import EventType
from schemas.membership import Ladder, NextTier, ShopperTier, Tier, TierStep, TierView

WINDOW: Final = timedelta(days=365)


def ladder(session: Session) -> list[Tier]:
    """Return all tiers, lowest first."""
    return list(session.exec(select(Tier).order_by(col(Tier.from_points))).all())


def set_ladder(session: Session, wanted: Ladder, *, staff_id: UUID) -> list[Tier]:
    """Say anew which tiers there are. Everybody is looked at again; nobody drops without notice."""
    session.execute(delete(Tier))
    if wanted.tiers:
        session.execute(insert(table_of(Tier)), [step.model_dump() for step in wanted.tiers])
    session.execute(text("UPDATE shopper_tier SET look_on = :today"), {"today": clock.till_today()})
    record_act(session, staff_id, "tiers_changed", details={"tiers": len(wanted.tiers)})
    return ladder(session)


def step_of(tier: Tier) -> TierStep:
    """Return a tier as admins write it."""
    return TierStep(**tier.model_dump())


def tier_of(session: Session, shopper_id: UUID) -> str | None:
    """Return the tier a shopper stands on, by its slug; None below the ladder."""
    return session.exec(select(ShopperTier.tier).where(ShopperTier.shopper_id == shopper_id)).first()


def look(session: Session, shopper_id: UUID, today: date) -> None:
    """Move a shopper to the tier they have earned: up at once, down only after the notice that was given.

    Safe to run at any time, as often as it is asked.
    """
    tiers = ladder(session)
    if not tiers and session.get(ShopperTier, shopper_id) is None:
        return
    row = {"shopper_id": shopper_id, "since": clock.now()}
    session.execute(insert_once(table_of(ShopperTier)).on_conflict_do_nothing(), row)
    standing = session.exec(
        select(ShopperTier).where(ShopperTier.shopper_id == shopper_id).with_for_update()
    ).one()
    days = _earned_by_day(session, shopper_id, today)
    places = {tier.slug: place for place, tier in enumerate(tiers, start=1)}
    # A tier that was taken off the ladder counts as below it.
    held, reached = places.get(standing.tier or "", 0), _reached(tiers, days)
    if not held:
        standing.tier = standing.drops_on = None
    if reached > held:
        _move(session, standing, tiers[reached - 1], "tier.reached")
    elif reached == held:
        standing.drops_on = None
    elif standing.drops_on is None:
        standing.drops_on = today + timedelta(days=tiers[held - 1].grace_days)
        data = {"tier": standing.tier, "last_day": standing.drops_on.isoformat()}
        _tell(session, standing, "tier.will_drop", f"{standing.drops_on}", data)
    if standing.drops_on is not None and standing.drops_on <= today:
        _move(session, standing, tiers[reached - 1] if reached else None, "tier.dropped")
        held = reached
    standing.look_on = standing.drops_on or _next_fall(tiers, days, max(held, reached))
    session.add(standing)
    session.flush()


def due(session: Session, today: date, limit: int) -> list[UUID]:
    """Return shoppers whose tier may change today without a receipt of theirs."""
    statement = select(ShopperTier.shopper_id).where(col(ShopperTier.look_on) <= today)
    return list(session.exec(statement.order_by(col(ShopperTier.look_on)).limit(limit)).all())


def view(session: Session, shopper_id: UUID, language: Language) -> TierView:
    """Return where a shopper stands, and what is missing for the tier above."""
    tiers, today = ladder(session), clock.till_today()
    standing = session.get(ShopperTier, shopper_id)
    earned = sum(points for _, points in _earned_by_day(session, shopper_id, today))
    mine = next((tier for tier in tiers if standing and tier.slug == standing.tier), None)
    above = next((tier for tier in tiers if tier.from_points > (mine.from_points if mine else -1)), None)
    # Who has just earned enough is moved within moments.
    missing = max(0, above.from_points - earned) if above else 0
    return TierView(
        tier=mine.slug if mine else None,
        name=_name(mine, language) if mine else None,
        earned=earned,
        next=NextTier(tier=above.slug, name=_name(above, language), points_missing=missing)
        if above
        else None,
        drops_on=standing.drops_on if standing else None,
    )


def _name(tier: Tier, language: Language) -> str:
    return tier.name_en if language == "en" else tier.name_vi


def _reached(tiers: Sequence[Tier], days: Sequence[tuple[date, int]]) -> int:
    """Return how many steps what was earned reaches."""
    earned = sum(points for _, points in days)
    return sum(tier.from_points <= earned for tier in tiers)


def _next_fall(tiers: Sequence[Tier], days: Sequence[tuple[date, int]], place: int) -> date | None:
    """Return the day on which so much is older than the window that a step is no longer reached."""
    if not place:
        return None
    left = sum(points for _, points in days)
    for day, points in days:
        left -= points
        if left < tiers[place - 1].from_points:
            return day + WINDOW + timedelta(days=1)
    return None


def _move(session: Session, standing: ShopperTier, to: Tier | None, type_: EventType) -> None:
    standing.tier = to.slug if to else None
    standing.since, standing.drops_on = clock.now(), None
    _tell(session, standing, type_, standing.since.isoformat(), {"tier": standing.tier})


def _tell(
    session: Session, standing: ShopperTier, type_: EventType, key: str, data: dict[str, str | None]
) -> None:
    whose = standing.shopper_id
    record(session, [NewEvent(f"{type_}:{whose}:{key}", type_, whose, clock.now(), whose, data)])


def _earned_by_day(session: Session, shopper_id: UUID, today: date) -> list[tuple[date, int]]:
    """Return what was earned in the window and not taken back, by local day, oldest first."""
    since = clock.day_begins(today - WINDOW)
    rows = session.execute(_EARNED, {"shopper": shopper_id, "since": since})
    return [(day, int(points)) for day, points in rows]


# The kinds are told as the partial index tells them, or it would not be found.
_EARNED: Final = text("""
    SELECT day, sum(points) FROM (
        SELECT CAST(transfer.occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date) AS day,
            transfer.points - COALESCE((
                SELECT sum(undone.points) FROM transfer AS undone
                WHERE undone.follows = transfer.key AND undone.kind IN ('reverse', 'claw_back')
            ), 0) AS points
        FROM account JOIN transfer ON transfer.credit_id = account.id
        WHERE account.shopper_id = CAST(:shopper AS uuid) AND account.kind = 'shopper'
            AND transfer.kind IN ('earn', 'refund', 'release', 'adjust', 'exchange', 'repay')
            AND transfer.kind = 'earn' AND transfer.occurred_at >= :since
    ) AS earned
    GROUP BY day HAVING sum(points) > 0 ORDER BY day
""")

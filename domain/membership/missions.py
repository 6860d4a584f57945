"""Missions: something to do with a brand's goods by a day, with progress, points and a badge at its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, or_, select

from domain.errors import NotFoundError
from domain.events.outbox import NewEvent, record
from domain.ledger.accounts import currency_of
from domain.ledger.spending import Owner
from domain.ledger.transfers import key_of
from domain.membership import bonus
from domain.membership.errors import MissionExistsError
from domain.people.audit import record_act
from infra import clock
from infra.words import Language
from schemas.base import Points, new_id, table_of
from schemas.catalog import Brand
from schemas.membership import ManagedMission, Mission, MissionDone, MissionView, NewMission

SHOWN_MAX: Final = 100
# How many have done it is told of no fewer.
FEWEST_TOLD: Final = 5


def add(session: Session, brand: str, wanted: NewMission, *, staff_id: UUID) -> Mission:
    """Offer a mission of a brand.

    Raises:
        NotFoundError: The brand is not known.
        MissionExistsError: Another has its name.
    """
    brand_id = session.exec(select(Brand.id).where(Brand.slug == brand)).one_or_none()
    if brand_id is None:
        raise NotFoundError
    if session.exec(select(Mission.id).where(Mission.slug == wanted.slug)).first() is not None:
        raise MissionExistsError
    mission = Mission(id=new_id(), brand_id=brand_id, **wanted.model_dump())
    session.add(mission)
    session.flush()
    record_act(session, staff_id, "mission_added", subject=mission.slug)
    return mission


def end(session: Session, brand: str, slug: str, *, staff_id: UUID) -> Mission:
    """End a mission now; who has done it keeps what they got.

    Raises:
        NotFoundError: The brand has no such mission.
    """
    mission = session.exec(
        select(Mission)
        .join(Brand, col(Brand.id) == Mission.brand_id)
        .where(Brand.slug == brand, Mission.slug == slug)
        .with_for_update(of=table_of(Mission))
    ).one_or_none()
    if mission is None:
        raise NotFoundError
    now = clock.now()
    # One that has not begun yet ends a second after its beginning: times stay in order.
    mission.ends_at = min(mission.ends_at, max(now, mission.starts_at + timedelta(seconds=1)))
    session.add(mission)
    session.flush()
    record_act(session, staff_id, "mission_ended", subject=mission.slug)
    return mission


def managed(session: Session, brand: str) -> list[ManagedMission]:
    """Return a brand's missions, newest first, with how many have done each."""
    rows = session.exec(
        select(Mission)
        .join(Brand, col(Brand.id) == Mission.brand_id)
        .where(Brand.slug == brand)
        .order_by(col(Mission.id).desc())
        .limit(SHOWN_MAX)
    ).all()
    counted = select(MissionDone.mission_id, func.count()).group_by(col(MissionDone.mission_id))
    of_these = col(MissionDone.mission_id).in_([mission.id for mission in rows])
    done = dict(session.exec(counted.where(of_these)).all())
    return [_managed(mission, done.get(mission.id, 0)) for mission in rows]


def managed_body(session: Session, mission: Mission) -> ManagedMission:
    """Return a mission as its managers see it."""
    return _managed(
        mission, session.exec(select(func.count()).where(MissionDone.mission_id == mission.id)).one()
    )


def _managed(mission: Mission, done: int) -> ManagedMission:
    terms = {name: getattr(mission, name) for name in NewMission.model_fields}
    return ManagedMission(mission=NewMission(**terms), done=done if done >= FEWEST_TOLD or not done else None)


def views(session: Session, shopper_id: UUID, language: Language) -> list[MissionView]:
    """Return missions a shopper can do now, with progress, then those they have done, newest first."""
    now = clock.now()
    rows = session.exec(
        select(Mission, Brand.name, col(MissionDone.done_at))
        .join(Brand, col(Brand.id) == Mission.brand_id)
        .outerjoin(
            MissionDone,
            (col(MissionDone.mission_id) == Mission.id) & (col(MissionDone.shopper_id) == shopper_id),
        )
        .where(
            or_(
                (col(Mission.starts_at) <= now) & (col(Mission.ends_at) > now),
                col(MissionDone.done_at).is_not(None),
            )
        )
        .order_by(col(MissionDone.done_at).desc().nulls_first(), col(Mission.ends_at), col(Mission.id))
        .limit(SHOWN_MAX)
    ).all()
    made = progress(session, shopper_id, [mission.id for mission, _, _ in rows])
    return [
        MissionView(
            slug=mission.slug,
            brand=brand,
            name=mission.name_en if language == "en" else mission.name_vi,
            goal=mission.goal,
            amount=mission.amount,
            progress=mission.amount if done_at else min(mission.amount, made.get(mission.id, 0)),
            points=mission.points,
            ends_at=mission.ends_at,
            done_at=done_at,
        )
        for mission, brand, done_at in rows
    ]


def progress(session: Session, shopper_id: UUID, mission_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how far a shopper is with missions, counted from approved receipts received in their time."""
    rows = session.execute(_PROGRESS, {"shopper": shopper_id, "missions": list(mission_ids)})
    return {mission_id: int(made) for mission_id, made in rows}


# What may not be promoted by law is no part of a mission, as of no campaign; nor is what went back to a shop.
_PROGRESS: Final = text("""
    SELECT mission.id, CASE mission.goal
        WHEN 'receipts' THEN count(DISTINCT receipt.id)
        WHEN 'days' THEN count(DISTINCT receipt.purchased_on)
        WHEN 'units' THEN floor(sum(
            CASE WHEN line.unit IS NULL THEN line.quantity - line.returned ELSE 1 END))
        ELSE sum(CASE WHEN line.returned = 0 THEN greatest(0, line.amount_minor - line.discount_minor)
            ELSE floor((line.amount_minor - line.discount_minor)
                * (line.quantity - line.returned) / line.quantity) END) END
    FROM mission
        JOIN receipt ON receipt.shopper_id = :shopper AND receipt.status = 'approved'
            AND receipt.currency = 'VND'
            AND receipt.received_at >= mission.starts_at AND receipt.received_at < mission.ends_at
        JOIN receipt_line AS line ON line.receipt_id = receipt.id AND line.brand_id = mission.brand_id
        JOIN brand ON brand.id = line.brand_id
        LEFT JOIN product ON product.id = line.product_id
    WHERE (line.returned = 0 OR line.returned < line.quantity) AND mission.id = ANY(CAST(:missions AS uuid[]))
        AND coalesce(nullif(product.restricted_class, 'none'), brand.restricted_class, 'none') = 'none'
    GROUP BY mission.id
""")


def look(session: Session, shopper_id: UUID, at: datetime) -> None:
    """Credit missions that a shopper has done by now, each once for ever."""
    running = session.exec(
        select(Mission)
        .outerjoin(
            MissionDone,
            (col(MissionDone.mission_id) == Mission.id) & (col(MissionDone.shopper_id) == shopper_id),
        )
        # A receipt that a person approves late was received in time all the same.
        .where(col(Mission.starts_at) <= at, col(MissionDone.done_at).is_(None))
        .order_by(col(Mission.ends_at).desc(), col(Mission.id))
        .limit(SHOWN_MAX)
    ).all()
    made = progress(session, shopper_id, [mission.id for mission in running])
    for mission in running:
        if made.get(mission.id, 0) >= mission.amount:
            _finish(session, mission, shopper_id, at)


def _finish(session: Session, mission: Mission, shopper_id: UUID, at: datetime) -> None:
    row = {"mission_id": mission.id, "shopper_id": shopper_id, "done_at": at}
    once = insert(table_of(MissionDone)).on_conflict_do_nothing().returning(table_of(MissionDone).c.done_at)
    if session.execute(once, row).first() is None:
        return
    owner, points = Owner(shopper_id, currency_of(session, mission.brand_id)), Points(mission.points)
    key = key_of("mission", mission.id, shopper_id)
    bonus.credit(session, key, owner, points, at=at, valid_days=mission.valid_days)
    data = {
        "points": points,
        "brands": {str(mission.brand_id): points} if points else {},
        "mission": mission.slug,
    }
    record(session, [NewEvent(f"mission:{key}", "mission.done", shopper_id, at, shopper_id, data)])

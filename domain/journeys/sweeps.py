"""Occasions for many at once: a new offer, a segment filled anew. Swept in batches, each occasion once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.events.outbox import Recorded, key_of
from domain.journeys.entering import Entry, enter
from domain.journeys.programme import Live, live_journeys
from infra import clock
from schemas.base import new_id, table_of
from schemas.campaigns import Campaign
from schemas.journeys import Journey, JourneySweep
from schemas.segments import Segment

# An offer that began so long ago is new no more.
FRESH: Final = timedelta(days=7)
_EVERYBODY: Final = text("""
    SELECT id FROM shopper WHERE erased_at IS NULL AND id > :after ORDER BY id LIMIT :limit
""")
# Of each segment the next few, and of those the next few: whoever is in two comes once.
_MEMBERS: Final = text("""
    SELECT DISTINCT next.shopper_id FROM segment CROSS JOIN LATERAL (
        SELECT shopper_id FROM segment_member
        WHERE segment_id = segment.id AND shopper_id > :after ORDER BY shopper_id LIMIT :limit
    ) AS next
    WHERE segment.brand_id = :brand AND segment.slug = ANY(:slugs)
    ORDER BY shopper_id LIMIT :limit
""")
_FIRST: Final = UUID(int=0)


def begin_for_offer(session: Session, live: Live, published: Recorded) -> None:
    """Begin to sweep for a campaign that was published, once it is live; once, whatever versions follow."""
    campaign = session.get(Campaign, published.subject_id)
    if campaign is None or campaign.brand_id != live.brand_id:
        return
    due_at = datetime.fromisoformat(published.data["from_at"])
    _begin(session, live, campaign.id, due_at, {"campaign": campaign.slug})


def begin_for_segments(session: Session) -> int:
    """Begin to sweep segments that were filled since, for the journeys that they begin; return how many."""
    count = 0
    for live in live_journeys(session, {"in_segment"}):
        named = select(Segment.id, Segment.refreshed_at).where(
            Segment.brand_id == live.brand_id, Segment.slug == getattr(live.terms.trigger, "segment", "")
        )
        found = session.exec(named).first()
        if found is not None and found[1] is not None:
            count += _begin(session, live, key_of(found[0], found[1].isoformat()), clock.now(), {})
    return count


def _begin(session: Session, live: Live, key: UUID, due_at: datetime, data: dict[str, Any]) -> int:
    row = {"id": new_id(), "journey_id": live.id, "key": key, "due_at": due_at, "data": data}
    rows = insert(table_of(JourneySweep)).values(row | {"after": None, "done_at": None})
    begun = rows.on_conflict_do_nothing(index_elements=["journey_id", "key"])
    return int(session.execute(begun.returning(table_of(JourneySweep).c.id)).first() is not None)


def sweep(session: Session, limit: int) -> int | None:
    """Let the next of whom an occasion is for enter; return how many were looked at, None where none is due.

    A journey that is paused keeps its sweeps for when it is resumed.
    """
    now = clock.now()
    due = session.exec(
        select(JourneySweep)
        .join(Journey, col(Journey.id) == JourneySweep.journey_id)
        .where(
            col(JourneySweep.done_at).is_(None),
            JourneySweep.due_at <= now,
            col(Journey.state).in_(("live", "ended")),
        )
        .order_by(col(JourneySweep.due_at))
        .limit(1)
        .with_for_update(of=table_of(JourneySweep), skip_locked=True)
    ).first()
    if due is None:
        return None
    live = next((one for one in live_journeys(session) if one.id == due.journey_id), None)
    if live is None or now > due.due_at + FRESH:
        due.done_at = now
        session.flush()
        return 0
    shoppers = _next(session, live, due.after or _FIRST, limit)
    occasion = f"{due.journey_id}:{due.key}"
    enter(
        session,
        live,
        [Entry(shopper_id, key_of(shopper_id, occasion), now, due.data) for shopper_id in shoppers],
    )
    if len(shoppers) < limit:
        due.done_at = now
    due.after = shoppers[-1] if shoppers else due.after
    session.flush()
    return len(shoppers)


def _next(session: Session, live: Live, after: UUID, limit: int) -> list[UUID]:
    trigger = live.terms.trigger
    slugs = [trigger.segment] if trigger.kind == "in_segment" else list(live.terms.audience.segments)
    asked = {"brand": live.brand_id, "slugs": slugs, "after": after, "limit": limit}
    return list(session.scalars(_MEMBERS if slugs else _EVERYBODY, asked).all())

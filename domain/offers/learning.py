"""What the choices taught: how often each offer was used by whom it was shown to, counted from the rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, insert
from sqlmodel import Session, col, select

from domain.campaigns.programme import live_at
from domain.offers.outcomes import WINDOW_DAYS
from infra import clock
from schemas.base import table_of
from schemas.offers import BUCKETS, OfferArm, OfferChoice

# A choice counts once its days to be used are over and receipts of them had days to come in. Counting uses
# as they come, and the rest when its time is over, would make every young offer look better than it is.
LATE_DAYS: Final = 3
# What shoppers did longer ago says little of what they do now.
MEMORY_DAYS: Final = 90
COUNT_AGAIN: Final = timedelta(hours=1)
# Rows of choices, without which nothing can be weighed again, are kept so long.
KEPT_DAYS: Final = 400


def counted(session: Session, campaign_id: UUID, today: date) -> dict[str, tuple[int, int]]:
    """Return how often a campaign was shown and used, by bucket, from the rows of choices alone."""
    last = today - timedelta(days=WINDOW_DAYS + LATE_DAYS)
    rows = session.exec(
        select(OfferChoice.bucket, func.count(), func.count(col(OfferChoice.used_on)))
        .where(
            OfferChoice.campaign_id == campaign_id,
            col(OfferChoice.shown_at).is_not(None),
            OfferChoice.chosen_on <= last,
            OfferChoice.chosen_on > last - timedelta(days=MEMORY_DAYS),
        )
        .group_by(col(OfferChoice.bucket))
    ).all()
    found = {bucket: (int(shown), int(used)) for bucket, shown, used in rows}
    return {bucket: found.get(bucket, (0, 0)) for bucket in BUCKETS}


def recount(session: Session, campaign_id: UUID) -> None:
    """Count a campaign anew. Counted twice it is the same."""
    now = clock.now()
    rows = [
        {"campaign_id": campaign_id, "bucket": bucket, "shown": shown, "used": used, "counted_at": now}
        for bucket, (shown, used) in counted(session, campaign_id, clock.till_today()).items()
    ]
    session.execute(delete(OfferArm).where(col(OfferArm.campaign_id) == campaign_id))
    session.execute(insert(table_of(OfferArm)), rows)


def to_recount(session: Session) -> list[UUID]:
    """Return live campaigns that were not counted for an hour, the longest ago first."""
    live = [version.campaign_id for version in live_at(session, clock.now()).versions]
    rows = session.exec(
        select(OfferArm.campaign_id, func.min(OfferArm.counted_at))
        .where(col(OfferArm.campaign_id).in_(live))
        .group_by(col(OfferArm.campaign_id))
    ).all()
    at: dict[UUID, datetime] = dict(rows)
    before = clock.now() - COUNT_AGAIN
    due = [one for one in live if one not in at or at[one] <= before]
    return sorted(due, key=lambda one: (one in at, at.get(one, before)))


def forget_choices(session: Session, limit: int) -> int:
    """Delete choices that are too old to be weighed again; return how many."""
    before = clock.till_today() - timedelta(days=KEPT_DAYS)
    old = select(OfferChoice.id).where(OfferChoice.chosen_on < before).limit(limit)
    gone = session.execute(delete(OfferChoice).where(col(OfferChoice.id).in_(old)))
    return gone.rowcount  # type: ignore[attr-defined, no-any-return]

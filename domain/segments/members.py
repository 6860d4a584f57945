"""Who is in which segment: read where a receipt is judged or a message sent, written by the refresh.

Nobody is in one who has not agreed to personal offers and to the brand knowing of their purchases: asked when
they are written and each time they are read; a withdrawal takes them out at once besides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, cast, delete, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel import Session, col

from domain.people.holdout import held_out
from domain.privacy.consents import who_gave
from domain.segments import sizes
from infra import clock
from infra.settings import settings
from schemas.base import table_of
from schemas.people import Shopper
from schemas.segments import Segment, SegmentMember, Stalled

WRITTEN_AT_ONCE: Final = 5000


def segments_of(session: Session, shopper_id: UUID) -> frozenset[tuple[UUID, str]]:
    """Return the segments that a shopper is in, as (brand's id, slug); who is held out is in none."""
    if held_out(shopper_id, clock.till_today().year):
        return frozenset()
    mine = (
        select(col(Segment.brand_id), col(Segment.slug))
        .join(SegmentMember, col(SegmentMember.segment_id) == Segment.id)
        .where(
            col(SegmentMember.shopper_id) == shopper_id,
            *_agreed(col(SegmentMember.shopper_id), col(Segment.brand_id)),
        )
    )
    return frozenset((brand_id, slug) for brand_id, slug in session.execute(mine))


def members_among(
    session: Session, brand_id: UUID, slugs: Collection[str], shopper_ids: Collection[UUID]
) -> dict[UUID, set[str]]:
    """Return which of some segments of a brand each of some shoppers is in, as `segments_of` says of one.

    Whether somebody is held out is for the caller to ask.
    """
    found: dict[UUID, set[str]] = {}
    if not slugs:
        return found
    mine = (
        select(col(SegmentMember.shopper_id), col(Segment.slug))
        .join(Segment, col(Segment.id) == SegmentMember.segment_id)
        .where(
            col(Segment.brand_id) == brand_id,
            col(Segment.slug).in_(slugs),
            col(SegmentMember.shopper_id).in_(shopper_ids),
            *_agreed(col(SegmentMember.shopper_id), brand_id),
        )
    )
    for shopper_id, slug in session.execute(mine):
        found.setdefault(shopper_id, set()).add(slug)
    return found


def reachable(session: Session, segment: Segment) -> list[UUID]:
    """Return who of a segment may be approached: agreed, as is asked now, and not held out."""
    mine = select(col(SegmentMember.shopper_id)).where(
        col(SegmentMember.segment_id) == segment.id,
        *_agreed(col(SegmentMember.shopper_id), segment.brand_id),
    )
    year = clock.till_today().year
    return [shopper_id for shopper_id in session.scalars(mine) if not held_out(shopper_id, year)]


def put_members(session: Session, segment: Segment, shopper_ids: Sequence[UUID]) -> int:
    """Let these be a segment's members, as far as they agreed and are still here; return how many are.

    Whoever stays in it stays without a moment outside.
    """
    members = table_of(SegmentMember)
    wanted = select(func.unnest(cast(list(shopper_ids), ARRAY(Uuid)))).scalar_subquery()
    session.execute(
        delete(members).where(
            members.c.segment_id == segment.id,
            or_(
                members.c.shopper_id.not_in(wanted),
                not_(and_(*_agreed(members.c.shopper_id, segment.brand_id))),
            ),
        )
    )
    for start in range(0, len(shopper_ids), WRITTEN_AT_ONCE):
        chunk = shopper_ids[start : start + WRITTEN_AT_ONCE]
        agreed = select(literal(segment.id, Uuid), col(Shopper.id)).where(
            col(Shopper.id).in_(chunk),
            col(Shopper.erased_at).is_(None),
            *_agreed(col(Shopper.id), segment.brand_id),
        )
        into = insert(members).from_select(["segment_id", "shopper_id"], agreed)
        session.execute(into.on_conflict_do_nothing())
    counted = select(func.count()).select_from(members).where(members.c.segment_id == segment.id)
    segment.size = session.execute(counted).scalar_one()
    segment.told_size = _told_size(session, segment)
    segment.refreshed_at, segment.stalled = clock.now(), None
    session.flush()
    return segment.size


def _told_size(session: Session, segment: Segment) -> int | None:
    """Return what managers are told of a segment's size.

    Nothing of few shoppers; what was told before, where it changed by few since; and where nearly the same
    shoppers were told of as another segment of the brand, be it one that is deleted, what was told then.
    """
    shoppers_min, size, before = settings().group_shoppers_min, segment.size or 0, segment.told_size
    if not size:
        return size
    if size < shoppers_min:
        return None
    if before is not None and abs(size - before) < shoppers_min:
        return before
    return sizes.told_size(session, segment, size, shoppers_min)


def stall(session: Session, segment: Segment, why: Stalled) -> None:
    """Note why a segment's members stay as they were."""
    segment.stalled = why
    session.flush()


def _agreed(shopper_id: Any, brand_id: Any) -> list[ColumnElement[bool]]:
    return [
        who_gave(shopper_id, "personal_offers", brand_id),
        who_gave(shopper_id, "brand_insight", brand_id),
    ]

"""What happened, read as occasions to enter journeys: each event once, and only while it is fresh."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.events import readers
from domain.events.outbox import Recorded
from domain.journeys import sweeps
from domain.journeys.entering import Entry, enter
from domain.journeys.programme import Live, live_journeys
from domain.journeys.state import is_near
from domain.messages.compose import CLEARER_PHOTO
from infra import clock

READER: Final = "journeys"
# Read later than this (a restored dump, a stopped worker) an event is no occasion any more.
FRESH: Final = timedelta(days=2)
APPROVALS: Final = frozenset(
    {"receipt.settled", "receipt.decided", "receipt.appeal_answered", "purchase.credited"}
)
REFUSALS: Final = frozenset({"rejected", "unreadable"})
_FIRST: Final = """
    SELECT DISTINCT ON (shopper_id) shopper_id, id, received_at FROM receipt
    WHERE shopper_id = ANY(:ids) AND status = 'approved' {of_brand}
    ORDER BY shopper_id, settled_at, id
"""
_OF_BRAND: Final = """AND EXISTS (
    SELECT FROM receipt_line WHERE receipt_line.receipt_id = receipt.id AND receipt_line.brand_id = :brand
)"""

Found = list[Entry]


def follow(session: Session, limit: int) -> int:
    """Let shoppers enter journeys by the next events; return how many events there were."""
    events = readers.take(session, READER, limit)
    enter_by(session, events)
    return len(events)


def enter_by(session: Session, events: Sequence[Recorded]) -> None:
    """Let shoppers enter journeys by some events, if fresh and of since the journey was live."""
    fresh = clock.now() - FRESH
    told = [event for event in events if event.occurred_at > fresh]
    if not told:
        return
    for live in live_journeys(session):
        mine = [event for event in told if event.occurred_at >= live.since]
        if mine and (read := _READS.get(live.terms.trigger.kind)) is not None:
            enter(session, live, read(session, live, mine))


def _joined(_session: Session, _live: Live, events: Sequence[Recorded]) -> Found:
    return [_entry(event) for event in events if event.type == "shopper.joined"]


def _first_receipt(session: Session, live: Live, events: Sequence[Recorded]) -> Found:
    approved = [
        event for event in events if event.type in APPROVALS and event.data.get("status") == "approved"
    ]
    first = _first(session, live.brand_id, approved)
    return [
        _entry(
            event,
            since_at=first[event.subject_id],
            receipt=str(event.subject_id),
            points=_points_of(event, live.brand_id),
        )
        for event in approved
        if event.subject_id in first
    ]


def _first(session: Session, brand_id: UUID | None, events: Sequence[Recorded]) -> dict[UUID, datetime]:
    """Return which of some receipts are their shoppers' first approved ones, and when they came in."""
    if not events:
        return {}
    asked = {"ids": list({event.shopper_id for event in events}), "brand": brand_id}
    statement = text(_FIRST.format(of_brand=_OF_BRAND if brand_id else ""))
    return {receipt_id: received_at for _, receipt_id, received_at in session.execute(statement, asked)}


def _points_of(event: Recorded, brand_id: UUID | None) -> int:
    # What a receipt earned of one brand alone stands with its points, which are another event.
    return 0 if brand_id else int(event.data.get("points", 0))


def _points_expiring(_session: Session, live: Live, events: Sequence[Recorded]) -> Found:
    days = getattr(live.terms.trigger, "days", 0)
    return [
        _entry(event, last_day=event.data["last_day"], brand=next(iter(event.data["brands"]), None))
        for event in events
        if event.type == "points.expiring_soon"
        and event.data["days"] <= days
        and (live.brand_id is None or str(live.brand_id) in event.data["brands"])
    ]


def _tier_near(session: Session, live: Live, events: Sequence[Recorded]) -> Found:
    credited = {event.shopper_id: event for event in events if event.type == "points.credited"}
    trigger = live.terms.trigger
    if trigger.kind != "tier_near":
        return []
    return [
        _entry(event)
        for shopper_id, event in credited.items()
        if shopper_id is not None and is_near(session, shopper_id, trigger)
    ]


def _receipt_refused(_session: Session, _live: Live, events: Sequence[Recorded]) -> Found:
    return [
        _entry(event, receipt=str(event.subject_id))
        for event in events
        if event.type == "receipt.settled"
        and event.data["status"] in REFUSALS
        and CLEARER_PHOTO.intersection(event.data["reasons"])
    ]


def _new_offer(session: Session, live: Live, events: Sequence[Recorded]) -> Found:
    """Begin to sweep; whom an offer is for are too many for one transaction."""
    for event in events:
        if event.type == "campaign.published":
            sweeps.begin_for_offer(session, live, event)
    return []


def _entry(event: Recorded, since_at: datetime | None = None, **data: object) -> Entry:
    if event.shopper_id is None:
        raise ValueError(event.type)
    return Entry(event.shopper_id, event.key, since_at or event.occurred_at, data)


_READS: Final[Mapping[str, Callable[[Session, Live, Sequence[Recorded]], Found]]] = {
    "joined": _joined,
    "first_receipt": _first_receipt,
    "no_second_receipt": _first_receipt,
    "points_expiring": _points_expiring,
    "tier_near": _tier_near,
    "receipt_refused": _receipt_refused,
    "new_offer": _new_offer,
}

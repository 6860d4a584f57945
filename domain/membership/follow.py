"""What follows for a member from what happened to their receipts: tier, friends, missions.

Read off the outbox after settling, so that it costs no receipt anything; each step looks at what stands
now, and so may run at any time and twice.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlmodel import Session

from domain.events import readers
from domain.membership import missions, referral, tiers
from infra import clock
from schemas.people import Shopper

READER: Final = "membership"
# What moves points or changes which receipts are approved.
FOLLOWED: Final = frozenset(
    {
        "points.credited",
        "points.reversed",
        "purchase.credited",
        "purchase.returned",
        "receipt.decided",
        "receipt.settled",
        "referral.paid",
    }
)


def follow_events(session: Session, limit: int) -> int:
    """Look at the members whom the next events are about; return how many events there were."""
    events = readers.take(session, READER, limit)
    whose = {event.shopper_id for event in events if event.type in FOLLOWED and event.shopper_id}
    # One order for all: two readers of rows never wait for each other.
    for shopper_id in sorted(whose):
        shopper = session.get(Shopper, shopper_id)
        if shopper is None or shopper.erased_at is not None:
            continue
        missions.look(session, shopper_id, clock.now())
        tiers.look(session, shopper_id, clock.till_today())
        referral.follow(session, shopper_id, clock.till_today())
    return len(events)


def follow_days(session: Session, today: date, limit: int) -> int:
    """Do what a day brings without any receipt: tiers fall, friends are paid; return how many."""
    falling, paying = tiers.due(session, today, limit), referral.due(session, today, limit)
    for shopper_id in sorted(falling):
        tiers.look(session, shopper_id, today)
    for newcomer_id in sorted(paying):
        referral.pay(session, newcomer_id, today)
    return len(falling) + len(paying)

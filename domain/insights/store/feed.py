"""What happened to receipts and shoppers, told to the columnar store: nothing missed, and twice is as once.

The reader's place in the outbox moves in the transaction in which the store has taken what it read. A
process that dies between the two reads the same again, and what it writes then are newer versions of the
same rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.events import readers
from domain.events.due import take_due
from domain.events.outbox import Recorded
from domain.insights.store import rows, touches, writing
from domain.insights.store.assignments import tell_assignments
from domain.insights.store.marks import FEED, mark, next_version
from domain.insights.store.tables import TOUCH
from domain.people.numbers import number_of
from infra import clock
from infra.columnar import connect
from infra.columnar.store import Store
from schemas.receipts import Receipt

READER: Final = "insight"
EVENTS_AT_ONCE: Final = 20_000
DUE_AT_ONCE: Final = 2_000
# In one read and one write: what is held of them meanwhile is a few tens of MB.
RECEIPTS_AT_ONCE: Final = 5_000
# After these a receipt may stand otherwise than before.
FOLLOWED: Final = frozenset(
    {
        "receipt.settled",
        "receipt.decided",
        "receipt.undone",
        "receipt.reversed",
        "receipt.reopened",
        "purchase.credited",
        "purchase.returned",
    }
)
_SHOPPERS_OF: Final = text("""
    SELECT DISTINCT s.id FROM receipt r JOIN shopper s ON s.id = r.shopper_id
    WHERE r.id = ANY(:ids) AND s.erased_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class Fed:
    """What one turn did: how much it read, and wrote; whether there may be more."""

    events: int
    receipts: int
    rows: int
    more: bool


def feed(session: Session, store: Store, *, events_max: int = EVENTS_AT_ONCE) -> Fed:
    """Tell the store what happened since the last turn. It holds once this transaction commits.

    Raises:
        ColumnarError: The store does not take it; nothing is noted as told then.
    """
    began = clock.now()
    events = readers.take(session, READER, events_max, bare=True)
    receipt_ids = {event.subject_id for event in events if event.type in FOLLOWED}
    due = take_due(session, DUE_AT_ONCE)
    newcomers = {event.subject_id for event in events if event.type == "shopper.joined"}
    shopper_ids = due["shopper"] | newcomers
    version = next_version(store)
    count = tell_shoppers(session, store, shopper_ids, version)
    tell_assignments(session, store, version, newcomers=newcomers, again=due["campaign"])
    # Whoever agrees or withdraws does so for earlier purchases too.
    theirs: Sequence[UUID] = ()
    if shopper_ids:
        theirs = session.exec(select(Receipt.id).where(col(Receipt.shopper_id).in_(shopper_ids))).all()
    # In the order of their ids neighbours lie together; UUIDs compare slowly, their numbers fast.
    told = sorted({*receipt_ids, *due["receipt"], *theirs}, key=lambda id_: id_.int)
    for first in range(0, len(told), RECEIPTS_AT_ONCE):
        count += tell_receipts(session, store, told[first : first + RECEIPTS_AT_ONCE], version)
    count += writing.insert(store, TOUCH, touches.touches_of(session, events, due["offer"]), version)
    more = len(events) == events_max or sum(map(len, due.values())) >= DUE_AT_ONCE
    mark(store, FEED, _as_of(events, began) if more else began, version)
    return Fed(len(events), len(told), count, more)


def leave_if_off(session: Session) -> None:
    """Keep no events for a store that this installation does not have; one that comes back is filled anew."""
    if connect.is_off():
        readers.leave(session, READER)


def _as_of(events: Sequence[Recorded], began: datetime) -> datetime:
    return min(events[-1].occurred_at.astimezone(UTC), began) if events else began


def tell_receipts(session: Session, store: Store, receipt_ids: Sequence[UUID], version: int) -> int:
    """Tell the store how some receipts stand now, with who sent them; return how many rows that took.

    Raises:
        ColumnarError: The store does not take it.
    """
    whose = set(session.scalars(_SHOPPERS_OF, {"ids": list(receipt_ids)}))
    known = rows.agreements(session, whose)
    found = rows.standing(session, receipt_ids, known, rows.places(session))
    # What becomes of those whom the store knows is told as it happens.
    unknown = writing.unknown_shoppers(store, whose)
    count = writing.write_shoppers(
        store,
        rows.shopper_rows(session, unknown),
        rows.consent_rows({id_: known[id_] for id_ in unknown}),
        version,
    )
    written, _ = writing.write_receipts(store, [number_of(id_) for id_ in receipt_ids], found, version)
    return count + written


def tell_shoppers(session: Session, store: Store, shopper_ids: Collection[UUID], version: int) -> int:
    """Tell the store of some shoppers and what they agree to now; return how many rows that took.

    Raises:
        ColumnarError: The store does not take it.
    """
    here = rows.shopper_rows(session, shopper_ids)
    known = {
        id_: agreement
        for id_, agreement in rows.agreements(session, shopper_ids).items()
        if number_of(id_) in {row["shopper"] for row in here}
    }
    return writing.write_shoppers(store, here, rows.consent_rows(known), version)

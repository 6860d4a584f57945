"""Filling the store from nothing, or anew: one walk through all shoppers, in steps, beside the feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.events import readers
from domain.insights.store import feed, touches, writing
from domain.insights.store.assignments import tell_assignments
from domain.insights.store.marks import BEGUN, REBUILD, mark, next_version
from domain.insights.store.tables import FACTS, SYNTHETIC, TOUCH, Layout
from infra import clock
from infra.columnar.store import Store
from schemas.base import table_of
from schemas.events import EventReader
from schemas.insight_store import InsightRebuild
from schemas.people import Shopper
from schemas.receipts import Receipt

SHOPPERS_AT_ONCE: Final = 500
_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is: shoppers of all, and receipts that were told."""

    asked_at: datetime
    shoppers: int
    of: int
    receipts: int
    done: bool


def ask_rebuild(session: Session) -> None:
    """Have the store filled anew from all that stands. What is in it stays until the walk is done."""
    now = clock.now()
    fresh = {"asked_at": now, "version": 0, "after": None, "receipts": 0, "done_at": None}
    statement = insert(table_of(InsightRebuild)).values(id=1, **fresh)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=fresh))
    # The walk begins after this and sees what the events before it were about.
    readers.skip_to_newest(session, feed.READER)


def needs_rebuild(session: Session, store: Store) -> bool:
    """Say whether the store knows nothing, or nobody ever read for it.

    Raises:
        ColumnarError: It does not answer.
    """
    asked = session.exec(select(InsightRebuild).where(col(InsightRebuild.done_at).is_(None))).first()
    if asked is not None:
        return False
    reads = session.exec(select(EventReader.name).where(EventReader.name == feed.READER)).first()
    return reads is None or not store.query("SELECT 1 FROM mark LIMIT 1")


def progress(session: Session) -> Progress | None:
    """Return how far the last rebuild is; None where there was none."""
    row = session.get(InsightRebuild, 1)
    if row is None:
        return None
    everybody = session.exec(select(func.count()).select_from(Shopper)).one()
    told = select(func.count()).select_from(Shopper).where(col(Shopper.id) <= (row.after or _FIRST))
    passed = everybody if row.done_at else session.exec(told).one()
    return Progress(row.asked_at, passed, everybody, row.receipts, row.done_at is not None)


def rebuild_some(session: Session, store: Store, layout: Layout) -> bool:
    """Do the next step of a rebuild that was asked for; say whether there was one.

    Raises:
        ColumnarError: The store does not take it; the step is done again then.
    """
    statement = select(InsightRebuild).where(col(InsightRebuild.done_at).is_(None))
    row = session.exec(statement.with_for_update(skip_locked=True)).first()
    if row is None:
        return False
    version = next_version(store)
    if not row.version:
        row.version = version
        mark(store, REBUILD, BEGUN, version)
    shoppers = session.exec(
        select(Shopper.id)
        .where(col(Shopper.id) > (row.after or _FIRST))
        .order_by(col(Shopper.id))
        .limit(SHOPPERS_AT_ONCE)
    ).all()
    if shoppers:
        row.receipts += _tell(session, store, list(shoppers), version)
        row.after = shoppers[-1]
    else:
        tell_assignments(session, store, version, everything=True)
        for facts in FACTS:
            remove(store, layout, facts.rows, f"version > {SYNTHETIC} AND version < {row.version}")
        mark(store, REBUILD, clock.now(), version)
        row.done_at = clock.now()
    session.add(row)
    session.flush()
    return True


def remove(store: Store, layout: Layout, table: str, condition: str) -> None:
    """Take rows out of every answer at once; they leave the disk with the next `purge`.

    Raises:
        ColumnarError: The store does not take it.
    """
    store.command(f"DELETE FROM {layout.local(table)}{layout.everywhere} WHERE {condition}")


def _tell(session: Session, store: Store, shopper_ids: list[UUID], version: int) -> int:
    feed.tell_shoppers(session, store, shopper_ids, version)
    receipts = session.exec(
        select(Receipt.id).where(col(Receipt.shopper_id).in_(shopper_ids), Receipt.status == "approved")
    ).all()
    for first in range(0, len(receipts), feed.RECEIPTS_AT_ONCE):
        feed.tell_receipts(session, store, receipts[first : first + feed.RECEIPTS_AT_ONCE], version)
    writing.insert(store, TOUCH, touches.touches(session, shoppers=shopper_ids), version)
    return len(receipts)

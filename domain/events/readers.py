"""Readers of all events: each has a place of its own, kept in the transaction that does what it reads for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.events.outbox import Cursor, Recorded, newest, read_after
from infra import clock
from schemas.base import table_of
from schemas.events import Event, EventReader


def take(session: Session, name: str, limit: int, *, bare: bool = False) -> list[Recorded]:
    """Return what a reader has not read yet and note it as read: that holds once this transaction commits.

    What the caller makes of it in the same transaction is made exactly once. Empty too while another
    process reads for the same reader; a reader unheard of begins with the oldest event that is kept. Bare
    events lack their data.
    """
    reader = _locked(session, name)
    if reader is None:
        # An insert would wait for whoever has the row, so it is asked for first.
        if session.exec(select(EventReader.name).where(EventReader.name == name)).first():
            return []
        row = {"name": name, "xid": 0, "version": 0, "read_at": clock.now()}
        session.execute(insert(table_of(EventReader)).values(row).on_conflict_do_nothing())
        reader = _locked(session, name)
    if reader is None:
        return []
    events = read_after(session, Cursor(reader.xid, reader.version), limit, bare=bare)
    if events:
        reader.xid, reader.version = events[-1].cursor
        reader.read_at = clock.now()
        session.flush()
    return events


def skip_to_newest(session: Session, name: str) -> None:
    """Have a reader begin behind what there is now: who looks at all that stands needs no past."""
    place = newest(session)
    row = {"name": name, "xid": place.xid, "version": place.version, "read_at": clock.now()}
    statement = insert(table_of(EventReader)).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))


def leave(session: Session, name: str) -> None:
    """Forget a reader that reads no more: events wait for it no longer."""
    session.execute(delete(EventReader).where(col(EventReader.name) == name))


def _locked(session: Session, name: str) -> EventReader | None:
    statement = select(EventReader).where(EventReader.name == name).with_for_update(skip_locked=True)
    return session.exec(statement.execution_options(populate_existing=True)).first()


_FUTURE = "xid >= CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)"
# Below any that a server gives out, so that these events come before its own. All have it, so versions alone
# order them: a reader goes back to before the first that it had not read, and may read others again.
_RESTORED_XID: Final = 1
_READERS_BACK = text(f"""
    UPDATE event_reader SET xid = {_RESTORED_XID}, version = coalesce(
        (SELECT min(event.version) - 1 FROM event
            WHERE (event.xid, event.version) > (event_reader.xid, event_reader.version)),
        (SELECT max(event.version) FROM event), 0)
    WHERE {_FUTURE}
""")  # noqa: S608 - ours
_EVENTS_BACK = text(f"UPDATE event SET xid = {_RESTORED_XID} WHERE {_FUTURE}")  # noqa: S608 - ours


def take_up_restored(session: Session) -> int:
    """Give events of another PostgreSQL, from which this database was restored, a place here; count them.

    A dump that is loaded elsewhere brings transaction numbers that are not reached there for years: nobody
    would read its events, and readers would wait for ever. Nothing is done where there are none.
    """
    session.execute(_READERS_BACK)
    return session.execute(_EVENTS_BACK).rowcount  # type: ignore[attr-defined, no-any-return]


def forget_events(session: Session, before: datetime, limit: int) -> int:
    """Delete events from before a time that every reader has read, a batch of them; return how many."""
    read = select(EventReader.xid, EventReader.version).order_by(
        col(EventReader.xid), col(EventReader.version)
    )
    slowest = session.exec(read.limit(1)).first()
    if slowest is None:
        return 0
    oldest = select(Event.key, Event.occurred_at, Event.xid, Event.version)
    first = session.execute(oldest.order_by(col(Event.xid), col(Event.version)).limit(limit)).all()
    done = [key for key, at, xid, version in first if at < before and (xid, version) <= tuple(slowest)]
    if done:
        session.execute(delete(Event).where(col(Event.key).in_(done)))
    return len(done)

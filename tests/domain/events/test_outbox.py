"""Events are kept with what they tell of, once, and no reader misses one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.events import outbox, readers
from domain.events.outbox import START, NewEvent
from infra import clock
from infra.db import engine, transaction
from schemas.base import new_id
from schemas.events import Event

pytestmark = pytest.mark.usefixtures("committed")

SUBJECT = new_id()


def event(key: str = "one", subject: UUID = SUBJECT, **values: object) -> NewEvent:
    return NewEvent(key, "receipt.settled", subject, clock.now(), **values)  # type: ignore[arg-type]


def record(*events: NewEvent) -> None:
    with transaction() as session:
        outbox.record(session, events)


def read(cursor: outbox.Cursor = START, **values: UUID) -> list[UUID]:
    with Session(engine()) as session:
        return [found.key for found in outbox.read_after(session, cursor, 100, **values)]


def key(name: str) -> UUID:
    return outbox.key_of(SUBJECT, name)


def taken(name: str = "copy", limit: int = 100) -> list[UUID]:
    with transaction() as session:
        return [found.key for found in readers.take(session, name, limit)]


def test_what_is_rolled_back_is_told_to_nobody() -> None:
    with Session(engine()) as session:
        outbox.record(session, [event()])
        session.rollback()
    assert read() == []


def test_the_same_business_event_recorded_again_is_kept_once_as_it_was() -> None:
    record(event(data={"points": 1}))
    record(event(data={"points": 2}), event("two"))
    assert read() == [key("one"), key("two")]
    with Session(engine()) as session:
        assert session.exec(select(Event.data).order_by(col(Event.version))).first() == {"points": 1}


def test_what_was_made_in_the_same_millisecond_has_events_of_its_own() -> None:
    """Ids in time order begin alike then: several shoppers who join at once, vouchers of one batch."""
    first = UUID(int=1 << 100)
    second = UUID(int=first.int + 1)
    assert outbox.key_of(first, "joined") != outbox.key_of(second, "joined")


def test_a_late_commit_is_read_in_its_place_and_never_missed() -> None:
    with Session(engine()) as slow:
        outbox.record(slow, [event("slow")])
        record(event("quick"))
        # Whoever went by the highest number seen would have read `quick` now and `slow` never.
        assert read() == []
        slow.commit()
    assert read() == [key("slow"), key("quick")]


def test_a_reader_of_the_database_holds_nobody_up() -> None:
    with Session(engine()) as reading:
        reading.execute(text("SELECT count(*) FROM event"))
        record(event())
        assert read() == [key("one")]


def test_reading_goes_on_where_it_stopped() -> None:
    record(event("one"), event("two"))
    record(event("three"))
    with Session(engine()) as session:
        first = outbox.read_after(session, START, 2)
    assert [found.key for found in first] == [key("one"), key("two")]
    assert first[0].cursor.version < first[1].cursor.version
    assert read(first[1].cursor) == [key("three")]


def test_a_shopper_s_events_are_theirs_alone() -> None:
    mine, other = new_id(), new_id()
    record(event("mine", shopper_id=mine), event("other", shopper_id=other), event("nobody's"))
    assert read(shopper_id=mine) == [key("mine")]
    with Session(engine()) as session:
        assert outbox.place_of(session, key("mine"), mine) is not None
        assert outbox.place_of(session, key("mine"), other) is None


def test_a_reader_takes_each_event_once() -> None:
    record(event("one"), event("two"))
    assert taken(limit=1) == [key("one")]
    assert taken() == [key("two")]
    assert taken() == []
    assert taken("another") == [key("one"), key("two")]


def test_what_a_reader_failed_to_deal_with_is_taken_again() -> None:
    record(event())
    with Session(engine()) as session:
        assert len(readers.take(session, "copy", 10)) == 1
        session.rollback()
    assert taken() == [key("one")]


def test_two_processes_never_take_for_one_reader_at_once() -> None:
    record(event("one"))
    assert taken() == [key("one")]
    record(event("two"))
    with Session(engine()) as first:
        assert len(readers.take(first, "copy", 10)) == 1
        assert taken() == []
        first.commit()
    assert taken() == []


def test_events_restored_into_another_postgresql_are_read_there() -> None:
    record(event("read"), event("unread"))
    assert taken(limit=1) == [key("read")]
    with transaction() as session:
        # As a dump brings them: numbers of transactions that are years ahead of this server's.
        session.execute(text("UPDATE event SET xid = xid + 1000000000"))
        session.execute(text("UPDATE event_reader SET xid = xid + 1000000000"))
    record(event("new"))
    assert taken() == []
    with transaction() as session:
        assert readers.take_up_restored(session) == 2
    assert taken() == [key("unread"), key("new")]
    with transaction() as session:
        assert readers.take_up_restored(session) == 0


def test_old_events_are_forgotten_once_all_have_read_them() -> None:
    record(event("old"), event("older"))
    later = clock.now() + timedelta(seconds=1)

    def forgotten() -> int:
        with transaction() as session:
            return readers.forget_events(session, later, 100)

    assert forgotten() == 0
    taken("quick")
    taken("slow", limit=1)
    assert forgotten() == 1
    taken("slow")
    with transaction() as session:
        assert readers.forget_events(session, clock.now() - timedelta(days=1), 100) == 0
    assert forgotten() == 1
    assert read() == []

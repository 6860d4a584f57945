"""The outbox: events are recorded by the transaction that makes them true, and read without missing one."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from infra.statements import Statement
from schemas.events import EVENT_FORMAT, EventType


class Cursor(NamedTuple):
    """A place among all events: that of the last one read."""

    xid: int
    version: int


START: Final = Cursor(0, 0)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What happened to a subject. `key` names the business event: recorded again, it is kept once.

    `data` holds ids, codes and amounts of points, never personal data: it goes to outsiders and over push
    services abroad. `shopper_id` is whose event stream and inbox it belongs to.
    """

    key: str
    type: EventType
    subject_id: UUID
    occurred_at: datetime
    shopper_id: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the outbox; `key` is its id for everybody who hears of it."""

    key: UUID
    cursor: Cursor
    type: str
    format: int
    subject_id: UUID
    shopper_id: UUID | None
    occurred_at: datetime
    data: dict[str, Any]


# One value for all rows: the driver's work for each parameter costs more than the rest of the statement.
_RECORD = Statement(f"""
    INSERT INTO event (key, type, format, subject_id, shopper_id, occurred_at, data)
    SELECT key, type, {EVENT_FORMAT}, subject_id, shopper_id, occurred_at, data
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS given (key uuid, type text, subject_id uuid, shopper_id uuid, occurred_at timestamptz, data jsonb)
    ON CONFLICT (key) DO NOTHING
""")  # noqa: S608 - the format is a number of ours


def record(session: Session, events: Iterable[NewEvent]) -> None:
    """Write events that are true once this transaction commits, in one statement, each key once for ever.

    Whoever changes a subject holds its row's lock by now: that is what makes `version` rise in the order of
    what happened to it.
    """
    rows = [
        {
            "key": str(key_of(event.subject_id, event.key)),
            "type": event.type,
            "subject_id": str(event.subject_id),
            "shopper_id": str(event.shopper_id) if event.shopper_id else None,
            "occurred_at": event.occurred_at.isoformat(),
            "data": event.data,
        }
        for event in events
    ]
    if rows:
        _RECORD.run(session, {"rows": json.dumps(rows)})


def key_of(subject_id: UUID, key: str) -> UUID:
    """Return the id of a business event. It begins as its subject's: neighbours share pages of an index.

    All of the subject is in the rest too: what was made in the same millisecond begins alike.
    """
    return UUID(
        bytes=subject_id.bytes[:6] + blake2b(subject_id.bytes + key.encode(), digest_size=10).digest()
    )


_COLUMNS = "key, xid, version, type, format, subject_id, shopper_id, occurred_at, data"
# Transactions that are still open may yet commit events with a lower place than some that are there:
# nothing from the oldest of them on is read. One that only reads has no xid and holds nobody up.
_SETTLED = "xid < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
_BEHIND = f"(xid, version) > (:xid, :version) AND {_SETTLED} ORDER BY xid, version LIMIT :limit"
_READ = text(f"SELECT {_COLUMNS} FROM event WHERE {_BEHIND}")  # noqa: S608 - our own columns
_READ_OF_SHOPPER = text(f"SELECT {_COLUMNS} FROM event WHERE shopper_id = :shopper AND {_BEHIND}")  # noqa: S608 - ours
# For readers that ask what stands: most of the cost of an event is its data.
_READ_BARE = text(f"SELECT {_COLUMNS.removesuffix('data')} NULL FROM event WHERE {_BEHIND}")  # noqa: S608 - ours


def read_after(
    session: Session, cursor: Cursor, limit: int, *, shopper_id: UUID | None = None, bare: bool = False
) -> list[Recorded]:
    """Return the events behind a place in their order, of one shopper where one is named.

    Never misses one whose transaction commits late: it is read before any that comes behind it. Bare ones
    lack their data.
    """
    asked = {"xid": cursor.xid, "version": cursor.version, "limit": limit, "shopper": shopper_id}
    read = _READ_BARE if bare else _READ
    rows = session.execute(read if shopper_id is None else _READ_OF_SHOPPER, asked)
    return [_recorded(row) for row in rows]


def _recorded(row: Sequence[Any]) -> Recorded:
    key, xid, version, type_, format_, subject_id, shopper_id, occurred_at, data = row
    return Recorded(
        key, Cursor(xid, version), type_, format_, subject_id, shopper_id, occurred_at, data or {}
    )


_NEWEST = text(f"SELECT xid, version FROM event WHERE {_SETTLED} ORDER BY xid DESC, version DESC LIMIT 1")  # noqa: S608 - ours
_PLACE = text("SELECT xid, version FROM event WHERE key = :key AND shopper_id = :shopper")


def newest(session: Session) -> Cursor:
    """Return the place of the last event that can be read."""
    found = session.execute(_NEWEST).first()
    return Cursor(*found) if found else START


def place_of(session: Session, key: UUID, shopper_id: UUID) -> Cursor | None:
    """Return the place of one of a shopper's events; None where it is gone, or not theirs."""
    found = session.execute(_PLACE, {"key": key, "shopper": shopper_id}).first()
    return Cursor(*found) if found else None


def told_outside(event: Recorded, brand_slugs: Mapping[str, str]) -> dict[str, Any]:
    """Return what outsiders are told of an event; brands by slug, and whose it is left out."""
    data = dict(event.data)
    if "brands" in data:
        data["brands"] = {brand_slugs.get(key, key): points for key, points in data["brands"].items()}
    about = {"subject": str(event.subject_id), "version": event.cursor.version, "format": event.format}
    return about | data


def events_by_key(session: Session, keys: Collection[UUID]) -> list[Recorded]:
    """Return those of some events that are still kept."""
    return [_recorded(row) for row in session.execute(_BY_KEY, {"keys": list(keys)})]


_BY_KEY = text(f"SELECT {_COLUMNS} FROM event WHERE key = ANY(:keys)")  # noqa: S608 - our own columns

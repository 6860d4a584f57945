"""Messages are written from events by a reader of its own: each once, and settling pays nothing for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.events import readers
from domain.events.outbox import Recorded
from domain.messages.compose import compose
from domain.messages.consent import may_be_rung
from infra import clock
from schemas.base import new_id, table_of
from schemas.messages import Message, MessageCode, PushDelivery, PushTarget
from schemas.people import Shopper

READER = "inbox"
# Nobody is rung for what they can let be: it waits where they look by themselves.
SILENT: Final[frozenset[str]] = frozenset({"survey_asked"})


def write_messages(session: Session, limit: int) -> int:
    """Write what the next events tell shoppers, and the bells that go with it; return how many were read."""
    events = readers.take(session, READER, limit)
    rows = _rows(session, events)
    if rows:
        written = _insert(session, rows)
        _ring(session, [row for row in rows if row["id"] in written and row["code"] not in SILENT])
    return len(events)


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """A message told of no event: `key` names it for ever, `rings` says whether a bell goes with it."""

    key: UUID
    shopper_id: UUID
    code: MessageCode
    params: Mapping[str, Any]
    rings: bool


def write_own(session: Session, messages: Sequence[OwnMessage]) -> None:
    """Write messages, each key once for ever, and the bells that go with them."""
    if not messages:
        return
    at = clock.now()
    rows = [
        {
            "id": new_id(),
            "event_key": one.key,
            "shopper_id": one.shopper_id,
            "code": one.code,
            "receipt_id": None,
            "params": dict(one.params),
            "told_at": at,
            "read_at": None,
        }
        for one in messages
    ]
    written = _insert(session, rows)
    rings = {one.key for one in messages if one.rings}
    _ring(session, [row for row in rows if row["id"] in written and row["event_key"] in rings])


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Write messages and return the ids of those that were not there."""
    return set(
        session.scalars(
            insert(table_of(Message))
            .on_conflict_do_nothing(index_elements=["event_key"])
            .returning(table_of(Message).c.id),
            rows,
        ).all()
    )


def _rows(session: Session, events: Sequence[Recorded]) -> list[dict[str, Any]]:
    told = [(event, said) for event in events if event.shopper_id and (said := compose(event)) is not None]
    here = _present(session, {event.shopper_id for event, _ in told if event.shopper_id})
    return [
        {
            "id": new_id(),
            "event_key": event.key,
            "shopper_id": event.shopper_id,
            "code": said.code,
            "receipt_id": event.subject_id if event.type.startswith(("receipt.", "purchase.")) else None,
            "params": said.params,
            "told_at": event.occurred_at,
            "read_at": None,
        }
        for event, said in told
        if event.shopper_id in here
    ]


def _present(session: Session, shopper_ids: Collection[UUID]) -> set[UUID]:
    """Return those of some shoppers who are not erased."""
    if not shopper_ids:
        return set()
    statement = select(Shopper.id).where(col(Shopper.id).in_(shopper_ids), col(Shopper.erased_at).is_(None))
    return set(session.exec(statement).all())


def _ring(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Put a bell on its way to each target of those who agreed to be rung."""
    owners = {row["shopper_id"] for row in rows}
    targets = session.exec(
        select(PushTarget.id, PushTarget.shopper_id).where(col(PushTarget.shopper_id).in_(owners))
    ).all()
    agreed = {owner for owner in {owner for _, owner in targets} if may_be_rung(session, owner)}
    bells = [
        {
            "id": new_id(),
            "message_id": row["id"],
            "target_id": target_id,
            "state": "due",
            "attempts": 0,
            "due_at": clock.now(),
            "why": None,
        }
        for row in rows
        for target_id, owner in targets
        if owner == row["shopper_id"] and owner in agreed
    ]
    if bells:
        session.execute(insert(table_of(PushDelivery)).on_conflict_do_nothing(), bells)

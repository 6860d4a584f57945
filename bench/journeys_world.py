"""A made-up month of shoppers: they join, agree, withdraw, buy and leave, and what each agreed to is kept."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, select

from domain.events.outbox import NewEvent, record
from domain.journeys import versions
from domain.privacy import consents
from domain.privacy.erasure import CONFIRMATION, ask_erasure
from domain.privacy.texts import current_text
from infra import clock
from infra.db import transaction
from schemas.base import new_id, table_of
from schemas.journeys import Journey
from schemas.messages import PushTarget
from schemas.people import Shopper
from schemas.privacy import Channel, Consent, ConsentChoice, Purpose
from schemas.receipts import Receipt

# What is agreed to: a purpose, or messages by a channel.
Asked = tuple[Purpose, Channel | None]
PROGRAMME: Final[Asked] = ("programme", None)
OFFERS: Final[Asked] = ("personal_offers", None)
CHANNELS: Final[tuple[Channel, ...]] = ("inbox_ads", "push", "sms")
ALL: Final[tuple[Asked, ...]] = (PROGRAMME, OFFERS, *(("messages", channel) for channel in CHANNELS))
# How many agree to each, and to be rung they need a browser that rings.
AGREE: Final = {PROGRAMME: 0.97, OFFERS: 0.8, ("messages", "inbox_ads"): 0.85, ("messages", "push"): 0.8}
AGREE_TO_SMS: Final = 0.75
BELLS: Final = 0.4


@dataclass(slots=True)
class World:
    """Shoppers and what they said: kept apart from the database, so that it can be held against it."""

    chance: random.Random
    all_agree: bool = False
    first_phone: int = 0
    phones: dict[str, UUID] = field(default_factory=dict)
    said: dict[tuple[UUID, Asked], list[tuple[datetime, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    erased: dict[UUID, datetime] = field(default_factory=dict)
    here: list[UUID] = field(default_factory=list)

    def agreed(self, shopper_id: UUID, asked: Asked, at: datetime) -> bool:
        """Say whether a shopper agreed to something at a time, by what was written down here."""
        said = self.said[shopper_id, asked]
        place = bisect_right(said, at, key=lambda one: one[0])
        return place > 0 and said[place - 1][1]

    def join(self, count: int) -> None:
        """Let so many join, each agreeing to some."""
        now = clock.now()
        first = self.first_phone + len(self.phones)
        people: list[dict[str, Any]] = [
            {"id": new_id(), "phone": f"+849{first + no:08d}", "joined_at": now} for no in range(count)
        ]
        rows: list[dict[str, Any]] = []
        for one in people:
            self.phones[one["phone"]] = one["id"]
            self.here.append(one["id"])
            for asked in ALL:
                if self.all_agree or self.chance.random() < AGREE.get(asked, AGREE_TO_SMS):
                    self.said[one["id"], asked].append((now, True))
                    rows.append(_consent(one["id"], asked, now))
        bells = [_bell(one["id"], now) for one in people if self.chance.random() < BELLS]
        with transaction() as session:
            session.execute(insert(table_of(Shopper)), [one | _NOTHING_ELSE for one in people])
            if rows:
                session.execute(insert(table_of(Consent)), rows)
            if bells:
                session.execute(insert(table_of(PushTarget)), bells)
            events = [NewEvent("joined", "shopper.joined", one["id"], now, one["id"]) for one in people]
            record(session, events)

    def change_minds(self, count: int) -> None:
        """Let some withdraw what they agreed to, or agree again."""
        with transaction() as session:
            for shopper_id in self.some(count):
                asked = self.chance.choice(ALL)
                given = not self.agreed(shopper_id, asked, clock.now())
                self._say(session, shopper_id, asked, given=given)

    def _say(self, session: Session, shopper_id: UUID, asked: Asked, *, given: bool) -> None:
        version = current_text(*asked).version
        choice = ConsentChoice(purpose=asked[0], channel=asked[1], given=given, text_version=version)
        consents.record(session, shopper_id, [choice], asked_in="app", language="vi")
        self.said[shopper_id, asked].append((clock.now(), given))

    def forget(self, count: int) -> None:
        """Let some ask to be erased."""
        for shopper_id in self.some(count):
            with transaction() as session:
                ask_erasure(session, shopper_id, CONFIRMATION)
            self.erased[shopper_id] = clock.now()
            self.here.remove(shopper_id)

    def buy(self, shopper_ids: Iterable[UUID], *, refused: bool = False) -> None:
        """Let some send a receipt, approved or refused for its photo."""
        now = clock.now()
        status = "rejected" if refused else "approved"
        rows = [_receipt(shopper_id, now, status) for shopper_id in shopper_ids]
        data = {"status": status, "points": 10, "reasons": ["blurred"] if refused else []}
        with transaction() as session:
            if rows:
                session.execute(insert(table_of(Receipt)), rows)
                record(
                    session,
                    [
                        NewEvent("settled", "receipt.settled", row["id"], now, row["shopper_id"], data)
                        for row in rows
                    ],
                )

    def some(self, count: int) -> Sequence[UUID]:
        """Return some of those who are here."""
        return self.chance.sample(self.here, min(count, len(self.here)))


def end_journeys() -> None:
    """Let nobody enter any journey there is any more."""
    with transaction() as session:
        for journey in session.exec(select(Journey)).all():
            if journey.state in {"live", "paused"}:
                versions.end(session, journey, None)


_NOTHING_ELSE: Final = {"erased_at": None, "birth_year": None}


def _consent(shopper_id: UUID, asked: Asked, at: datetime) -> dict[str, Any]:
    text = current_text(*asked)
    return {
        "id": new_id(),
        "shopper_id": shopper_id,
        "purpose": asked[0],
        "channel": asked[1],
        "brand_id": None,
        "given": True,
        "text_version": text.version,
        "text_sha256": text.sha256["vi"],
        "language": "vi",
        "asked_in": "app",
        "said_at": at,
    }


def _bell(shopper_id: UUID, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "shopper_id": shopper_id,
        "session_id": None,
        "kind": "web",
        "digest": shopper_id.bytes * 2,
        "address": {},
        "language": "vi",
        "subscribed_at": at,
        "paused_until": None,
    }


def _receipt(shopper_id: UUID, at: datetime, status: str) -> dict[str, Any]:
    id_ = new_id()
    return {
        "id": id_,
        "shopper_id": shopper_id,
        "status": status,
        "request_hash": id_.hex,
        "received_at": at,
        "rung_at": at,
        "settled_at": at,
    }

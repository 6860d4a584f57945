"""Senders of journeys' text messages, killed while they send: what left twice, and what was lost count of."""

from __future__ import annotations

import multiprocessing
import os
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session

from bench.journeys_world import World
from domain.journeys import handing, sending, triggers, versions
from domain.journeys.terms import JourneyTerms
from infra import clock
from infra.db import engine, forget_connections, transaction
from infra.text_senders import TextMessage
from workers.journeys import hand_over

BATCH: Final = 5
NOON: Final = datetime(2026, 11, 30, 12, tzinfo=clock.TILL_ZONE)
_SENT: Final = text("SELECT run_id::text || '-' || step FROM journey_message")
_OPEN: Final = text("""
    SELECT count(*) FROM journey_run JOIN journey ON journey.id = journey_id
    WHERE journey.state = 'live' AND journey_run.state IN ('waiting', 'sending')
""")
_RUNS: Final = text("""
    SELECT count(*) FROM journey_run JOIN journey ON journey.id = journey_id WHERE journey.state = 'live'
""")
_INBOX: Final = text("""
    SELECT count(*) FROM journey_message JOIN journey ON journey.id = journey_id
    WHERE journey.state = 'live' AND channel = 'inbox' AND journey_message.state = 'sent'
""")


@dataclass(frozen=True, slots=True)
class Gateway:
    """Takes text messages by writing them to a file that outlives its process, and takes its time."""

    path: Path

    def send(self, message: TextMessage, *, deadline: datetime) -> str | None:
        """Take a text: it has left once its line stands."""
        time.sleep(random.random() / 100)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(handle, f"{message.reference}\n".encode())
        finally:
            os.close(handle)
        time.sleep(random.random() / 100)
        assert clock.now() <= deadline  # noqa: S101 - of the benchmark itself
        return message.reference


def kill_senders(shoppers: int, kills: int, seed: int = 4) -> dict[str, Any]:
    """Have two processes send, kill one again and again, and let the rest be sent; return what went twice.

    It stands at noon, so that everything may go out at once.
    """
    clock.pretend(NOON)
    try:
        world = World(random.Random(seed), all_agree=True, first_phone=70_000_000)
        _begin(world, shoppers)
        with tempfile.TemporaryDirectory() as folder:
            gateway = Gateway(Path(folder) / "left")
            killed = _send_and_kill(gateway, kills, world.chance)
            clock.pretend(NOON + timedelta(minutes=20))
            with transaction() as session:
                lost = handing.settle_lost(session, shoppers)
            send_all(gateway)
            left = Counter(gateway.path.read_text(encoding="utf-8").split())
        with Session(engine()) as session:
            noted = {reference for (reference,) in session.execute(_SENT)}
            open_runs = session.execute(_OPEN).scalar_one()
            inbox = session.execute(_INBOX).scalar_one()
            expected = session.execute(_RUNS).scalar_one()
    finally:
        clock.pretend(None)
    return {
        "kills": killed,
        "texts_left": len(left),
        "texts_left_twice": sum(count - 1 for count in left.values()),
        "texts_unsure": lost,
        "texts_not_noted": len(left.keys() - noted),
        "inbox_messages": inbox,
        "inbox_expected": expected,
        "runs_left_open": open_runs,
    }


def _begin(world: World, shoppers: int) -> None:
    """Let shoppers who agreed to everything join a journey of a text message and one for the inbox."""
    own = {"kind": "own", "title_vi": "Tin", "body_vi": "Chao", "title_en": "News", "body_en": "Hello"}
    steps = [{"kind": "message", "channel": channel, "words": own} for channel in ("sms", "inbox")]
    given = {"trigger": {"kind": "joined"}, "arms": [{"name": "told", "steps": steps}], "hold_out": 1}
    with transaction() as session:
        journey = versions.create_journey(session, slug="killed", name="Killed", brand_id=None)
        versions.write_draft(session, journey, JourneyTerms.model_validate(given), None)
        versions.publish(session, journey, None)
    world.join(shoppers)
    count = 1
    while count:
        with transaction() as session:
            count = triggers.follow(session, 500)


def _send_and_kill(gateway: Gateway, kills: int, chance: random.Random) -> int:
    context = multiprocessing.get_context("fork")
    engine().dispose()
    killed = 0
    senders = [context.Process(target=_send, args=(gateway,)) for _ in range(2)]
    for sender in senders:
        sender.start()
    while killed < kills and any(sender.is_alive() for sender in senders):
        time.sleep(0.02 + chance.random() / 10)
        victim = chance.randrange(2)
        if senders[victim].is_alive():
            senders[victim].kill()
            killed += 1
        senders[victim].join()
        senders[victim] = context.Process(target=_send, args=(gateway,))
        senders[victim].start()
    for sender in senders:
        sender.join()
    return killed


def _send(gateway: Gateway) -> None:
    forget_connections()
    send_all(gateway)
    engine().dispose()


def send_all(gateway: Gateway) -> None:
    """Send what is due until nothing is."""
    busy = True
    while busy:
        busy = False
        with Session(engine()) as session:
            due = sending.due_journeys(session)
        for journey_id in due:
            with transaction() as session:
                batch = sending.send_due(session, journey_id, BATCH, sms_on=True)
            hand_over(gateway, batch.errands)
            busy = busy or batch.looked_at > 0

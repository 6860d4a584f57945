"""The deliverer: one process that tells the world outside of events. It waits for many receivers at once.

Started by the supervisor as `python -m workers.deliver PARENT_PID`. Two or more may run, on one machine or
several: rows are claimed, and what one of them held when it died is sent again by another.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog
from httpcore import AsyncConnectionPool
from sqlmodel import Session
from standardwebhooks import Webhook

from domain.events import readers
from domain.messages import push
from domain.messages.push import Bell
from domain.messages.writer import write_messages
from domain.webhooks import deliveries
from domain.webhooks.deliveries import Claimed, Outcome
from infra import clock
from infra.db import transaction
from infra.faults import AWAY
from infra.logging import set_up_logging
from infra.outbound import OutboundError, new_pool, post
from infra.push import Rung, services
from workers.lifeline import end_with_parent

PAUSE_SECONDS: Final = 0.5
AWAY_SECONDS: Final = 5.0
ATTEMPT_SECONDS: Final = 15.0
# What is being sent when we are told to stop has so long; what is left is sent again by its next claim.
STOP_SECONDS: Final = 3.0
EVENTS_AT_ONCE: Final = 500
BELLS_MAX: Final = 200
USER_AGENT: Final = "QuetBill-Webhooks/1"
_log = structlog.get_logger()
Found = TypeVar("Found")


class Deliverer:
    """Reads events into messages and deliveries, and sends what is due."""

    def __init__(self) -> None:
        self._stop = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._in_flight: Counter[UUID] = Counter()
        self._ringing = 0
        self._webhooks = new_pool()
        self._pushes = new_pool()
        self._services = services()

    async def run(self) -> None:
        """Work until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        await self._until_done(_take_up_restored)
        while not self._stop.is_set():
            try:
                busy = await self.turn()
            except AWAY as error:
                _log.warning("deliveries_put_off", error=type(error).__name__)
                await self._wait(AWAY_SECONDS)
                continue
            if not busy:
                await self._wait(PAUSE_SECONDS)
        await self.finish(STOP_SECONDS)

    async def turn(self) -> bool:
        """Read the next events and begin to send what is due; say whether there was anything to do."""
        read = await _in_transaction(_read_events)
        in_flight = dict(self._in_flight)
        claimed = await _in_transaction(lambda session: deliveries.claim(session, in_flight))
        for one in claimed:
            self._in_flight[one.endpoint_id] += 1
            self._start(self._send(one))
        # While many ring no more are taken: what is taken has rung, as far as anybody knows.
        ringing = self._ringing < BELLS_MAX
        bells = await _in_transaction(push.claim) if self._services and ringing else []
        for bell in bells:
            self._ringing += 1
            self._start(self._ring(bell))
        return bool(read or claimed or bells)

    async def finish(self, seconds: float | None = None) -> None:
        """Wait for what is being sent, for so long at most, and close every connection."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=seconds)
        for task in self._sending:
            task.cancel()
        await self._webhooks.aclose()
        await self._pushes.aclose()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, one: Claimed) -> None:
        try:
            if one.body is None:
                await _in_transaction(lambda session: deliveries.drop(session, one.id))
                return
            outcome = await attempt(self._webhooks, one, one.body)
            await _in_transaction(lambda session: deliveries.note_outcome(session, one.id, outcome))
        except AWAY as error:
            # Not noted: it is sent again once the claim is over, under the same id.
            _log.warning("delivery_not_noted", delivery=str(one.id), error=type(error).__name__)
        finally:
            self._in_flight[one.endpoint_id] -= 1

    async def _ring(self, bell: Bell) -> None:
        try:
            service = self._services.get(bell.kind)
            rung = await service.ring(self._pushes, bell.address, bell.note) if service else Rung("refused")
            _log.info("push_sent", delivery=str(bell.id), verdict=rung.verdict)
            await _in_transaction(lambda session: push.note_rung(session, bell, rung))
        except AWAY as error:
            _log.warning("push_not_noted", delivery=str(bell.id), error=type(error).__name__)
        finally:
            self._ringing -= 1

    async def _until_done(self, work: Callable[[Session], object]) -> None:
        while not self._stop.is_set():
            try:
                await _in_transaction(work)
            except AWAY as error:
                _log.warning("deliveries_put_off", error=type(error).__name__)
                await self._wait(AWAY_SECONDS)
            else:
                return

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)


async def attempt(pool: AsyncConnectionPool, one: Claimed, body: str) -> Outcome:
    """Send a delivery once, signed as Standard Webhooks 1.0 asks, and say how that went."""
    now = clock.now().astimezone(UTC)
    event_id = str(one.event_key)
    signatures = " ".join(Webhook(secret).sign(event_id, now, body) for secret in one.secrets)
    headers = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures,
    }
    try:
        answer = await post(pool, one.url, body.encode(), headers, seconds=ATTEMPT_SECONDS)
    except OutboundError as error:
        outcome = Outcome(fault=error.code)
    else:
        outcome = Outcome(answer.status, retry_after=answer.retry_after)
    _log.info(
        "webhook_sent",
        delivery=str(one.id),
        endpoint=str(one.endpoint_id),
        status=outcome.status,
        fault=outcome.fault,
    )
    return outcome


def _read_events(session: Session) -> int:
    return write_messages(session, EVENTS_AT_ONCE) + deliveries.queue_events(session, EVENTS_AT_ONCE)


def _take_up_restored(session: Session) -> None:
    readers.take_up_restored(session)


async def _in_transaction(work: Callable[[Session], Found]) -> Found:
    """Do something in a transaction of its own, on a thread."""

    def done() -> Found:
        with transaction() as session:
            return work(session)

    return await asyncio.to_thread(done)


def main() -> None:
    """Deliver for the supervisor whose process id is on the command line."""
    set_up_logging()
    end_with_parent(int(sys.argv[1]))

    async def deliver() -> None:
        await Deliverer().run()

    asyncio.run(deliver())


if __name__ == "__main__":
    main()

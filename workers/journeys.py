"""Jobs of journeys: who enters, what is sent, and what came of it.

No transaction is open while a text message is handed over. Each is handed over once: who dies between noting
that and the provider's answer leaves it as it is, and it counts as sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from sqlmodel import Session

from domain.journeys import handing, measuring, sending, sweeps, triggers
from domain.journeys.sending import Errand
from infra.code_senders import NotTakenError, TryAgainError, send_guarded
from infra.db import engine, transaction
from infra.text_senders import TextMessage, TextSender, text_sender
from workers.chores import BATCH_MAX, chore

# Runs decided on in one transaction, whose shoppers' rows are held meanwhile.
SENT_AT_ONCE_MAX: Final = 200
# Text messages that are handed over side by side: a provider may take seconds.
HANDED_AT_ONCE: Final = 10
_log = structlog.get_logger()


@chore
def follow_journeys() -> Iterator[int]:
    """Let shoppers enter by what happened, and by what is for many at once."""
    count = BATCH_MAX
    while count == BATCH_MAX:
        with transaction() as session:
            count = triggers.follow(session, BATCH_MAX)
        yield count
    with transaction() as session:
        sweeps.begin_for_segments(session)
    swept: int | None = 0
    while swept is not None:
        with transaction() as session:
            swept = sweeps.sweep(session, BATCH_MAX)
        yield swept or 0


@chore
def send_journeys() -> Iterator[int]:
    """Send what is due, of each journey in its turn, until nothing is."""
    sender = text_sender()
    busy = True
    while busy:
        busy = False
        with Session(engine()) as session:
            due = sending.due_journeys(session)
        for journey_id in due:
            with transaction() as session:
                batch = sending.send_due(session, journey_id, SENT_AT_ONCE_MAX, sms_on=sender is not None)
            if sender is not None:
                hand_over(sender, batch.errands)
            busy = busy or batch.looked_at > 0
            yield batch.looked_at


@chore
def look_after_journeys() -> Iterator[int]:
    """Look who came back, let go of lost texts, stop what ended, and forget what is old."""
    steps: Sequence[Callable[[Session, int], int]] = (
        handing.settle_lost,
        measuring.measure,
        measuring.stop_ended,
        measuring.forget,
    )
    for step in steps:
        count = BATCH_MAX
        while count == BATCH_MAX:
            with transaction() as session:
                count = step(session, BATCH_MAX)
            yield count


def hand_over(sender: TextSender, errands: Sequence[Errand]) -> None:
    """Hand text messages over, some at a time, and note of each what became of it."""
    if errands:
        with ThreadPoolExecutor(HANDED_AT_ONCE) as pool:
            list(pool.map(lambda errand: _hand(sender, errand), errands))


def _hand(sender: TextSender, errand: Errand) -> None:
    message = TextMessage(errand.reference, errand.phone, errand.text, errand.is_ad)
    try:
        provider_id = send_guarded(sender, message, deadline=errand.deadline)
    except NotTakenError as error:
        _log.error("text_not_taken", run=str(errand.run_id), why=error.why)
        with transaction() as session:
            handing.note_refused(session, errand, is_sure=error.is_sure)
    except TryAgainError as error:
        with transaction() as session:
            if error.is_sure:
                handing.put_off(session, errand, error.seconds)
            else:
                # It may have arrived: once is enough.
                handing.note_refused(session, errand, is_sure=False)
    else:
        with transaction() as session:
            handing.note_taken(session, errand, provider_id)

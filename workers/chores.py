"""What must be done again and again: bells rung for what was forgotten, points expired, prices measured.

Each chore is a job of its own on the queue `quick`. Every supervisor looks what is due, and it is enqueued
once: the row of a chore says when a worker was last called for it and when it was last done. Rows, unlike
timers and keys in Redis, outlive restarts and a Redis that forgets; a clock that is set back or forward makes
a chore due at once rather than never.

A chore works in batches for a moment only and is called again for the rest, so that a shopper's question on
the same queue waits for moments. Questions expire after seconds, so that no chore waits long for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped
from sqlmodel import Session, and_, col, or_, select

from domain.events import readers
from domain.insights.store import feed as insight_feed
from domain.ledger import expiry, notices, spending
from domain.membership import follow
from domain.messages import inbox, push
from domain.origins import links
from domain.privacy import retention
from domain.purchases import waiting
from domain.receipts import rows
from domain.rewards import notices as vouchers_told
from domain.signin import codes, handing, passkeys, sessions
from domain.webhooks import deliveries
from infra import clock, queue
from infra.db import engine, only_one, transaction
from infra.faults import AWAY
from infra.settings import settings
from schemas.operation import Chore as ChoreRow

BATCH_MAX: Final = 1000
# Accounts whose points expire in one transaction, locked meanwhile.
EXPIRED_AT_ONCE_MAX: Final = 200
# Events whose members are looked at in one transaction.
FOLLOWED_AT_ONCE_MAX: Final = 100
# A worker is a chore's for so long at a time, past the batch at hand.
MOMENT_SECONDS: Final = 1.0
# A chore that was called and not done (Redis forgot, a worker died, it raised) is called again after this.
CALL_AGAIN: Final = timedelta(minutes=2)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chore:
    """A job by its name, and how often it is to be done."""

    job: str
    every: timedelta

    @property
    def call_again(self) -> timedelta:
        """Return after how long it is called again if it was not done."""
        return min(self.every, CALL_AGAIN)


def chores() -> Sequence[Chore]:
    """Return all that is to be done again and again. A new chore is a function below and a row here.

    Those of one area stand in a file of its own beside this one.
    """
    follow, hour = timedelta(seconds=settings().follow_interval_seconds), timedelta(hours=1)
    found = [
        Chore("workers.chores.ring_forgotten_receipts", timedelta(seconds=settings().ring_interval_seconds)),
        Chore("workers.chores.expire_points", timedelta(minutes=10)),
        Chore("workers.catalog.measure_prices", timedelta(days=1)),
        Chore("workers.chores.follow_members", follow),
        Chore("workers.chores.follow_members_days", hour),
        Chore("workers.chores.credit_purchases", follow),
        Chore("workers.chores.forget_purchases", hour),
        Chore("workers.journeys.follow_journeys", follow),
        Chore("workers.journeys.send_journeys", timedelta(seconds=20)),
        Chore("workers.journeys.look_after_journeys", timedelta(minutes=5)),
    ]
    # A budget that rises with a version is short until then: shoppers must not notice.
    found.append(Chore("workers.campaigns.begin_budgets", timedelta(seconds=20)))
    found.append(Chore("workers.rewards.fill_waiting_rewards", timedelta(minutes=1)))
    found.append(Chore("workers.catalog.replay_links", CALL_AGAIN))
    found.append(Chore("workers.campaigns.keep_audiences", timedelta(minutes=2)))
    found.append(Chore("workers.campaigns.note_budgets", timedelta(minutes=20)))
    found.append(Chore("workers.campaigns.ring_dry_runs", timedelta(seconds=15)))
    found.append(Chore("workers.brands.ask_surveys", follow))
    found.append(Chore("workers.brands.refit_models", hour))
    found.append(Chore("workers.brands.refresh_segments", CALL_AGAIN))
    found.append(Chore("workers.offers.follow_offers", follow))
    found.append(Chore("workers.offers.count_offers", CALL_AGAIN))
    found.append(Chore("workers.offers.learn_goes_with", timedelta(days=1)))
    found.append(Chore("workers.offers.forget_offers", hour))
    found.append(Chore("workers.privacy.erase_shoppers", CALL_AGAIN))
    found.append(Chore("workers.privacy.look_after_exports", timedelta(minutes=5)))
    found.append(Chore("workers.privacy.forget_uploads", timedelta(minutes=10)))
    found.append(Chore("workers.exports.look_after_insight_exports", timedelta(minutes=5)))
    if retention.is_limited():
        found.append(Chore("workers.privacy.remove_old_pictures", timedelta(hours=1)))
    found.append(Chore("workers.chores.announce_expiring", timedelta(hours=6)))
    found.append(Chore("workers.chores.forget_events", timedelta(hours=1)))
    found.append(Chore("workers.chores.forget_messages", timedelta(hours=1)))
    if settings().learn_shoppers_min:
        found.append(Chore("workers.catalog.learn_links", timedelta(days=1)))
    found.append(Chore("workers.chores.forget_sign_ins", timedelta(hours=1)))
    if settings().code_provider:
        found.append(Chore("workers.chores.ring_waiting_codes", timedelta(seconds=10)))
    if settings().links_days:
        found.append(Chore("workers.chores.forget_links", timedelta(hours=1)))
    return found


def call_due_chores() -> list[str]:
    """Call a worker for each chore that is due, once however many supervisors look; return their jobs.

    Raises:
        SQLAlchemyError: The database does not answer.
        RedisError: Redis does not answer; what was due is called again at its next turn.
    """
    now = clock.now()
    with Session(engine()) as session:
        seen = {row.job: row for row in session.exec(select(ChoreRow)).all()}
    due = [chore for chore in chores() if _seems_due(chore, seen.get(chore.job), now)]
    called = []
    for chore in due:
        with transaction() as session:
            if _call(session, chore, now):
                called.append(chore)
    for chore in called:
        queue.ring_chore(chore.job, expires_after=chore.call_again)
    return [chore.job for chore in called]


def _seems_due(chore: Chore, row: ChoreRow | None, now: datetime) -> bool:
    if row is None:
        return True
    return _is_over(row.rung_at, now, chore.call_again) and (
        row.done_at is None or _is_over(row.done_at, now, chore.every)
    )


def _is_over(since: datetime, now: datetime, pause: timedelta) -> bool:
    # A time far in the future is that of a clock since set back: no reason to wait until it comes again.
    return abs(now - since) >= pause


def _call(session: Session, chore: Chore, now: datetime) -> bool:
    """Note that a worker is called; say whether it was for this caller to do."""

    def over(since: Mapped[datetime] | Mapped[datetime | None], pause: timedelta) -> ColumnElement[bool]:
        return or_(since <= now - pause, since >= now + pause)

    rung_at, done_at = col(ChoreRow.rung_at), col(ChoreRow.done_at)
    noted = session.execute(
        insert(ChoreRow)
        .values(job=chore.job, rung_at=now)
        .on_conflict_do_update(
            index_elements=["job"],
            set_={"rung_at": now},
            where=and_(over(rung_at, chore.call_again), or_(done_at.is_(None), over(done_at, chore.every))),
        )
        .returning(col(ChoreRow.job))
    )
    return noted.first() is not None


def chore(work: Callable[[], Iterator[int]]) -> Callable[[], int]:
    """Make a job of work that yields how much each of its batches did.

    The job returns how much was done in all; 0 where it was not due, or another worker is at it.
    """
    job = f"{work.__module__}.{work.__name__}"

    @wraps(work)
    def done() -> int:
        wanted = next((chore for chore in chores() if chore.job == job), None)
        if wanted is None:
            return 0
        try:
            with only_one(job) as alone:
                return _do(wanted, work) if alone else 0
        except (*AWAY, RedisError) as error:
            _log.warning("chore_put_off", chore=work.__name__, error=type(error).__name__)
            return 0

    return done


def _do(chore: Chore, work: Callable[[], Iterator[int]]) -> int:
    began, now = time.monotonic(), clock.now()
    with Session(engine()) as session:
        row = session.get(ChoreRow, chore.job)
    if row is not None and row.done_at is not None and not _is_over(row.done_at, now, chore.every):
        return 0
    total, whole = 0, True
    for count in work():
        total += count
        if time.monotonic() - began >= MOMENT_SECONDS:
            whole = False
            break
    with transaction() as session:
        # What is not whole is due again at once, and waits its turn on the queue.
        values = {"done_at": now} if whole else {"rung_at": now - chore.call_again, "done_at": None}
        session.execute(update(ChoreRow).where(col(ChoreRow.job) == chore.job).values(**values))
    if total:
        seconds = round(time.monotonic() - began, 3)
        _log.info("chore_done", chore=chore.job.rpartition(".")[2], count=total, whole=whole, seconds=seconds)
    return total


@chore
def ring_forgotten_receipts() -> Iterator[int]:
    """Ring for receipts whose bell was lost or whose pause is over."""
    count = BATCH_MAX
    while count == BATCH_MAX:
        bells_waiting = queue.bells_waiting()
        with transaction() as session:
            receipt_ids = rows.receipts_to_ring(session, bells_waiting=bells_waiting, limit=BATCH_MAX)
            for receipt_id in receipt_ids:
                queue.ring_after_commit(session, str(receipt_id))
        count = len(receipt_ids)
        yield count


@chore
def expire_points() -> Iterator[int]:
    """Let points expire whose last day is over, and holds whose time is.

    A day ends at midnight by the tills' clock.
    """
    while True:
        with transaction() as session:
            count = spending.void_lapsed(session, clock.now())
        with transaction() as session:
            count += expiry.expire_points(session, clock.till_today(), EXPIRED_AT_ONCE_MAX)
        if not count:
            return
        yield count


@chore
def follow_members() -> Iterator[int]:
    """Move members between tiers, pay missions, and hold what friends bring, by what happened to receipts."""
    count = FOLLOWED_AT_ONCE_MAX
    while count == FOLLOWED_AT_ONCE_MAX:
        with transaction() as session:
            count = follow.follow_events(session, FOLLOWED_AT_ONCE_MAX)
        yield count


@chore
def follow_members_days() -> Iterator[int]:
    """Let tiers fall whose day has come, and pay for friends whose first receipt has stood long enough."""
    count = 1
    while count:
        with transaction() as session:
            count = follow.follow_days(session, clock.till_today(), FOLLOWED_AT_ONCE_MAX)
        yield count


@chore
def credit_purchases() -> Iterator[int]:
    """Credit partners' purchases whose buyers have joined, agreed or been decided on; each by itself."""
    count = FOLLOWED_AT_ONCE_MAX
    while count == FOLLOWED_AT_ONCE_MAX:
        with transaction() as session:
            count = waiting.follow_events(session, FOLLOWED_AT_ONCE_MAX)
        yield 0
    while True:
        with transaction() as session:
            purchase_id = waiting.claim_due(session, clock.now())
        if purchase_id is None:
            return
        with transaction() as session:
            waiting.settle_claimed(session, purchase_id)
        yield 1


@chore
def forget_purchases() -> Iterator[int]:
    """Forget partners' purchases that nobody came for in time."""
    count = BATCH_MAX
    while count == BATCH_MAX:
        with transaction() as session:
            count = waiting.forget_waiting(session, clock.now(), BATCH_MAX)
        yield count


@chore
def ring_waiting_codes() -> Iterator[int]:
    """Ring for one-time codes whose bell was lost, whose worker died or whose provider was away."""
    with Session(engine()) as session:
        waiting = handing.codes_to_hand(session, BATCH_MAX)
    for code_id in waiting:
        queue.ring_code(str(code_id))
    yield len(waiting)


@chore
def forget_sign_ins() -> Iterator[int]:
    """Delete codes, challenges, ended sessions and unused devices that nothing asks for any more."""
    for forget in (codes.forget_codes, passkeys.forget_challenges, sessions.forget_sessions):
        count = 1
        while count:
            with transaction() as session:
                count = forget(session, BATCH_MAX)
            yield count


@chore
def forget_links() -> Iterator[int]:
    """Forget devices, addresses and links between shoppers that were last seen too long ago."""
    before = clock.now() - timedelta(days=settings().links_days)
    count = 1
    while count:
        with transaction() as session:
            count = links.forget_links(session, before, BATCH_MAX)
        yield count


@chore
def forget_events() -> Iterator[int]:
    """Forget events that are old and that every reader has read; take up those a restored dump brought."""
    with transaction() as session:
        restored = readers.take_up_restored(session)
        insight_feed.leave_if_off(session)
    yield restored
    before = clock.now() - timedelta(days=settings().event_days)
    count = BATCH_MAX
    while count == BATCH_MAX:
        with transaction() as session:
            count = readers.forget_events(session, before, BATCH_MAX)
        yield count


@chore
def announce_expiring() -> Iterator[int]:
    """Tell of points and vouchers that expire soon; each once, however often this runs."""
    today = clock.till_today()
    announcers: tuple[Callable[..., tuple[int, Any]], ...] = (
        notices.announce_expiring,
        vouchers_told.announce_expiring,
    )
    for announce in announcers:
        after, goes_on = None, True
        while goes_on:
            with transaction() as session:
                count, after = announce(session, today, after=after, limit=BATCH_MAX)
            yield count
            goes_on = after is not None


@chore
def forget_messages() -> Iterator[int]:
    """Delete what shoppers and webhooks were told long ago."""
    before = clock.now() - timedelta(days=settings().event_days)
    count = BATCH_MAX
    while count == BATCH_MAX:
        with transaction() as session:
            count = deliveries.forget_deliveries(session, before, BATCH_MAX)
        yield count
    with transaction() as session:
        push.forget_bells(session, before)
    before = clock.now() - timedelta(days=settings().message_days)
    count = BATCH_MAX
    while count == BATCH_MAX:
        with transaction() as session:
            count = inbox.forget_messages(session, before, BATCH_MAX)
        yield count

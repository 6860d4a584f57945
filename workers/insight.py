"""The insight process: answers questions about purchases, and keeps its store at what PostgreSQL says.

Started beside the API and the workers, or by itself as `quetbill insight`. It alone has the embedded
store's folder open; where QUETBILL_INSIGHT_URL names a ClickHouse it only keeps that one fed. Several may
run on one database: one of them feeds at a time.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import structlog
from obstore.exceptions import BaseError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from domain.insights.store import compare, copies, derive, feed, forgetting, rebuild
from domain.insights.store.tables import MARK, Layout, make_tables
from infra import clock, db
from infra.columnar import connect
from infra.columnar.engine import EmbeddedStore, Engine, Limits
from infra.columnar.server import Server
from infra.columnar.store import ColumnarError, Store
from infra.db import only_one, transaction
from infra.logging import set_up_logging
from infra.settings import settings
from workers.lifeline import end_with_parent

ONLY_ONE: Final = "insight keeper"
# After a fault of a service, or of ours: what could not be done is still there to do.
AGAIN_SECONDS: Final = 3.0
SUMS_SECONDS: Final = 600.0
PURGE_SECONDS: Final = 3600.0
# By the tills' clock: when few receipts come.
NIGHT_HOUR: Final = 3
STOP_SECONDS: Final = 20.0
_log = structlog.get_logger()


@dataclass
class Keeper:
    """Keeps a store at what PostgreSQL says, a step at a time: no step keeps settled receipts waiting."""

    store: Store
    layout: Layout
    stop: threading.Event = field(default_factory=threading.Event)
    _sums_at: float = float("-inf")
    _purged_at: float = float("-inf")
    _compared_on: date | None = None
    _work: Iterator[str] = field(default_factory=lambda: iter(()))

    def run(self) -> None:
        """Keep it until told to stop."""
        while not self.stop.is_set():
            try:
                pause = self._turn()
            except (SQLAlchemyError, ColumnarError, BaseError) as error:
                _log.warning("insight_put_off", error=type(error).__name__)
                self._work, pause = iter(()), AGAIN_SECONDS
            self.stop.wait(pause)

    def _turn(self) -> float:
        """Do what is next; return for how many seconds there is nothing else to do."""
        with only_one(ONLY_ONE) as alone:
            if not alone:
                return AGAIN_SECONDS
            end = time.monotonic() + settings().insight_feed_seconds
            busy = self.feed()
            while not busy and not self.stop.is_set() and time.monotonic() < end:
                if next(self._work, None) is None:
                    self._work = self._due_work()
                    if next(self._work, None) is None:
                        break
        return 0.0 if busy else max(0.0, end - time.monotonic())

    def feed(self) -> bool:
        """Tell the store what happened, and the next of who is yet to be told; say whether there is more."""
        with transaction() as session:
            if rebuild.needs_rebuild(session, self.store):
                rebuild.ask_rebuild(session)
                _log.info("insight_rebuild_began")
        began = time.monotonic()
        with transaction() as session:
            fed = feed.feed(session, self.store)
        if fed.rows:
            seconds = round(time.monotonic() - began, 3)
            _log.info("insight_fed", events=fed.events, receipts=fed.receipts, rows=fed.rows, seconds=seconds)
        with transaction() as session:
            walked = rebuild.rebuild_some(session, self.store, self.layout)
        return fed.more or walked

    def _due_work(self) -> Iterator[str]:
        """Yield, step by step, what is due beside the feed."""
        now = time.monotonic()
        if now - self._sums_at >= SUMS_SECONDS:
            yield from derive.derive(self.store, self.layout)
            if settings().insight_copy_url:
                yield from copies.copy_stale(self.store, settings().insight_copy_url)
            self._sums_at = now
        if now - self._purged_at >= PURGE_SECONDS:
            if forgetting.purge(self.store, self.layout):
                yield "purge"
            self._purged_at = now
        today = clock.till_now()
        if today.hour == NIGHT_HOUR and self._compared_on != today.date():
            yield from self.compare()
            self._compared_on = today.date()

    def compare(self) -> Iterator[str]:
        """Compare month by month, name what differs and mend it; yield each month."""
        with Session(db.engine()) as session:
            months = compare.months(session, self.store)
        for month in months:
            end = derive.Period("month", month).end
            with Session(db.engine()) as session:
                found = compare.compare(session, self.store, month, end)
            if found:
                # What was settled meanwhile is no difference.
                self.feed()
                with Session(db.engine()) as session:
                    found = compare.compare(session, self.store, month, end)
            for one in found:
                _log.error(
                    "insight_differs",
                    day=str(one.day),
                    figure=one.figure,
                    postgresql=one.postgresql,
                    store=one.store,
                )
            if found:
                with transaction() as session:
                    compare.mend(session, self.store, {one.day for one in found})
            yield f"compare {month}"


def layout() -> Layout:
    """Return where the tables of the store in the settings lie."""
    return Layout(connect.cluster()) if connect.is_clickhouse() else Layout()


def open_engine() -> Engine:
    """Open the embedded store's folder, which nobody else may have open.

    Raises:
        ColumnarError: Somebody has, or it can't be read.
    """
    folder = connect.folder() / "store"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    query_bytes = settings().insight_bytes_max * 2 // 3
    limits = Limits(process_bytes=settings().insight_bytes_max, query_bytes=query_bytes)
    # How fresh the store is says each of the feed's turns anew.
    return Engine(folder, limits, apart=frozenset({MARK}))


def run(stop: threading.Event) -> None:
    """Serve and keep the store in the settings until told to stop.

    Raises:
        ColumnarError: The embedded store can't be opened.
    """
    server = None
    if connect.is_clickhouse():
        store: Store = connect.store()
    else:
        engine = open_engine()
        store = EmbeddedStore(engine)
        make_tables(store, Layout())
        server = Server(engine, connect.socket_address())
        server.listen()
        threading.Thread(target=server.run, daemon=True).start()
    keeper = Keeper(store, layout(), stop)
    keeping = threading.Thread(target=keeper.run, daemon=True)
    keeping.start()
    _log.info("insight_started")
    stop.wait()
    if server is not None:
        server.stop(settings().stop_seconds_max)
    keeping.join(STOP_SECONDS)
    db.engine().dispose()
    if server is not None and not keeping.is_alive():
        engine.close()
    _log.info("insight_stopped")


def stopping() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def main() -> None:
    """Run for the process whose id is on the command line, and end with it."""
    set_up_logging()
    end_with_parent(int(sys.argv[1]))
    run(stopping())


if __name__ == "__main__":
    main()

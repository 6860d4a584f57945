"""Whatever many do to the same shoppers' points at once, nothing is lost, doubled or left hanging."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from domain.ledger.checks import CHECKS
from domain.ledger.verify import differences
from infra.db import engine, forget_connections
from tests.domain.ledger.crowd import Crowd
from tests.make import clear_database

THREADS = 16
# Few in the suite, since each is a commit on a disk; many by `make ledger`.
STEPS = int(os.environ.get("LEDGER_STEPS", "8"))
KILLS = 1 if STEPS < 100 else 40
pytestmark = pytest.mark.timeout(240 + 20 * STEPS)
PATIENCE_SECONDS = 120


def deadlocks(session: Session) -> int:
    statement = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return int(session.execute(text(statement)).scalar_one())


@pytest.mark.usefixtures("committed")
def test_what_many_do_at_once_ends_as_if_they_had_taken_turns() -> None:
    """Each draws its ticket while it holds its locks, so that tickets are an order that explains the end."""
    crowd = Crowd()
    with Session(engine()) as session:
        before = deadlocks(session)
    crowd.run(THREADS, STEPS)
    assert crowd.errors == []
    with Session(engine()) as session:
        assert differences(session, CHECKS) == []
        assert deadlocks(session) == before
    ended = crowd.state()
    clear_database()
    again = Crowd()
    again.in_turn([number for _, number in sorted(crowd.drawn)], STEPS)
    assert again.state() == ended


def transfers() -> int:
    """Count what moved; a database that recovers is waited for."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with engine().connect() as connection:
                return int(connection.execute(text("SELECT count(*) FROM transfer")).scalar_one())
        except OperationalError:
            if time.monotonic() > end:
                raise


def work_without_end(crowd: Crowd, number: int) -> None:
    forget_connections()
    crowd.work(number, None)
    os._exit(0)


@pytest.mark.usefixtures("swept_database", "committed")
@pytest.mark.parametrize("victim", ["worker", "database"])
def test_who_is_killed_at_any_moment_leaves_a_ledger_that_adds_up(victim: str) -> None:
    crowd = Crowd()
    for number in range(KILLS):
        before = transfers()
        engine().dispose()
        worker = multiprocessing.get_context("fork").Process(target=work_without_end, args=(crowd, number))
        worker.start()
        try:
            while transfers() < before + 10:
                assert worker.is_alive()
            if victim == "database":
                # One server process killed takes all others along, and the database recovers from its log.
                with engine().connect() as connection:
                    busy = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND "
                    own = connection.execute(text(busy + "pid <> pg_backend_pid()")).scalars().all()
                    os.kill(own[0], signal.SIGKILL)
                    # Until this connection is cut too, the database has not begun to recover.
                    with pytest.raises(OperationalError):
                        connection.execute(text("SELECT pg_sleep(60)"))
        finally:
            worker.kill()
            worker.join()
        assert transfers() >= before + 10
        with Session(engine()) as session:
            assert differences(session, CHECKS) == []

"""The database: one engine a process, one transaction a request or job step."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from select import POLLIN, poll
from threading import BoundedSemaphore
from time import monotonic
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, bindparam, event, func, select
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlmodel import Session, create_engine

from infra import queue
from infra.settings import settings
from infra.statements import Statement

# Who gets no connection by then is told to come again: a request that waits keeps others from being answered.
CONNECTION_SECONDS = 5
_AFTER_COMMIT = "after_commit"
# What was idle for longer is asked whether it still answers: a machine that is gone hangs nothing up.
TRUSTED_SECONDS: Final = 5.0
_IDLE_SINCE: Final = "idle_since"


def database_url() -> str:
    """Return the URL with the driver we use, whatever spelling of PostgreSQL it came with.

    Raises:
        ArgumentError: It is no address of a PostgreSQL.
    """
    url = settings().database_url
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    if not url.startswith("postgresql+psycopg://"):
        # Otherwise the driver of another database is looked for, deep below and in many words.
        raise ArgumentError("QUETBILL_DATABASE_URL is no address of a PostgreSQL.")
    return url


@cache
def engine() -> Engine:
    """Return this process's engine. Forked children must call `forget_connections` first."""
    return _engine(pool_size=settings().database_pool_size, max_overflow=settings().database_pool_size)


@cache
def _export_engine() -> Engine:
    return _engine(pool_size=settings().exports_at_once_max, max_overflow=0)


@cache
def _export_turns() -> BoundedSemaphore:
    return BoundedSemaphore(settings().exports_at_once_max)


def _engine(*, pool_size: int, max_overflow: int) -> Engine:
    limits = {
        "statement_timeout": settings().statement_seconds_max,
        "idle_in_transaction_session_timeout": settings().idle_transaction_seconds_max,
    }
    options = " ".join(f"-c {name}={1000 * seconds}" for name, seconds in limits.items())
    made = create_engine(
        database_url(),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=CONNECTION_SECONDS,
        # What a statement was given may be somebody's phone or password: no error quotes it.
        hide_parameters=True,
        connect_args={"options": f"-c timezone=UTC {options}", "connect_timeout": CONNECTION_SECONDS},
    )
    event.listen(made, "checkin", _note_idle)
    event.listen(made, "checkout", _look_whether_alive)
    return made


def _note_idle(_connection: Any, record: Any) -> None:
    record.info[_IDLE_SINCE] = monotonic()


def _look_whether_alive(connection: Any, record: Any, _lent: Any) -> None:
    """Lend no connection whose server has hung up.

    Its socket says so without a word to the server, which would cost every transaction a round trip: a server
    that ends or is killed closes it, and nothing else is to be read on a connection that is idle.

    Raises:
        InvalidatePoolError: It is gone, and so are all that were opened before; the pool opens another.
    """
    # Set only where it came back before: what was opened just now needs no look.
    idle_since = record.info.get(_IDLE_SINCE)
    if idle_since is None or (monotonic() - idle_since < TRUSTED_SECONDS and _is_silent(connection)):
        return
    try:
        engine().dialect.do_ping(connection)
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def _is_silent(connection: Any) -> bool:
    if connection.closed:
        return False
    looked = poll()
    looked.register(connection.fileno(), POLLIN)
    return not looked.poll(0)


def forget_connections() -> None:
    """Drop connections inherited from a parent process without closing the parent's."""
    engine().dispose(close=False)
    _export_engine().dispose(close=False)


def unit_of_work() -> Generator[Session]:
    """Yield a session; commit when the caller returns, roll back when it raises.

    Bells remembered by `queue.ring_after_commit` are rung once the commit has succeeded, and what
    `after_commit` remembered is done.
    """
    with Session(engine(), expire_on_commit=False) as session:
        yield session
        session.commit()
    queue.ring(session)
    for act in session.info.pop(_AFTER_COMMIT, ()):
        act()


transaction = contextmanager(unit_of_work)


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Remember to do something once the session's work is committed. What it does must not raise."""
    session.info.setdefault(_AFTER_COMMIT, []).append(act)


def read_only() -> Generator[Session]:
    """Yield a session for queries: nothing is kept of what the caller changes."""
    with Session(engine()) as session:
        yield session


@contextmanager
def only_one(key: str) -> Generator[bool]:
    """Yield whether nobody else is at work on what `key` names; if so, nobody else begins meanwhile.

    No transaction is open while it is held. It ends with the process that holds it, however that ends.
    """
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        alone = bool(connection.execute(_TRY_KEY, {"key": key}).scalar_one())
        try:
            yield alone
        finally:
            if alone:
                connection.execute(_LEAVE_KEY, {"key": key})


class TooManyExportsError(Exception):
    """As many exports are being sent as there are connections for them."""


def export_session() -> Generator[Session]:
    """Yield a session for an export, on a connection that only exports use: a slow reader keeps no other's.

    Raises:
        TooManyExportsError: All of them are in use.
    """
    turns = _export_turns()
    if not turns.acquire(blocking=False):
        raise TooManyExportsError
    try:
        with Session(_export_engine()) as session:
            yield session
    finally:
        turns.release()


def lock_key(session: Session, key: str) -> None:
    """Wait until this transaction alone works on what `key` names; held until it ends."""
    _LOCK_KEY.run(session, {"key": key})


_HASHED = func.hashtextextended(bindparam("key"), 0)
_LOCK_KEY = Statement("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_TRY_KEY = select(func.pg_try_advisory_lock(_HASHED))
_LEAVE_KEY = select(func.pg_advisory_unlock(_HASHED))

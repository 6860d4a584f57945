"""The database: one engine a process, one transaction a request or job step."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine, bindparam, func, select
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session, create_engine

from infra import queue
from infra.settings import settings


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
    return create_engine(
        database_url(),
        pool_size=settings().database_pool_size,
        max_overflow=settings().database_pool_size,
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC"},
    )


def forget_connections() -> None:
    """Drop connections inherited from a parent process without closing the parent's."""
    engine().dispose(close=False)


def unit_of_work() -> Generator[Session]:
    """Yield a session; commit when the caller returns, roll back when it raises.

    Bells remembered by `queue.ring_after_commit` are rung once the commit has succeeded.
    """
    with Session(engine(), expire_on_commit=False) as session:
        yield session
        session.commit()
    queue.ring(session)


transaction = contextmanager(unit_of_work)


def read_only() -> Generator[Session]:
    """Yield a session for queries: nothing is kept of what the caller changes."""
    with Session(engine()) as session:
        yield session


def lock_key(session: Session, key: str) -> None:
    """Wait until this transaction alone works on what `key` names; held until it ends."""
    session.execute(_LOCK_KEY, {"key": key})


_LOCK_KEY = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("key"), 0)))

"""What stands is derived again from what happened, a piece at a time, and every difference is named.

    verify(checks, watch) -> a report for each check     its own short transactions: for operators
    differences(session, checks) -> [Difference]         in one transaction: for tests and small ledgers

A check looks at pieces, such as accounts 1 to 2,000, and returns what differs in one. Each piece is
one read-only transaction that sees one moment (REPEATABLE READ), so that what moves meanwhile is no
difference and no snapshot is held for long. What is written into a piece after it was looked at waits for
the next run.

An area names its own checks, as domain/ledger/checks.py does; domain/verification.py lists them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import text
from sqlmodel import Session

from infra import clock
from infra.db import engine

# One piece takes parts of a second; a database under load, or a table read whole, some minutes at most.
PIECE_SECONDS_MAX: Final = 600


@dataclass(frozen=True, slots=True)
class Difference:
    """What `stands` of a subject where its history gives `derived`; None where a row is missing."""

    check: str
    subject: str
    what: str
    stands: int | None
    derived: int | None


Piece: TypeAlias = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule that holds at any moment: into which pieces it is cut, and what breaks it in one."""

    name: str
    rule: str
    pieces: Callable[[Session], list[Piece]]
    look: Callable[[Session, Piece], list[Difference]]


@dataclass(frozen=True, slots=True)
class Report:
    """What one check found, in how many pieces, in how many seconds."""

    name: str
    rule: str
    pieces: int
    seconds: float
    differences: list[Difference] = field(default_factory=list)


def verify(
    checks: Sequence[Check], watch: Callable[[Check, int, int], None] = lambda *_: None
) -> list[Report]:
    """Look at everything; return a report for each check.

    `watch` hears after each piece how many were looked at, and of how many.

    Raises:
        SQLAlchemyError: The database does not answer.
    """
    reports = []
    for check in checks:
        began = time.monotonic()
        with _moment() as session:
            pieces = check.pieces(session)
        found: list[Difference] = []
        watch(check, 0, len(pieces))
        for number, piece in enumerate(pieces, 1):
            with _moment() as session:
                found += check.look(session, piece)
            watch(check, number, len(pieces))
        reports.append(Report(check.name, check.rule, len(pieces), time.monotonic() - began, found))
    return reports


@contextmanager
def _moment() -> Generator[Session]:
    with engine().connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text(f"SET LOCAL statement_timeout = '{PIECE_SECONDS_MAX}s'"))
        # A piece is a few thousand rows found by index; read whole for each, a large table would never end.
        connection.execute(text("SET LOCAL random_page_cost = 1.1"))
        with Session(connection) as session:
            yield session


def differences(session: Session, checks: Sequence[Check]) -> list[Difference]:
    """Return what differs, as an open transaction sees it."""
    return [
        difference
        for check in checks
        for piece in check.pieces(session)
        for difference in check.look(session, piece)
    ]


def by_id(table: str, size: int) -> Callable[[Session], list[Piece]]:
    """Cut a table into ranges of its integer ids."""
    last = text(f"SELECT max(id) FROM {table}")  # noqa: S608 - of constants

    def pieces(session: Session) -> list[Piece]:
        end = session.execute(last).scalar_one() or 0
        return [(first, first + size - 1) for first in range(1, end + 1, size)]

    return pieces


def by_place(table: str, blocks: int) -> Callable[[Session], list[Piece]]:
    """Cut a table to which rows are only added into ranges of where they lie on the disk."""
    size = text("SELECT pg_relation_size(CAST(:table AS regclass)) / current_setting('block_size')::int")

    def pieces(session: Session) -> list[Piece]:
        end = session.execute(size, {"table": table}).scalar_one()
        return [(f"({first},0)", f"({first + blocks},0)") for first in range(0, end, blocks)]

    return pieces


def whole(_: Session) -> list[Piece]:
    """Leave a small table whole."""
    return [(None, None)]


def by_sql(name: str, statement: str) -> Callable[[Session, Piece], list[Difference]]:
    """Look by a statement over `:first` to `:last` at `:now`: subject, what, what stands, what is derived."""
    asked = text(statement)

    def look(session: Session, piece: Piece) -> list[Difference]:
        values = {"first": piece[0], "last": piece[1], "now": clock.now()}
        named = {key: value for key, value in values.items() if f":{key}" in statement}
        return [
            Difference(
                name,
                subject,
                what,
                None if stands is None else int(stands),
                None if derived is None else int(derived),
            )
            for subject, what, stands, derived in session.execute(asked, named)
        ]

    return look

"""Statements that run for every receipt or every opening of an app, handed to the driver directly.

The toolkit's own way of executing costs four times what the driver needs for a short statement, and settling
one receipt takes some twenty (docs/decisions/0193). Only that is left out: connection, transaction and pool
are the session's, and faults are told as the toolkit's, so that who catches them need not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

_DIALECT: Final = PGDialect_psycopg()  # type: ignore[no-untyped-call] # as the toolkit has it


class Statement:
    """An SQL text of our own, its parameters written `:name`, rendered once.

    What a session holds unwritten is not flushed before, as with any text that a session executes. Values are
    what the driver takes and gives by itself: UUID, date, datetime, Decimal, lists as arrays, jsonb as read.
    """

    __slots__ = ("_fixed", "_sql")

    def __init__(self, sql: str, **fixed: object) -> None:
        """Render a text; `fixed` are parameters that are the same each time."""
        self._sql = str(text(sql).compile(dialect=_DIALECT))
        self._fixed = fixed

    def rows(self, session: Session, asked: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """Execute it in the session's transaction and return all rows, values in the order of its columns.

        Raises:
            DBAPIError: The database refuses it, or is away (`OperationalError`), as the toolkit tells it.
        """
        return self._execute(session, asked).fetchall()

    def run(self, session: Session, asked: Mapping[str, object] | None = None) -> None:
        """Execute it in the session's transaction for what it does. Raises as `rows`."""
        self._execute(session, asked)

    def _execute(
        self, session: Session, asked: Mapping[str, object] | None
    ) -> psycopg.Cursor[tuple[Any, ...]]:
        connection = session.connection()
        # A cursor that says the same again knows already how to write its parameters and read its rows.
        cursor: psycopg.Cursor[tuple[Any, ...]] | None = connection.info.get(self)
        if cursor is None:
            driver: psycopg.Connection[tuple[Any, ...]] = connection.connection.driver_connection  # type: ignore[assignment] # the only driver there is
            cursor = connection.info[self] = driver.cursor()
        try:
            return cursor.execute(self._sql, {**self._fixed, **(asked or {})})
        except psycopg.Error as error:
            raise self._told(connection, cursor.connection, error) from error

    def _told(
        self, connection: Connection, driver: psycopg.Connection[tuple[Any, ...]], error: psycopg.Error
    ) -> BaseException:
        gone = driver.closed
        told = DBAPIError.instance(
            self._sql,
            None,
            error,
            psycopg.Error,
            # What a statement was given may be somebody's phone or password: no error quotes it.
            hide_parameters=True,
            connection_invalidated=gone,
            dialect=connection.dialect,
        )
        if gone:
            # The pool must not lend it again.
            connection.invalidate(error)
        return told

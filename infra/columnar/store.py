"""A columnar store of facts to be counted: questions with bound parameters in, rows out. Knows no rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Row = dict[str, Any]
Columns = Mapping[str, Sequence[Any]]
NONE: Mapping[str, Any] = {}


class ColumnarError(Exception):
    """What a columnar store refuses or fails at."""


class ColumnarAwayError(ColumnarError):
    """The store does not answer, or stopped while it worked on an answer."""


class ColumnarBusyError(ColumnarError):
    """As many questions are being answered as may be; this one waited its time."""


class ColumnarLimitError(ColumnarError):
    """A question took more time or memory than it may, or its answer is too long."""


class ColumnarQueryError(ColumnarError):
    """The store can't make sense of a statement or of what it was given: a bug of ours."""


class Store(Protocol):
    """Whatever runs ClickHouse's SQL: an engine in this process, one behind a socket, or a cluster.

    Statements name parameters as `{name:Type}`, and the engine itself binds them: no value is ever pasted
    into a statement. Every call raises a `ColumnarError` where it has no answer.
    """

    def query(
        self, sql: str, parameters: Mapping[str, Any] = NONE, *, seconds_max: float | None = None
    ) -> list[Row]:
        """Return rows by column name; dates and times as such, decimals as strings.

        Nothing can be changed by a query. It is ended after `seconds_max`, or after the store's own limit.
        """

    def insert(self, table: str, columns: Columns) -> int:
        """Add rows, given column by column, all of one length; return how many."""

    def parquet(self, sql: str, parameters: Mapping[str, Any] = NONE) -> bytes:
        """Return a query's answer as a Parquet file."""

    def command(self, sql: str, parameters: Mapping[str, Any] = NONE) -> None:
        """Do what changes the store: definitions, deletions, `INSERT … SELECT`."""

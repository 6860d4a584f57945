"""A columnar store of one's own: a ClickHouse server or cluster behind its HTTP interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from clickhouse_connect import get_client
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from infra.columnar.formats import as_json_columns, decoded, error_of, limits_of
from infra.columnar.store import NONE, ColumnarAwayError, ColumnarError, Columns, Row

CONNECT_SECONDS: Final = 5
QUESTION_SECONDS: Final = 30.0
COMMAND_SECONDS: Final = 3600
# Shards hold whole shoppers: what a question joins or looks up by shopper or receipt lies where the row lies.
_SETTINGS: Final = {"distributed_product_mode": "local", "do_not_merge_across_partitions_select_final": 1}
# A definition or deletion is done on every machine, and what is written is on its shard, once it is answered.
_WRITING: Final = {"mutations_sync": 2, "lightweight_deletes_sync": 2, "distributed_foreground_insert": 1}


@dataclass(frozen=True, slots=True)
class ClickHouseStore:
    """A database of a server; for a cluster, of any of its machines."""

    client: Client

    @classmethod
    def at(cls, url: str) -> ClickHouseStore:
        """Connect to `clickhouse://user:password@host:port/database?cluster=NAME&secure=1`.

        Raises:
            ColumnarAwayError: Nobody answers there, or not to this user.
        """
        parts = urlsplit(url)
        secure = parse_qs(parts.query).get("secure", ["0"])[0] in {"1", "true"}
        try:
            client = get_client(
                host=parts.hostname or "localhost",
                port=parts.port or (8443 if secure else 8123),
                username=unquote(parts.username or "default"),
                password=unquote(parts.password or ""),
                database=unquote(parts.path.strip("/")) or "default",
                secure=secure,
                connect_timeout=CONNECT_SECONDS,
                send_receive_timeout=COMMAND_SECONDS,
                # Questions of several threads at once: none has a session.
                autogenerate_session_id=False,
            )
        except (ClickHouseError, OSError) as error:
            raise ColumnarAwayError("ClickHouse does not answer") from error
        return cls(client)

    def query(
        self, sql: str, parameters: Mapping[str, Any] = NONE, *, seconds_max: float | None = None
    ) -> list[Row]:
        """As `Store.query`."""
        seconds = min(seconds_max or QUESTION_SECONDS, QUESTION_SECONDS)
        settings = _SETTINGS | {
            "readonly": 2,
            "max_execution_time": seconds,
            "output_format_json_quote_64bit_integers": 0,
        }
        try:
            answer = self.client.raw_query(sql, dict(parameters), settings=settings, fmt="JSONCompact")
        except (ClickHouseError, OSError) as error:
            raise _error(error) from error
        return decoded(answer)

    def parquet(self, sql: str, parameters: Mapping[str, Any] = NONE) -> bytes:
        """As `Store.parquet`."""
        try:
            return self.client.raw_query(sql, dict(parameters), settings=dict(_SETTINGS), fmt="Parquet")
        except (ClickHouseError, OSError) as error:
            raise _error(error) from error

    def insert(self, table: str, columns: Columns) -> int:
        """As `Store.insert`."""
        content = as_json_columns(columns)
        try:
            self.client.raw_insert(table, list(columns), content, settings=dict(_WRITING), fmt="JSONColumns")
        except (ClickHouseError, OSError) as error:
            raise _error(error) from error
        return len(next(iter(columns.values())))

    def command(self, sql: str, parameters: Mapping[str, Any] = NONE) -> None:
        """As `Store.command`."""
        try:
            self.client.command(sql, dict(parameters), settings=_SETTINGS | _WRITING)
        except (ClickHouseError, OSError) as error:
            raise _error(error) from error


def _error(error: Exception) -> ColumnarError:
    words = str(error)
    # Without a code of ClickHouse's it was never asked.
    return (
        error_of(words) if limits_of(words) is not None else ColumnarAwayError("ClickHouse does not answer")
    )

"""A columnar store behind a socket of this machine: `quetbill insight` has it open."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from infra.columnar import wire
from infra.columnar.formats import as_json_columns, decoded, rendered
from infra.columnar.store import NONE, ColumnarAwayError, ColumnarQueryError, Columns, Row

CONNECT_SECONDS: Final = 2.0
# Above what a question may take itself, for its turn and its way.
QUESTION_SECONDS: Final = 60.0
# Deletions and builds of months are waited for.
COMMAND_SECONDS: Final = 3600.0
IDLE_MAX: Final = 16


@dataclass
class SocketStore:
    """Asks over connections that are kept; threads may share it, and a forked child makes its own."""

    address: Path
    database: str = "default"
    _idle: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pid: int = field(default_factory=os.getpid)

    def query(
        self, sql: str, parameters: Mapping[str, Any] = NONE, *, seconds_max: float | None = None
    ) -> list[Row]:
        """As `Store.query`."""
        asked = {"do": "query", "sql": sql, "parameters": rendered(parameters), "seconds_max": seconds_max}
        return decoded(self._ask(asked, b"", (seconds_max or 0.0) + QUESTION_SECONDS))

    def parquet(self, sql: str, parameters: Mapping[str, Any] = NONE) -> bytes:
        """As `Store.parquet`."""
        asked = {"do": "query", "sql": sql, "parameters": rendered(parameters), "form": "Parquet"}
        return self._ask(asked, b"", QUESTION_SECONDS)

    def insert(self, table: str, columns: Columns) -> int:
        """As `Store.insert`."""
        content = as_json_columns(columns).encode()
        self._ask({"do": "insert", "table": table, "columns": list(columns)}, content, COMMAND_SECONDS)
        return len(next(iter(columns.values())))

    def command(self, sql: str, parameters: Mapping[str, Any] = NONE) -> None:
        """As `Store.command`."""
        self._ask({"do": "command", "sql": sql, "parameters": rendered(parameters)}, b"", COMMAND_SECONDS)

    def _ask(self, asked: wire.Header, body: bytes, seconds: float) -> bytes:
        try:
            connection = self._connection()
        except OSError as error:
            raise ColumnarAwayError("nobody answers at the insight socket") from error
        try:
            connection.settimeout(seconds)
            wire.send(connection, asked | {"database": self.database}, body)
            message = wire.receive(connection)
        except wire.WireError as error:
            connection.close()
            raise ColumnarQueryError("a question or an answer is too long") from error
        except OSError as error:
            connection.close()
            raise ColumnarAwayError("the insight process went away") from error
        if message is None:
            connection.close()
            raise ColumnarAwayError("the insight process went away")
        self._keep(connection)
        told, answer = message
        if not told.get("ok"):
            raise wire.FAULTS.get(str(told.get("code")), ColumnarQueryError)(str(told.get("words", "")))
        return answer

    def _connection(self) -> socket.socket:
        with self._lock:
            if self._pid != os.getpid():
                # Those are the parent's: two who talk on one would read each other's answers.
                self._idle, self._pid = [], os.getpid()
            while self._idle:
                kept = self._idle.pop()
                # Nothing is to come on a quiet connection but its end.
                if not select.select([kept], [], [], 0)[0]:
                    return kept
                kept.close()
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(CONNECT_SECONDS)
        try:
            made.connect(str(self.address))
        except OSError:
            made.close()
            raise
        return made

    def _keep(self, connection: socket.socket) -> None:
        with self._lock:
            if self._pid == os.getpid() and len(self._idle) < IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """End the connections that are kept."""
        with self._lock:
            for kept in self._idle:
                with suppress(OSError):
                    kept.close()
            self._idle = []

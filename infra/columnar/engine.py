"""The engine in this process: one folder, several questions at a time, limits on each."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any, Final

from infra.columnar import chdb_library
from infra.columnar.formats import as_json_columns, decoded, error_of, inserting, rendered
from infra.columnar.kept_answers import KeptAnswers
from infra.columnar.store import NONE, ColumnarBusyError, Columns, Row

MEMORY: Final = ":memory:"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may take. Bytes are of the whole process and of one question."""

    process_bytes: int = 1_400_000_000
    query_bytes: int = 900_000_000
    query_seconds: float = 30.0
    at_once: int = 4
    wait_seconds: float = 10.0
    threads: int = 2
    answer_rows: int = 1_000_000


@dataclass
class Engine:
    """One folder's engine, and sessions for so many questions at once. Closed by `close`.

    Raises:
        ColumnarQueryError: The folder is another process's, or can't be opened.
    """

    folder: Path | None
    limits: Limits = field(default_factory=Limits)
    # Tables that are read by their own names only: a row more in one changes no other answer.
    apart: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        address = str(self.folder) if self.folder else MEMORY
        caches = "mark_cache_size=100000000&index_mark_cache_size=20000000&primary_index_cache_size=200000000"
        self._address = f"{address}?max_server_memory_usage={self.limits.process_bytes}&{caches}"
        self._numbers = itertools.count()
        self._kept = KeptAnswers()
        self._idle: LifoQueue[chdb_library.Connection] = LifoQueue()
        self._left = threading.BoundedSemaphore(self.limits.at_once)
        # Work that changes the store waits for work, never for questions; stopping a question for nobody.
        self._writing = threading.Lock()
        self._stopping = threading.Lock()
        try:
            self._writer, self._stopper = (self._session(readonly=False) for _ in range(2))
        except RuntimeError as error:
            raise error_of(str(error)) from error

    def _session(self, *, readonly: bool) -> chdb_library.Connection:
        made = chdb_library.connect(self._address)
        for name, value in {
            "max_threads": self.limits.threads,
            # With little memory left the engine would take one thread: half the speed, for what it may hold.
            "max_threads_min_free_memory_per_thread": 0,
            "max_memory_usage": self.limits.query_bytes,
            # One part of a union after another: all at once would each hold their groups in memory.
            "max_streams_for_union_step_to_max_threads_ratio": 1,
            "do_not_merge_across_partitions_select_final": 1,
            # What a statement reads twice is the same both times, whatever is written meanwhile.
            "enable_shared_storage_snapshot_in_query": 1,
            "output_format_json_quote_64bit_integers": 0,
            "input_format_skip_unknown_fields": 0,
            "session_timezone": "'Asia/Ho_Chi_Minh'",
            "date_time_input_format": "'best_effort'",
            "max_result_rows": self.limits.answer_rows if readonly else 0,
            "mutations_sync": 2,
            "lightweight_deletes_sync": 2,
        }.items():
            made.query(f"SET {name}={value}", "CSV", params={})
        if readonly:
            made.query("SET readonly=2", "CSV", params={})
        return made

    @contextmanager
    def _turn(self) -> Generator[chdb_library.Connection]:
        if not self._left.acquire(timeout=self.limits.wait_seconds):
            raise ColumnarBusyError("as many questions as may be are being answered")
        try:
            try:
                session = self._idle.get_nowait()
            except Empty:
                session = self._session(readonly=True)
            try:
                yield session
            finally:
                self._idle.put(session)
        finally:
            self._left.release()

    def query(
        self,
        database: str,
        sql: str,
        parameters: Mapping[str, str],
        seconds_max: float | None = None,
        began: Callable[[str], None] | None = None,
        form: str = "JSONCompact",
    ) -> bytes:
        """Return the answer in a format. `began` is told under which name it can be stopped."""
        question = (database, sql, form, *sorted(parameters.items()))
        kept, moment = self._kept.get(question)
        if kept is not None:
            return kept
        answer = self._ask(database, sql, parameters, seconds_max, began, form)
        # What the engine tells of itself changes though nobody writes.
        if not any(name in sql for name in ("system.", *self.apart)):
            self._kept.keep(question, answer, moment)
        return answer

    def _ask(
        self,
        database: str,
        sql: str,
        parameters: Mapping[str, str],
        seconds_max: float | None,
        began: Callable[[str], None] | None,
        form: str,
    ) -> bytes:
        seconds = min(seconds_max or self.limits.query_seconds, self.limits.query_seconds)
        name = f"/* question {next(self._numbers)} */"
        with self._turn() as session:
            if began is not None:
                began(name)
            try:
                session.query(f"USE {database}", "CSV", params={})
                session.query(f"SET max_execution_time={seconds}", "CSV", params={})
                return session.query(f"{name} {sql}", form, params=dict(parameters)).bytes()
            except RuntimeError as error:
                raise error_of(str(error)) from error

    def stop(self, name: str) -> None:
        """End a question that nobody waits for any more."""
        with self._stopping:
            self._stopper.query(
                "KILL QUERY WHERE startsWith(query, {name:String}) ASYNC", "CSV", params={"name": name}
            )

    def command(self, database: str, sql: str, parameters: Mapping[str, str]) -> None:
        """Run a statement that changes the store, after those before it."""
        with self._writing:
            # Before and after: what is asked meanwhile may see all of it, or nothing.
            forget = self._kept.forget if self._changes_answers(sql) else lambda: None
            forget()
            try:
                self._writer.query(f"USE {database}", "CSV", params={})
                self._writer.query(sql, "CSV", params=dict(parameters))
            except RuntimeError as error:
                raise error_of(str(error)) from error
            finally:
                forget()

    def _changes_answers(self, sql: str) -> bool:
        return not sql.startswith(tuple(f"INSERT INTO {name} " for name in self.apart))

    def close(self) -> None:
        """End every session; the folder is another's from then on."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
        self._writer.close()
        self._stopper.close()


@dataclass(frozen=True, slots=True)
class EmbeddedStore:
    """A database of an engine in this process."""

    engine: Engine
    database: str = "default"

    def query(
        self, sql: str, parameters: Mapping[str, Any] = NONE, *, seconds_max: float | None = None
    ) -> list[Row]:
        """As `Store.query`."""
        return decoded(self.engine.query(self.database, sql, rendered(parameters), seconds_max))

    def parquet(self, sql: str, parameters: Mapping[str, Any] = NONE) -> bytes:
        """As `Store.parquet`."""
        return self.engine.query(self.database, sql, rendered(parameters), form="Parquet")

    def insert(self, table: str, columns: Columns) -> int:
        """As `Store.insert`."""
        content = as_json_columns(columns)
        self.engine.command(self.database, inserting(table, columns) + content, {})
        return len(next(iter(columns.values())))

    def command(self, sql: str, parameters: Mapping[str, Any] = NONE) -> None:
        """As `Store.command`."""
        self.engine.command(self.database, sql, rendered(parameters))

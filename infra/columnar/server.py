"""Answers questions over a socket of this machine: the one process that has the engine's folder open."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from infra.columnar import wire
from infra.columnar.engine import Engine
from infra.columnar.formats import inserting
from infra.columnar.store import ColumnarError

CONNECTIONS_MAX: Final = 200
# A message that was begun is over by then.
MESSAGE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.2
_CODES: Final = {kind: code for code, kind in wire.FAULTS.items()}
_log = structlog.get_logger()


@dataclass
class Server:
    """Listens on a socket that only this user may open, until `stop`."""

    engine: Engine
    address: Path
    _listener: socket.socket = field(init=False)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _talking: dict[int, socket.socket] = field(default_factory=dict)
    # Of what is being answered: who waits for it.
    _asked: dict[str, socket.socket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def listen(self) -> None:
        """Take the address; who comes from now on is answered once `run` runs."""
        self.address.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.address.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.address))
        self.address.chmod(0o600)
        self._listener.listen(CONNECTIONS_MAX)
        self._listener.settimeout(LOOK_SECONDS)

    def run(self) -> None:
        """Take connections until told to stop."""
        threading.Thread(target=self._watch, daemon=True).start()
        while not self._stopped.is_set():
            try:
                opened, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                break
            with self._lock:
                if len(self._talking) >= CONNECTIONS_MAX:
                    opened.close()
                    continue
                self._talking[id(opened)] = opened
            threading.Thread(target=self._talk, args=(opened,), daemon=True).start()

    def stop(self, seconds: float) -> None:
        """Take nobody new, give what is being answered so long, and end the rest."""
        self._stopped.set()
        self._listener.close()
        self.address.unlink(missing_ok=True)
        end = time.monotonic() + seconds
        while self._asked and time.monotonic() < end:
            time.sleep(LOOK_SECONDS / 4)
        for name in list(self._asked):
            self._end(name)
        with self._lock:
            for opened in self._talking.values():
                with suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)

    def _talk(self, opened: socket.socket) -> None:
        try:
            while not self._stopped.is_set():
                # A connection may be quiet for as long as it likes; a message may not.
                opened.settimeout(None)
                if not select.select([opened], [], [], None)[0]:
                    continue
                opened.settimeout(MESSAGE_SECONDS)
                message = wire.receive(opened)
                if message is None:
                    break
                self._answer(opened, *message)
        except (OSError, wire.WireError, ValueError) as error:
            _log.info("insight_connection_ended", error=type(error).__name__)
        finally:
            with self._lock:
                self._talking.pop(id(opened), None)
            opened.close()

    def _answer(self, opened: socket.socket, asked: wire.Header, body: bytes) -> None:
        began = time.monotonic()
        work = self._work(opened, asked, body)
        try:
            answer = work()
            wire.send(opened, {"ok": True}, answer)
        except ColumnarError as error:
            code = _CODES.get(type(error), "query")
            wire.send(opened, {"ok": False, "code": code, "words": str(error)})
            _log.warning("insight_refused", code=code, seconds=round(time.monotonic() - began, 3))
        except wire.WireError:
            wire.send(opened, {"ok": False, "code": "limit", "words": "the answer is too long"})

    def _work(self, opened: socket.socket, asked: wire.Header, body: bytes) -> Callable[[], bytes]:
        try:
            database, kind = str(asked["database"]), asked["do"]
            if kind == "query":
                sql, given, seconds = str(asked["sql"]), _texts(asked["parameters"]), asked.get("seconds_max")
                limit = float(seconds) if seconds is not None else None
                form = "Parquet" if asked.get("form") == "Parquet" else "JSONCompact"
                return lambda: self._query(
                    opened, lambda began: self.engine.query(database, sql, given, limit, began, form)
                )
            if kind == "insert":
                columns = {str(name): () for name in asked["columns"]}
                statement = inserting(str(asked["table"]), columns) + body.decode()
                return lambda: self._command(database, statement, {})
            if kind == "command":
                sql, given = str(asked["sql"]), _texts(asked["parameters"])
                return lambda: self._command(database, sql, given)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise wire.WireError("no question of ours") from error
        raise wire.WireError("no question of ours")

    def _query(self, opened: socket.socket, ask: Callable[[Callable[[str], None]], bytes]) -> bytes:
        names: list[str] = []

        def began(name: str) -> None:
            names.append(name)
            self._asked[name] = opened

        try:
            return ask(began)
        finally:
            for name in names:
                self._asked.pop(name, None)

    def _command(self, database: str, sql: str, given: dict[str, str]) -> bytes:
        self.engine.command(database, sql, given)
        return b""

    def _watch(self) -> None:
        """End questions whose askers have gone: nobody would read the answer."""
        while not self._stopped.wait(LOOK_SECONDS):
            for name, opened in list(self._asked.items()):
                if _has_gone(opened):
                    self._end(name)

    def _end(self, name: str) -> None:
        try:
            self.engine.stop(name)
        except (ColumnarError, RuntimeError) as error:
            _log.warning("insight_question_not_ended", error=type(error).__name__)


def _texts(given: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in given.items()}


def _has_gone(opened: socket.socket) -> bool:
    try:
        poll = select.poll()
        poll.register(opened, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True

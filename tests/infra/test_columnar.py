"""The columnar store by each of its ways: in process, by a socket, by ClickHouse's HTTP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.insights.store.tables import Layout, make_tables
from infra.columnar import wire
from infra.columnar.client import SocketStore
from infra.columnar.cluster import ClickHouseStore
from infra.columnar.engine import EmbeddedStore
from infra.columnar.server import Server
from infra.columnar.store import (
    ColumnarAwayError,
    ColumnarError,
    ColumnarLimitError,
    ColumnarQueryError,
    Store,
)
from tests.make.columnar import drop, engine, new_database

AWKWARD = "it's \\ a 'name'\n\t\0 {x:String} ế"
FOREVER = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    made = Server(engine(), tmp_path_factory.mktemp("s") / "socket")
    made.listen()
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop(0)
    thread.join()


class ClickHouse(BaseHTTPRequestHandler):
    """ClickHouse's HTTP interface as far as its client uses it, with the real engine behind it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        statement = f"{asked['query']}\n{body}" if "query" in asked else body
        given = {name[6:]: value for name, value in asked.items() if name.startswith("param_")}
        form = asked.get("default_format", "TabSeparated")
        session = engine()._session(readonly=asked.get("readonly") == "2")
        try:
            session.query(f"USE {asked.get('database', 'default')}", "CSV", params={})
            if "max_execution_time" in asked:
                session.query(f"SET max_execution_time={asked['max_execution_time']}", "CSV", params={})
            content, status = session.query(statement, form, params=given).bytes(), 200
        except RuntimeError as error:
            content, status = str(error).encode(), 500
        finally:
            session.close()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        if status == 500:
            code = content.decode().partition("Code: ")[2].partition(".")[0]
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture(scope="module")
def clickhouse() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), ClickHouse) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"clickhouse://someone:secret@127.0.0.1:{listening.server_port}"
        listening.shutdown()


@pytest.fixture(params=["in process", "socket", "clickhouse"])
def store(request: pytest.FixtureRequest) -> Generator[Store]:
    made = new_database()
    if request.param == "socket":
        yield (client := SocketStore(request.getfixturevalue("server").address, made.database))
        client.close()
    elif request.param == "clickhouse":
        yield ClickHouseStore.at(f"{request.getfixturevalue('clickhouse')}/{made.database}")
    else:
        yield made
    drop(made)


def test_what_goes_in_comes_out_and_values_are_never_statements(store: Store) -> None:
    store.command(
        "CREATE TABLE t (n UInt64, name LowCardinality(String), day Date, x Float64) ENGINE = Memory"
    )
    rows = {"n": [2**64 - 1, 1], "name": [AWKWARD, ""], "day": [date(2026, 1, 2)] * 2, "x": [0.5, -1]}
    assert store.insert("t", rows) == 2
    found = store.query(
        "SELECT * FROM t WHERE name = {name:String} AND day IN {days:Array(Date)} AND n IN {ns:Array(UInt64)}"
        " AND name IN {names:Array(String)}",
        {"name": AWKWARD, "days": [date(2026, 1, 2)], "ns": [2**64 - 1, 7], "names": ["a", AWKWARD]},
    )
    assert found == [{"n": 2**64 - 1, "name": AWKWARD, "day": date(2026, 1, 2), "x": 0.5}]
    assert store.query("SELECT count() AS n FROM t WHERE name = {x:String}", {"x": "' OR 1 = 1 --"}) == [
        {"n": 0}
    ]
    assert store.parquet("SELECT * FROM t")[:4] == b"PAR1"


def test_a_question_changes_nothing_and_has_a_limit(store: Store) -> None:
    store.command("CREATE TABLE t (n UInt64) ENGINE = Memory")
    for statement in ("INSERT INTO t VALUES (1)", "DROP TABLE t", "CREATE TABLE u (n UInt8) ENGINE = Memory"):
        with pytest.raises(ColumnarQueryError):
            store.query(statement)
    with pytest.raises(ColumnarLimitError):
        store.query(FOREVER, seconds_max=0.2)
    with pytest.raises(ColumnarQueryError):
        store.query("SELECT nothing")
    assert store.query("SELECT count() AS n FROM t") == [{"n": 0}]


def test_tables_can_be_made_again(store: Store) -> None:
    for _ in range(2):
        make_tables(store, Layout())
    assert store.query("SELECT count() AS n FROM purchase") == [{"n": 0}]


def test_a_clusters_definitions_can_be_parsed() -> None:
    statements = Layout("quetbill").statements()
    store = EmbeddedStore(engine())
    for statement in statements:
        assert store.query(f"EXPLAIN AST {statement}")
    assert (
        sum("Distributed('quetbill', currentDatabase(), 'purchase_rows_local'" in one for one in statements)
        == 1
    )
    assert not [one for one in statements if " ON CLUSTER 'quetbill'" not in one]


def test_a_question_that_nobody_waits_for_is_ended(server: Server) -> None:
    asker = SocketStore(server.address)._connection()
    asked = {"do": "query", "sql": FOREVER, "parameters": {}, "database": "default", "seconds_max": 20}
    wire.send(asker, asked)
    _until(lambda: bool(server._asked))
    asker.close()
    _until(lambda: not server._asked)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff\x00\x00\x00\x00",
        b"\x00\x00\x00\x02\x00\x00\x00\x00[]",
        b'\x00\x00\x00\x0d\x00\x00\x00\x00{"do":"fall"}',
        b"\x00\x00\x00\x09\x00\x00\x00\x00{",
    ],
)
def test_what_is_no_question_ends_the_conversation_and_no_other(server: Server, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(5)
        stranger.connect(str(server.address))
        stranger.sendall(sent)
        stranger.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            assert stranger.recv(10) == b""
    client = SocketStore(server.address)
    assert client.query("SELECT 1 AS n") == [{"n": 1}]
    client.close()


def test_only_its_user_may_open_the_socket(server: Server) -> None:
    assert server.address.stat().st_mode & 0o077 == 0


def test_a_store_that_is_away_is_told_from_one_that_refuses(tmp_path: Path) -> None:
    with pytest.raises(ColumnarAwayError):
        SocketStore(tmp_path / "nobody").query("SELECT 1")
    with pytest.raises(ColumnarAwayError):
        ClickHouseStore.at("clickhouse://127.0.0.1:1")
    stopped = Server(engine(), tmp_path / "socket")
    stopped.listen()
    thread = threading.Thread(target=stopped.run)
    thread.start()
    client = SocketStore(stopped.address)
    assert client.query("SELECT 1 AS n") == [{"n": 1}]
    asking: list[ColumnarError] = []

    def ask() -> None:
        with pytest.raises(ColumnarError) as caught:
            client.query(FOREVER, seconds_max=20)
        asking.append(caught.value)

    waiting = threading.Thread(target=ask)
    waiting.start()
    _until(lambda: bool(stopped._asked))
    stopped.stop(0)
    waiting.join()
    thread.join()
    assert isinstance(asking[0], ColumnarAwayError | ColumnarLimitError)
    with pytest.raises(ColumnarAwayError):
        client.query("SELECT 1")


def _until(true: Any) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)

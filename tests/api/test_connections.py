"""No connection is held for ever: half a header, a slow body, a reader that stands still, a stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import uvicorn

from infra.connections import Server, TimedProtocol, stopping
from infra.settings import settings

HEAD = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"


async def small_app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Reads a body; streams for ever at /stream."""
    assert scope["type"] == "http"
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        async for chunk in chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def chunks() -> AsyncGenerator[bytes]:
    while not stopping.is_set():
        yield b"x" * 200_000
        await asyncio.sleep(0.01)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    """A server with limits of a second or two."""
    for name in ("HEADER_SECONDS_MAX", "BODY_SECONDS_MIN", "READER_SECONDS_MAX"):
        monkeypatch.setenv(f"QUETBILL_{name}", "1")
    monkeypatch.setenv("QUETBILL_CONNECTIONS_MAX", "5")
    settings.cache_clear()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(
        small_app,  # type: ignore[arg-type]
        http=TimedProtocol,
        lifespan="off",
        host="127.0.0.1",
        port=port,
        log_config=None,
        timeout_graceful_shutdown=3,
    )
    made = Server(config)
    thread = threading.Thread(target=made.run)
    thread.start()
    while not made.started:
        time.sleep(0.01)
    yield made
    made.should_exit = True
    stopping.set()
    thread.join(10)
    stopping.clear()
    monkeypatch.undo()
    settings.cache_clear()


Connect = Callable[[], socket.socket]


@pytest.fixture
def connect(server: Server) -> Generator[Connect]:
    """Opens connections to the server, which end with the test."""
    with ExitStack() as opened:
        address = (server.config.host, server.config.port)
        yield lambda: opened.enter_context(socket.create_connection(address, timeout=8))


def seconds_until_ended(opened: socket.socket) -> float:
    """How long the other end keeps the connection open; fails past the socket's own patience."""
    started = time.monotonic()
    try:
        while opened.recv(65536):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - started


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost:", HEAD % b""])
def test_headers_that_never_end_are_not_waited_for(connect: Connect, sent: bytes) -> None:
    opened = connect()
    opened.sendall(sent)
    assert seconds_until_ended(opened) < 4


def test_half_a_second_request_is_not_waited_for_either(connect: Connect) -> None:
    opened = connect()
    opened.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"204" in opened.recv(1000)
    opened.sendall(b"GET / HTTP/1.1\r\nHost")
    assert seconds_until_ended(opened) < 4


def test_a_body_that_trickles_is_ended(connect: Connect) -> None:
    opened = connect()
    opened.sendall(HEAD % b"" + b"\r\n")
    started = time.monotonic()
    with suppress(ConnectionError):
        while time.monotonic() - started < 8:
            opened.sendall(b"x")
            time.sleep(0.1)
    assert time.monotonic() - started < 5


def test_a_body_that_comes_at_a_phone_s_pace_is_taken(connect: Connect) -> None:
    opened = connect()
    opened.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
    for _ in range(30):
        opened.sendall(b"x" * 2000)
        time.sleep(0.1)
    assert b"204" in opened.recv(1000)


def test_a_reader_that_stands_still_is_ended(server: Server, connect: Connect) -> None:
    opened = connect()
    opened.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(4)
    assert not [one for one in server.server_state.connections if not one.transport.is_closing()]  # type: ignore[union-attr]


def test_more_connections_than_can_be_carried_are_ended_and_the_others_served(connect: Connect) -> None:
    held = [connect() for _ in range(5)]
    late = connect()
    assert seconds_until_ended(late) < 1
    held[0].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"204" in held[0].recv(1000)


def test_a_stop_ends_what_streams_and_what_never_ends(server: Server, connect: Connect) -> None:
    streaming, slow = connect(), connect()
    streaming.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    slow.sendall(HEAD % b"" + b"\r\nx")
    reading = threading.Thread(target=seconds_until_ended, args=(streaming,))
    reading.start()
    time.sleep(0.3)
    started = time.monotonic()
    server.handle_exit(signal.SIGTERM, None)
    while server.server_state.tasks and time.monotonic() - started < 10:
        time.sleep(0.05)
    assert time.monotonic() - started < 6
    reading.join(5)
    assert not reading.is_alive()

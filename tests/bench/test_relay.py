"""What passes over a wire of a benchmark's own comes whole, in order, and no sooner than the wire is long."""

from __future__ import annotations

import asyncio

from bench.relay import relay
from infra.processes import LOOPBACK, free_port

DELAY_SECONDS = 0.02
SENT = bytes(range(256)) * 4096


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
    writer.close()


async def sent_over_a_wire() -> tuple[bytes, float]:
    service, port = await asyncio.start_server(echo, LOOPBACK, 0), free_port()
    wire = await relay(LOOPBACK, port, str(service.sockets[0].getsockname()[1]), DELAY_SECONDS)
    async with service, wire:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        started = asyncio.get_running_loop().time()
        writer.write(SENT)
        came = await reader.readexactly(len(SENT))
        took = asyncio.get_running_loop().time() - started
        writer.write_eof()
        assert await reader.read() == b"", "one side's end is the other's"
        writer.close()
    return came, took


def test_what_is_sent_comes_back_whole_and_after_both_ways() -> None:
    came, took = asyncio.run(asyncio.wait_for(sent_over_a_wire(), timeout=20))
    assert came == SENT
    assert took >= 2 * DELAY_SECONDS


async def sent_to_nobody() -> bytes:
    port = free_port()
    async with await relay(LOOPBACK, port, str(free_port()), DELAY_SECONDS):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        came = await reader.read()
        writer.close()
    return came


def test_a_service_that_is_away_ends_who_asks_for_it() -> None:
    assert asyncio.run(asyncio.wait_for(sent_to_nobody(), timeout=20)) == b""

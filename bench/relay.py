"""A wire of a chosen length: what comes in at an address goes on to a service, and back, so much later.

Kernels may lack a delay of their own, and what it costs to delay is not to be any worker's cost: each relay
is a process. Started as `python -m bench.relay HOST DELAY_MS PORT=TARGET...`, a target being a port of the
loopback address or the path of a Unix socket.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from infra.processes import LOOPBACK

CHUNK_BYTES: Final = 65_536
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def relay(host: str, port: int, target: str, delay_seconds: float) -> asyncio.Server:
    """Listen on a host's port and pass everything on to the target, `delay_seconds` later each way."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other_writer = await _reach(target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            _carry(reader, other_writer, delay_seconds), _carry(other_reader, writer, delay_seconds)
        )

    return await asyncio.start_server(serve, host, port)


async def _reach(target: str) -> Streams:
    if target.startswith("/"):
        return await asyncio.open_unix_connection(target)
    return await asyncio.open_connection(LOOPBACK, int(target))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_seconds: float) -> None:
    """Pass on what comes, each piece so long after it came: pieces on the way don't wait for each other."""
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    now = asyncio.get_running_loop().time

    async def deliver() -> None:
        while (piece := await on_the_way.get())[1]:
            await asyncio.sleep(piece[0] - now())
            writer.write(piece[1])
            await writer.drain()

    async def take() -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK_BYTES):
                on_the_way.put_nowait((now() + delay_seconds, chunk))
        on_the_way.put_nowait((0.0, b""))

    with suppress(ConnectionError):
        await asyncio.gather(take(), deliver())
    writer.close()


async def _run(host: str, delay_seconds: float, routes: dict[int, str]) -> None:
    servers = [await relay(host, port, target, delay_seconds) for port, target in routes.items()]
    forever: Callable[[], Awaitable[None]] = asyncio.Event().wait  # type: ignore[assignment]
    try:
        await forever()
    finally:
        for server in servers:
            server.close()


def main() -> None:
    """Relay until stopped."""
    host, delay_ms, *named = sys.argv[1:]
    routes = {int(port): target for port, _, target in (route.partition("=") for route in named)}
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(host, float(delay_ms) / 1000, routes))


if __name__ == "__main__":
    main()

"""Requests to addresses that others name: to public networks alone, at the very address that was looked at.

Whoever names an address could name one inside our network, or a name that is public when it is checked and
inside a moment later. So names are resolved here, once, and what was resolved is what is connected to.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpcore

from infra import clock
from infra.addresses import Address
from infra.settings import settings

# More of an answer than this is not waited for: nothing in it is used.
ANSWER_BYTES_MAX: Final = 16_000
RETRY_AFTER_SECONDS_MAX: Final = 86_400
# Addresses that stand for others: a translator or a tunnel inside may lead from them to our own network.
_STAND_INS: Final = (ip_network("64:ff9b::/96"), ip_network("2002::/16"))


class OutboundError(Exception):
    """Nothing came of a request; `code` says why: refused_address, timeout, no_connection or cut_short."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """How a receiver answered; `retry_after` is in seconds."""

    status: int
    retry_after: int | None
    body: bytes

    @property
    def is_good(self) -> bool:
        """Say whether it took what was sent: a redirect did not."""
        return 200 <= self.status <= 299  # noqa: PLR2004 - HTTP's own


def is_public(address: Address) -> bool:
    """Say whether an address is one of the open internet, or of a network of ours that settings name."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in _ours(settings().outbound_networks)):
        return True
    if address.is_multicast or address.is_reserved or any(address in network for network in _STAND_INS):
        return False
    return address.is_global


@cache
def _ours(listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip(), strict=False) for part in listed.split(",") if part.strip())


def literal_address(host: str) -> Address | None:
    """Return the address that a host is written as; None where it is a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


class _PublicOnly(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only; TLS still asks for the name, since only the connection is ours."""

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(  # type: ignore[override]
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[tuple[int, int, int]] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, refuse what is not public, and connect to what was resolved."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            # A name that no name server could be asked for is an error of another kind.
            raise httpcore.ConnectError from error
        addresses = [ip_address(str(place[4][0]).partition("%")[0]) for place in found]
        if not addresses or not all(is_public(address) for address in addresses):
            raise OutboundError("refused_address")
        return await self._inner.connect_tcp(
            str(addresses[0]), port, timeout, local_address, list(socket_options or ())
        )

    async def connect_unix_socket(self, *_args: object, **_named: object) -> httpcore.AsyncNetworkStream:
        """Refuse: nobody outside is behind a socket of this machine."""
        raise OutboundError("refused_address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def new_pool() -> httpcore.AsyncConnectionPool:
    """Return connections for one event loop. They follow no redirect and no proxy of the environment."""
    return httpcore.AsyncConnectionPool(
        network_backend=_PublicOnly(), max_keepalive_connections=50, keepalive_expiry=30
    )


async def post(
    pool: httpcore.AsyncConnectionPool, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float
) -> Answer:
    """Send a body and return how it was answered, all within so many seconds.

    Raises:
        OutboundError: There is no whole answer.
    """
    try:
        async with (
            asyncio.timeout(seconds),
            pool.stream("POST", url, headers=list(headers.items()), content=body) as response,
        ):
            read = b""
            async for chunk in response.aiter_stream():
                read += chunk
                if len(read) >= ANSWER_BYTES_MAX:
                    break
            return Answer(response.status, _retry_after(response.headers), read)
    except (TimeoutError, httpcore.TimeoutException) as error:
        raise OutboundError("timeout") from error
    except (httpcore.ReadError, httpcore.RemoteProtocolError) as error:
        raise OutboundError("cut_short") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise OutboundError("no_connection") from error


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """Return the seconds that a receiver asks us to wait, whether it gave a number or a time."""
    given = next(
        (value.decode("latin-1").strip() for name, value in headers if name.lower() == b"retry-after"), ""
    )
    # Other scripts' digits and small ones above the line are digits too, and no numbers of a header.
    if given.isascii() and given.isdigit():
        return min(int(given[:9]), RETRY_AFTER_SECONDS_MAX)
    try:
        at = parsedate_to_datetime(given)
    except ValueError:
        return None
    wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - clock.now()
    return max(0, min(int(wait.total_seconds()), RETRY_AFTER_SECONDS_MAX))
